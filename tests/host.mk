# SPDX-License-Identifier: GPL-2.0-only
# Programs that test sources of the tree on the host: one for each file in TESTS, built below OUT
# where FOLDER says what to take off its path.  The opening comment of a test may name, relative to
# the top of the tree,
#
#     sources: xen/lib/format.c xen/lib/bitmap.c      what it is linked with (or it includes them)
#     flags: -Itests/unit/tools/config -levent        more switches, for compiling and linking
#
# A source is compiled once for each set of switches, not once for each test.  Tests of tools/ see
# the tools' include roots (<base/log.h>, <xen/xen.h> as the public header), all others the
# hypervisor's.  CC, CFLAGS, MAIN (objects of ours for each program) and LDLIBS are the caller's.

WARN := -Wall -Wextra -Wshadow -Werror -Wno-unused-parameter -Wno-missing-field-initializers
TOOLS_CPPFLAGS := -D_GNU_SOURCE -D__XEN_TOOLS__ -I. -Itests/unit -Itools -Itools/libs \
                  -Idist/include -Ixen
XEN_CPPFLAGS   := -D__XEN__ -I. -Itests/unit -Itests/unit/fake -Ixen -Ixen/include \
                  -Ixen/arch/x86/include

# The tools know the public headers as <xen/…>.
$(shell test -e dist/include/xen/xen.h || \
    { mkdir -p dist/include && ln -sfn ../../xen/include/public dist/include/xen; })

PROGRAMS := $(patsubst $(FOLDER)/%.c,$(OUT)/%,$(TESTS))

.PHONY: all list
.SECONDARY:
.DELETE_ON_ERROR:
all: $(PROGRAMS)
list:
	@printf '%s\n' $(PROGRAMS)

# What the opening comments say, as sources-TEST and flags-TEST.
$(OUT)/said.mk: $(TESTS) tests/host.mk
	@mkdir -p $(@D)
	@awk 'FNR > 20 { next } \
	    match($$0, /^ \* (sources|flags): */) { \
	        word = $$2; sub(":", "", word); \
	        print word "-" FILENAME " += " substr($$0, RLENGTH + 1) }' $(TESTS) >$@.new
	@mv $@.new $@
-include $(OUT)/said.mk

comma := ,
empty :=
space := $(empty) $(empty)

# For a test: its sources; whose include roots it sees; what it asks for beyond them when compiling;
# the folder of objects compiled like that.
sources = $(foreach s,$(sources-$(1)),$(if $(findstring *,$(s)),$(sort $(wildcard $(s))),$(s)))
root    = $(if $(findstring tools/,$(1) $(sources-$(1))),tools,xen)
roots   = $(if $(filter tools,$(call root,$(1))),$(TOOLS_CPPFLAGS),$(XEN_CPPFLAGS))
extra   = $(filter-out $(call roots,$(1)) -l%,$(flags-$(1)))
place   = $(OUT)/obj/$(subst =,_,$(subst /,_,$(subst $(space),$(comma),$(strip \
              $(call root,$(1)) $(call extra,$(1))))))
objects = $(foreach s,$(1) $(call sources,$(1)),$(call place,$(1))/$(basename $(s)).o)

define TEST
$(patsubst $(FOLDER)/%.c,$(OUT)/%,$(1)): $(call objects,$(1)) $(MAIN)
	@mkdir -p $$(@D)
	@echo "  TEST    $(1)"
	@$(CC) $(CFLAGS) $$^ $(filter-out -I% -D%,$(flags-$(1))) $(LDLIBS) -o $$@
$(call objects,$(1)): cppflags := $(call roots,$(1)) $(call extra,$(1))
OBJECTS += $(call objects,$(1))
PLACES += $(call place,$(1))
endef
$(foreach t,$(TESTS),$(eval $(call TEST,$(t))))

define COMPILE
$(1)/%.o: %.c tests/host.mk
	@mkdir -p $$(@D)
	@$(CC) $(WARN) $(CFLAGS) $$(cppflags) -MMD -MP -c $$< -o $$@
$(1)/%.o: %.S tests/host.mk
	@mkdir -p $$(@D)
	@$(CC) $(WARN) $(CFLAGS) $$(cppflags) -MMD -MP -c $$< -o $$@
endef
$(foreach p,$(sort $(PLACES)),$(eval $(call COMPILE,$(p))))

-include $(patsubst %.o,%.d,$(sort $(OBJECTS)))
