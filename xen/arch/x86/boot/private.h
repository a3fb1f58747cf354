/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two Multiboot readers share. */
#ifndef BOOT_PRIVATE_H
#define BOOT_PRIVATE_H

#include <xen/boot.h>

/* The loader's memory, below 4 GiB. */
const void *boot_phys(uint32_t address);
void boot_add_memory(struct boot_info *info, uint64_t start, uint64_t length, uint32_t type);
void boot_add_module(struct boot_info *info, uint64_t start, uint64_t end, const char *cmdline);

#endif
