/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CLAC and STAC, which processors without SMAP do not know: in the image each is a NOP, and its
 * place is noted.  smap_patch() puts the instructions in before any guest exists.
 */
#ifndef ASM_SMAP_H
#define ASM_SMAP_H

#define SMAP_NOP  0x0f, 0x1f, 0x00
#define SMAP_CLAC 0x0f, 0x01, 0xca
#define SMAP_STAC 0x0f, 0x01, 0xcb

#ifdef __ASSEMBLY__

    .macro SMAP_SITE insn:vararg
881:
    .byte SMAP_NOP
    .pushsection .smap_sites, "a", @progbits
    .long 881b - .
    .byte \insn, 0
    .popsection
    .endm

#define ASM_CLAC SMAP_SITE SMAP_CLAC
#define ASM_STAC SMAP_SITE SMAP_STAC

#else

#include <xen/types.h>

struct smap_site {
    int32_t place;                      /* from here */
    uint8_t insn[4];                    /* three, and a zero */
};

#define SMAP_TEXT_(...) #__VA_ARGS__
#define SMAP_TEXT(...) SMAP_TEXT_(__VA_ARGS__)
#define SMAP_SITE(insn)                                 \
    "881: .byte " SMAP_TEXT(SMAP_NOP) "\n"              \
    ".pushsection .smap_sites, \"a\", @progbits\n"      \
    ".long 881b - .\n"                                  \
    ".byte " SMAP_TEXT(insn) ", 0\n"                    \
    ".popsection\n"

/* Open and close the window for accesses to guest memory. */
static inline void guest_access_begin(void) { asm volatile(SMAP_SITE(SMAP_STAC) ::: "memory"); }
static inline void guest_access_end(void) { asm volatile(SMAP_SITE(SMAP_CLAC) ::: "memory"); }

#endif

#endif
