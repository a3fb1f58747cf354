# SPDX-License-Identifier: GPL-2.0-only
# Xenith: one Makefile for the world.  `make help` lists the targets.
include Config.mk

.PHONY: world all
all: world
world: xen tools

include xen/rules.mk

.PHONY: dist install check check-quick bench bench-tools demo iso deb docs man
.PHONY: clean distclean help tools
# Everything as it is installed, in $(DIST)/install.
dist: xen tools
	$(Q)$(MAKE) -s -C tools install DESTDIR=$(DIST)/install

INSTALLED_DIRS := etc/xen/auto var/lib/xen/save var/lib/xend var/log/xen

install: destdir world man
	mkdir -p "$(DESTDIR)/boot" "$(DESTDIR)/usr/share/man" \
	    $(foreach d,$(INSTALLED_DIRS),"$(DESTDIR)/$(d)")
	cp -a $(DIST)/install/boot/. "$(DESTDIR)/boot/"
	rm -f "$(DESTDIR)/boot/xen-syms"	# GRUB's generator would take this name for a hypervisor
	cp -a $(DIST)/man/. "$(DESTDIR)/usr/share/man/"
	$(MAKE) -C tools install DESTDIR="$(abspath $(DESTDIR))"

.PHONY: destdir
destdir:
	@test -n "$(DESTDIR)" || { echo "make install: say where with DESTDIR=" >&2; exit 2; }

# Manual pages quote the programs' own help.
man: tools
	$(Q)build/man.py $(DIST)
deb:
	packaging/build.sh $(DIST)

# Tests need more of Debian's packages than the build does: they come first.
check: MODE := full
check-quick: MODE := quick
check check-quick:
	build/deps.sh
	$(MAKE) dist
	tests/run $(MODE)
tools:
	$(Q)$(MAKE) --no-print-directory -C tools
demo:
	build/demo.sh
iso:
	build/demo.sh --iso
# The README's picture: what the console showed when the demonstration tried itself.
.PHONY: picture
picture:
	build/demo.sh --batch
	build/screenshot.py "build/demo.sh: dom0's console" <$(DIST)/demo.log >docs/demo.svg
docs:
	build/docs.py
# Speed is measured on a release build, beside the working one.
bench-tools:
	$(MAKE) tools
	$(MAKE) xen debug=n DIST=$(CURDIR)/dist/release
	bench/xenstored.py
	bench/tools.py
bench:
	$(MAKE) xen debug=n DIST=$(CURDIR)/dist/release
	$(MAKE) xen debug=n perfc=y DIST=$(CURDIR)/dist/perfc
	bench/run --hypervisor dist/release/xen.elf32
	bench/sched --hypervisor dist/release/xen.elf32

clean:
	rm -rf $(XEN_OUT) $(DIST)/install $(DIST)/xen.elf32
distclean:
	rm -rf $(DIST)

help:
	@echo "make world        hypervisor and tools"
	@echo "make xen          the hypervisor: dist/install/boot/xen.gz"
	@echo "make tools        libraries, daemons and commands of dom0: dist/tools"
	@echo "make install DESTDIR=/somewhere   the files alone; / is this machine"
	@echo "make deb          Debian packages: dist/deb"
	@echo "make check        all tests; check-quick: a subset in minutes"
	@echo "make bench        instructions per operation, against Debian's Xen and native Linux"
	@echo "make bench-tools  the toolstack and xenstored, against Debian's xl and xenstored"
	@echo "make demo         a Debian with our packages in QEMU, a guest in it; the console here"
	@echo "make iso          the same as an image for a CD, a USB stick and real machines"
	@echo "make picture      docs/demo.svg, from a run of the demo"
	@echo "make docs         tables and picture of docs/ from the source; HTML in dist/docs"
	@echo "make clean, distclean"
	@echo "switches (Config.mk): debug=$(debug) verbose=$(verbose) perfc=$(perfc)"
