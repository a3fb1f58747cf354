# SPDX-License-Identifier: GPL-2.0-only
# Switches of the build.  Set them here, in the environment, or on make's command line.

debug   ?= y
verbose ?= n
perfc   ?= n

XENITH_VERSION    := 4.17
XENITH_EXTRA      := .0-xenith
XENITH_FULLVERSION := $(XENITH_VERSION)$(XENITH_EXTRA)

# Make strips nothing behind a value: take the comments' blanks off.
debug   := $(strip $(debug))
verbose := $(strip $(verbose))
perfc   := $(strip $(perfc))

DIST    := $(CURDIR)/dist
CC      := gcc
HOSTCC  := gcc
LD      := ld
OBJCOPY := objcopy
NM      := nm

ifeq ($(verbose),y)
Q :=
else
Q := @
endif
