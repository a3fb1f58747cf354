/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the boot loader handed over, copied out of its memory and independent of its protocol.
 */
#ifndef XEN_BOOT_H
#define XEN_BOOT_H

#include <xen/types.h>

#define BOOT_MAX_MODULES 16
#define BOOT_MAX_MEMORY  256
#define BOOT_MAX_CMDLINE 4096

enum boot_memory_type {
    BOOT_MEMORY_RAM = 1,
    BOOT_MEMORY_RESERVED,
    BOOT_MEMORY_ACPI,
    BOOT_MEMORY_NVS,
    BOOT_MEMORY_UNUSABLE
};

/* bytes, end exclusive; type as in E820 */
struct boot_memory { uint64_t start, end; uint32_t type; };
struct boot_module { uint64_t start, end; char cmdline[BOOT_MAX_CMDLINE]; };

struct boot_info {
    const char *protocol;
    char loader[64];
    char cmdline[BOOT_MAX_CMDLINE];
    uint64_t rsdp;                                  /* machine address, 0: not told */
    uint64_t efi_rsdp;                              /* the same by UEFI, 0: booted by a BIOS */
    unsigned int nr_modules, nr_modules_dropped;
    struct boot_module module[BOOT_MAX_MODULES];
    unsigned int nr_memory;
    /* sorted, not overlapping, after memory_map_tidy() */
    struct boot_memory memory[BOOT_MAX_MEMORY];
};

extern struct boot_info boot_info;

#define MULTIBOOT1_MAGIC 0x2badb002u
#define MULTIBOOT2_MAGIC 0x36d76289u

/* Fill in boot_info.  0, or -EINVAL when what was handed over makes no sense. */
int multiboot1_parse(uint32_t info, struct boot_info *out) must_check;
int multiboot2_parse(uint32_t info, struct boot_info *out) must_check;

/* A loader's line without the file name (or placeholder) some put first; ours so; one option's text
 * on ours ("" when it has no value; NULL: not there; valid until the next call). */
const char *boot_line_without_name(const char *line);
const char *boot_cmdline(void);
const char *boot_option_text(const char *name);

/* Sorts and resolves overlaps (the more restrictive type wins); applies mem= and availmem=. */
void memory_map_tidy(struct boot_info *info);
void memory_map_limit(struct boot_info *info, uint64_t limit);
void memory_map_print(const struct boot_info *info);
uint64_t memory_map_ram(const struct boot_info *info);          /* bytes */
/* where that much RAM lies below */
uint64_t memory_map_address_of(const struct boot_info *info, uint64_t ram);

/* Physical memory before the heap exists: whole pages, zeroed, never freed.  NULL when none is
 * left. */
void *boot_alloc_pages(uint64_t bytes, uint64_t align) must_check;
/*
 * Below it is the firmware's ground, RAM or not: dom0's kernel looks there for tables by machine
 * address, Linux from 512 KiB on (iBFT).  It is in no heap and nobody's; one page: our trampoline.
 */
#define LOW_MEMORY_END  (1UL << 20)
/* never handed out, by boot_alloc or to the heap */
void boot_reserve(uint64_t start, uint64_t end);
void boot_memory_to_heap(void);                     /* all the rest */

#endif
