/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ELF notes by which a kernel tells the builder of its domain what it is.  Assembled for each
 * test; the head of its main.c may ask for more notes: "notes: INIT_P2M MOD_START_PFN".
 */
#define __ASSEMBLY__
#include <public/elfnote.h>

.macro note_text type:req, text:req
    .pushsection .note.xen, "a", @note
    .balign 4
    .long 4, 2f - 1f, \type
    .asciz "Xen"
1:  .asciz "\text"
2:  .balign 4
    .popsection
.endm

.macro note_number type:req, value:req
    .pushsection .note.xen, "a", @note
    .balign 4
    .long 4, 8, \type
    .asciz "Xen"
    .quad \value
    .popsection
.endm

    note_text XEN_ELFNOTE_GUEST_OS, "xenith-test"
    note_text XEN_ELFNOTE_GUEST_VERSION, "1"
    note_text XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note_text XEN_ELFNOTE_LOADER, "generic"
    note_number XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000
    note_number XEN_ELFNOTE_PADDR_OFFSET, 0
    note_number XEN_ELFNOTE_ENTRY, start
    note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
#ifdef NOTE_FEATURES
    note_text XEN_ELFNOTE_FEATURES, NOTE_FEATURES
#else
    note_text XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
#endif
#ifdef NOTE_INIT_P2M
    note_number XEN_ELFNOTE_INIT_P2M, 0x8000000000
#endif
#ifdef NOTE_MOD_START_PFN
    note_number XEN_ELFNOTE_MOD_START_PFN, 1
#endif

.section .note.GNU-stack, "", @progbits
