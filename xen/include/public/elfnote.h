/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF notes named "Xen": what a kernel tells its builder, and what dumps contain.
 *
 * A number in a note is 4 or 8 bytes, a text is zero-terminated.
 */
#ifndef PUBLIC_ELFNOTE_H
#define PUBLIC_ELFNOTE_H

/* Texts. */
#define XEN_ELFNOTE_INFO            0
#define XEN_ELFNOTE_XEN_VERSION     5   /* "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS        6
#define XEN_ELFNOTE_GUEST_VERSION   7
#define XEN_ELFNOTE_LOADER          8   /* "generic" */
#define XEN_ELFNOTE_PAE_MODE        9   /* 32-bit: "yes", "no", "bimodal" */
#define XEN_ELFNOTE_FEATURES       10   /* names of features.h, with bars between; "!" demands */
#define XEN_ELFNOTE_BSD_SYMTAB     11   /* "yes": load the symbol table behind the kernel */

/* Virtual addresses. */
#define XEN_ELFNOTE_ENTRY           1
#define XEN_ELFNOTE_HYPERCALL_PAGE  2   /* a page we fill in */
#define XEN_ELFNOTE_VIRT_BASE       3   /* where guest frame 0 is mapped */
#define XEN_ELFNOTE_HV_START_LOW   12   /* our hole may begin as low as this */
#define XEN_ELFNOTE_INIT_P2M       15   /* put the first p2m here, outside the first mapping */

/* Other numbers. */
#define XEN_ELFNOTE_PADDR_OFFSET    4   /* subtract from physical addresses in program headers */
#define XEN_ELFNOTE_L1_MFN_VALID   13   /* pairs mask, value: which absent entries hold a frame */
#define XEN_ELFNOTE_SUSPEND_CANCEL 14   /* 1: the kernel understands a cancelled suspend */
#define XEN_ELFNOTE_MOD_START_PFN  16   /* 1: the module need not be mapped */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17  /* bits XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY   18   /* PVH: physical address, 32 bit, paging off */

#define XEN_ELFNOTE_MAX XEN_ELFNOTE_PHYS32_ENTRY

/* In the dump of a crashed machine. */
#define XEN_ELFNOTE_CRASH_INFO 0x1000001
#define XEN_ELFNOTE_CRASH_REGS 0x1000002

/* In the dump of a domain. */
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif
