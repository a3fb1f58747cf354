/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what a Multiboot 1 loader handed over (Multiboot Specification 0.6.96, section 3.3). */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/boot.h>

#include "private.h"

enum {
    MB1_MEMORY = 1 << 0,
    MB1_CMDLINE = 1 << 2,
    MB1_MODULES = 1 << 3,
    MB1_MMAP = 1 << 6,
    MB1_LOADER = 1 << 9
};

struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4],
        mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
};
struct mb1_module { uint32_t start, end, cmdline, reserved; };
struct packed mb1_mmap { uint32_t size; uint64_t base, length; uint32_t type; };

static void read_modules(const struct mb1_info *mbi, struct boot_info *out)
{
    const struct mb1_module *mod = boot_phys(mbi->mods_addr);
    for (uint32_t i = 0; i < mbi->mods_count; i++)
        boot_add_module(out, mod[i].start, mod[i].end,
                        mod[i].cmdline ? boot_phys(mod[i].cmdline) : "");
}

static void read_memory_map(const struct mb1_info *mbi, struct boot_info *out)
{
    uint32_t off = 0;
    while (off + sizeof(struct mb1_mmap) <= mbi->mmap_length) {
        const struct mb1_mmap *e = boot_phys(mbi->mmap_addr + off);
        if (e->size < sizeof(*e) - sizeof(e->size))
            return;
        boot_add_memory(out, e->base, e->length, e->type);
        if (e->size > mbi->mmap_length - off - sizeof(e->size))
            return;
        off += e->size + (uint32_t)sizeof(e->size);
    }
}

int multiboot1_parse(uint32_t info, struct boot_info *out)
{
    const struct mb1_info *mbi = boot_phys(info);

    out->protocol = "Multiboot 1";
    if (mbi->flags & MB1_LOADER)
        strlcpy(out->loader, boot_phys(mbi->loader_name), sizeof(out->loader));
    if (mbi->flags & MB1_CMDLINE)
        strlcpy(out->cmdline, boot_phys(mbi->cmdline), sizeof(out->cmdline));
    if (mbi->flags & MB1_MODULES)
        read_modules(mbi, out);
    if (mbi->flags & MB1_MMAP) {
        read_memory_map(mbi, out);
    } else if (mbi->flags & MB1_MEMORY) {
        boot_add_memory(out, 0, (uint64_t)mbi->mem_lower << 10, BOOT_MEMORY_RAM);
        boot_add_memory(out, 1 << 20, (uint64_t)mbi->mem_upper << 10, BOOT_MEMORY_RAM);
    }
    return out->nr_memory ? 0 : -EINVAL;
}
