# SPDX-License-Identifier: GPL-2.0-only
# How the hypervisor is built.  Each folder names its objects in one line of objs.mk; this file
# turns the lines into one image.  Included by the top Makefile.

XEN_OUT  := $(DIST)/xen
XEN_DIRS := . lib common/domain common/memory common/event common/grant common/sched common/sync \
            common/time common/console common/trace common/xsm \
            arch/x86/boot arch/x86/entry arch/x86/cpu arch/x86/irq arch/x86/time arch/x86/trap \
            arch/x86/mm arch/x86/pv arch/x86/emulate arch/x86/guest \
            drivers/console drivers/acpi drivers/pci

define XEN_FOLDER
obj-y :=
include xen/$(1)/objs.mk
XEN_OBJS += $$(addprefix $$(XEN_OUT)/$(1)/,$$(obj-y))
endef
XEN_OBJS :=
$(foreach d,$(XEN_DIRS),$(if $(wildcard xen/$(d)/objs.mk),$(eval $(call XEN_FOLDER,$(d)))))

include xen/lib/archives.mk

XEN_CPPFLAGS := -include xen/include/xen/hidden.h -Ixen/include -Ixen/arch/x86/include -Ixen \
                -I$(XEN_OUT)/include -D__XEN__ -nostdinc \
                -isystem $(shell $(CC) -print-file-name=include)
XEN_CFLAGS := -std=gnu17 -O2 -g -ffreestanding -fno-builtin-free -fPIE -mcmodel=small \
              -fvisibility=hidden -mno-red-zone -mno-sse -mgeneral-regs-only -fno-strict-aliasing \
              -fno-stack-protector -fno-common -fno-asynchronous-unwind-tables -fno-jump-tables \
              -ffunction-sections -fdata-sections -Wall -Wextra -Wshadow -Werror \
              -Wno-unused-parameter -Wno-missing-field-initializers
ifeq ($(debug),y)
XEN_CFLAGS += -fno-omit-frame-pointer
else
XEN_CPPFLAGS += -DNDEBUG
XEN_CFLAGS += -fomit-frame-pointer
endif
ifeq ($(verbose),y)
XEN_CPPFLAGS += -DXEN_VERBOSE
endif
ifeq ($(perfc),y)
XEN_CPPFLAGS += -DXEN_PERFC
endif

XEN_LDFLAGS := -m elf_x86_64 -nostdlib -static --no-dynamic-linker -z max-page-size=0x1000 \
               -z noexecstack --gc-sections --no-warn-rwx-segments
XEN_ASFLAGS = $(filter-out -include xen/include/xen/hidden.h,$(XEN_CPPFLAGS)) -D__ASSEMBLY__

# A change of switches rebuilds everything.
XEN_STAMP := $(XEN_OUT)/.flags
$(shell mkdir -p $(XEN_OUT)/include; \
        echo '$(XEN_CPPFLAGS) $(XEN_CFLAGS)' | cmp -s - $(XEN_STAMP) || \
        echo '$(XEN_CPPFLAGS) $(XEN_CFLAGS)' > $(XEN_STAMP))

$(XEN_OUT)/%.o: xen/%.c $(XEN_OUT)/include/offsets.h $(XEN_OUT)/include/compile.h $(XEN_STAMP)
	@mkdir -p $(@D)
	@echo "  CC      xen/$*.c"
	$(Q)$(CC) $(XEN_CPPFLAGS) $(XEN_CFLAGS) $(XEN_CFLAGS_$(notdir $*)) -MMD -MP -c $< -o $@

$(XEN_OUT)/%.o: xen/%.S $(XEN_OUT)/include/offsets.h $(XEN_STAMP)
	@mkdir -p $(@D)
	@echo "  AS      xen/$*.S"
	$(Q)$(CC) $(XEN_ASFLAGS) -MMD -MP -c $< -o $@

