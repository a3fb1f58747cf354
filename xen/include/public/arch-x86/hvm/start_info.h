/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a PVH kernel finds at its start: physical address of hvm_start_info in ebx, 32 bit, paging
 * off.
 *
 * Addresses are physical and below 4 GiB; 0 means there is none. This is version 1; version 0 ended
 * before memmap_paddr.
 */
#ifndef PUBLIC_ARCH_X86_HVM_START_INFO_H
#define PUBLIC_ARCH_X86_HVM_START_INFO_H

#define XEN_HVM_START_MAGIC_VALUE 0x336ec578    /* "xEn3", bit 7 of the E set */

/* hvm_memmap_table_entry.type, as in ACPI's E820 */
#define XEN_HVM_MEMMAP_TYPE_RAM       1
#define XEN_HVM_MEMMAP_TYPE_RESERVED  2
#define XEN_HVM_MEMMAP_TYPE_ACPI      3
#define XEN_HVM_MEMMAP_TYPE_NVS       4
#define XEN_HVM_MEMMAP_TYPE_UNUSABLE  5
#define XEN_HVM_MEMMAP_TYPE_DISABLED  6
#define XEN_HVM_MEMMAP_TYPE_PMEM      7

#ifndef __ASSEMBLY__
#include <stdint.h>

struct hvm_start_info {
    uint32_t magic;
    uint32_t version;           /* 1 */
    uint32_t flags;             /* SIF_* */
    uint32_t nr_modules;
    uint64_t modlist_paddr;     /* of hvm_modlist_entry */
    uint64_t cmdline_paddr;     /* zero-terminated */
    uint64_t rsdp_paddr;
    uint64_t memmap_paddr;      /* of hvm_memmap_table_entry */
    uint32_t memmap_entries;
    uint32_t reserved;          /* zero */
};

struct hvm_modlist_entry {
    uint64_t paddr;
    uint64_t size;              /* bytes */
    uint64_t cmdline_paddr;
    uint64_t reserved;
};

struct hvm_memmap_table_entry {
    uint64_t addr;
    uint64_t size;              /* bytes */
    uint32_t type;              /* XEN_HVM_MEMMAP_TYPE_* */
    uint32_t reserved;          /* zero */
};

#endif /* __ASSEMBLY__ */
#endif
