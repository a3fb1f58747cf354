# SPDX-License-Identifier: GPL-2.0-only
# Xenith: one Makefile for the world.  `make help` lists the targets.
include Config.mk

.PHONY: world all
all: world
world: xen tools

include xen/rules.mk

.PHONY: dist install check check-quick bench demo docs clean distclean help tools
dist: xen

install: dist
	@test -n "$(DESTDIR)" || { echo "make install: say where with DESTDIR=" >&2; exit 2; }
	mkdir -p "$(DESTDIR)"
	cp -a $(DIST)/install/. "$(DESTDIR)/"

check: dist
	tests/run full
check-quick: dist
	tests/run quick
tools:
	$(MAKE) -C tools
demo:
	build/demo.sh
docs:
	build/docs.py
# Speed is measured on a release build, beside the working one.
bench:
	$(MAKE) xen debug=n DIST=$(CURDIR)/dist/release
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
	@echo "make install DESTDIR=/somewhere"
	@echo "make check        all tests; check-quick: a subset in minutes"
	@echo "make bench        instructions per operation, against Debian's Xen and native Linux"
	@echo "make demo         boots dom0 in QEMU, with the console here"
	@echo "make docs         tables and picture of docs/ from the source; HTML in dist/docs"
	@echo "make clean, distclean"
	@echo "switches (Config.mk): debug=$(debug) verbose=$(verbose) perfc=$(perfc)"