# Structure offsets for assembly are generated, never typed.
$(XEN_OUT)/include/offsets.h: xen/arch/x86/entry/offsets.c $(XEN_STAMP) \
        $(wildcard xen/include/xen/*.h xen/arch/x86/include/*/*.h xen/include/public/*.h)
	@mkdir -p $(@D)
	@echo "  GEN     offsets.h"
	$(Q)$(CC) $(XEN_CPPFLAGS) $(XEN_CFLAGS) -S $< -o $(XEN_OUT)/offsets.s
	$(Q)sed -n 's/^.*@define \([A-Za-z0-9_]*\) [$$]*\(-*[0-9]*\).*$$/#define \1 \2/p' \
	    $(XEN_OUT)/offsets.s > $@.new
	$(Q)cmp -s $@.new $@ && touch $@ || cp $@.new $@

# When the sources were committed, so that the same sources give the same image.
XEN_DATE = $${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)}

$(XEN_OUT)/include/compile.h: Config.mk
	@mkdir -p $(@D)
	$(Q){ echo '#define XEN_VERSION 4'; echo '#define XEN_SUBVERSION 17'; \
	  echo '#define XEN_EXTRAVERSION "$(XENITH_EXTRA)"'; \
	  echo "#define XEN_COMPILER \"$$($(CC) --version | sed -n 1p)\""; \
	  echo "#define XEN_COMPILE_BY \"$$(id -un 2>/dev/null || echo nobody)\""; \
	  echo "#define XEN_COMPILE_DOMAIN \"xenith\""; \
	  echo "#define XEN_COMPILE_DATE \"$$(LC_ALL=C date -u -d @$(XEN_DATE))\""; \
	  echo "#define XEN_CHANGESET \"$$(git rev-parse --short HEAD 2>/dev/null || echo none)\""; } > $@

$(XEN_OUT)/xen.lds: xen/arch/x86/xen.lds.S xen/arch/x86/include/asm/layout.h $(XEN_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(XEN_ASFLAGS) -P -E -x assembler-with-cpp $< -o $@

$(XEN_OUT)/mksymbols: xen/build/mksymbols.c
	$(Q)$(HOSTCC) -std=gnu17 -O2 -Wall -Wextra -Werror $< -o $@
$(XEN_OUT)/mkelf32: xen/build/mkelf32.c
	$(Q)$(HOSTCC) -std=gnu17 -O2 -Wall -Wextra -Werror $< -o $@

XEN_LINK = $(LD) $(XEN_LDFLAGS) -T $(XEN_OUT)/xen.lds $(XEN_OBJS) $(1) \
           --start-group $(ARCHIVES) --end-group -o $(2)

# Linked twice: once to learn the addresses, then with the table of their names.
$(XEN_OUT)/xen-syms: $(XEN_OBJS) $(XEN_OUT)/xen.lds $(XEN_OUT)/mksymbols xen/lib/archives.mk
	@echo "  LD      xen-syms"
	$(Q)echo '' | $(XEN_OUT)/mksymbols > $(XEN_OUT)/symbols0.S
	$(Q)$(CC) -c $(XEN_OUT)/symbols0.S -o $(XEN_OUT)/symbols0.o
	$(Q)$(call XEN_LINK,$(XEN_OUT)/symbols0.o,$(XEN_OUT)/xen-syms.0)
	$(Q)$(NM) -n $(XEN_OUT)/xen-syms.0 | $(XEN_OUT)/mksymbols > $(XEN_OUT)/symbols.S
	$(Q)$(CC) -c $(XEN_OUT)/symbols.S -o $(XEN_OUT)/symbols.o
	$(Q)$(call XEN_LINK,$(XEN_OUT)/symbols.o,$@)

$(DIST)/xen.elf32: $(XEN_OUT)/xen-syms $(XEN_OUT)/mkelf32
	$(Q)$(XEN_OUT)/mkelf32 $< $@

.PHONY: xen
xen: $(DIST)/xen.elf32
	@mkdir -p $(DIST)/install/boot
	$(Q)gzip -n -9 < $(DIST)/xen.elf32 > $(DIST)/install/boot/xen-$(XENITH_FULLVERSION).gz
	$(Q)cp $(XEN_OUT)/xen-syms $(DIST)/install/boot/xen-syms-$(XENITH_FULLVERSION)
	$(Q)ln -sfn xen-syms-$(XENITH_FULLVERSION) $(DIST)/install/boot/xen-syms
	$(Q)for n in xen.gz xen-4.gz xen-$(XENITH_VERSION).gz; do \
	    ln -sfn xen-$(XENITH_FULLVERSION).gz $(DIST)/install/boot/$$n; done
	@printf '  xen.gz  %s bytes\n' "$$(stat -c %s $(DIST)/install/boot/xen-$(XENITH_FULLVERSION).gz)"

-include $(XEN_OBJS:.o=.d)
