/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's memory map: what the loader says, made into a sorted list without overlaps.  Pure;
 * unit-tested. */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/boot.h>
#include <xen/printk.h>

#include "private.h"

void boot_add_module(struct boot_info *info, uint64_t start, uint64_t end, const char *cmdline)
{
    if (info->nr_modules == BOOT_MAX_MODULES || end < start) {
        info->nr_modules_dropped++;
        return;
    }
    struct boot_module *m = &info->module[info->nr_modules++];
    m->start = start;
    m->end = end;
    strlcpy(m->cmdline, cmdline, sizeof(m->cmdline));
}

void boot_add_memory(struct boot_info *info, uint64_t start, uint64_t length, uint32_t type)
{
    uint64_t end = start + length;
    if (!length || end < start || info->nr_memory == BOOT_MAX_MEMORY)
        return;
    info->memory[info->nr_memory++] = (struct boot_memory){ start, end, type };
}

/* Where entries overlap, RAM gives way to anything, and the higher (more special) type wins. */
static uint32_t type_at(const struct boot_info *info, uint64_t address)
{
    uint32_t type = 0;
    for (unsigned int i = 0; i < info->nr_memory; i++)
        if (info->memory[i].start <= address && address < info->memory[i].end)
            type = max(type, info->memory[i].type);
    return type;
}

void memory_map_tidy(struct boot_info *info)
{
    static struct boot_memory out[BOOT_MAX_MEMORY];
    unsigned int n = 0;
    uint64_t at = 0;

    while (n < BOOT_MAX_MEMORY) {
        /* The next boundary after `at`. */
        uint64_t next = UINT64_MAX;
        for (unsigned int i = 0; i < info->nr_memory; i++) {
            if (info->memory[i].start > at)
                next = min(next, info->memory[i].start);
            if (info->memory[i].end > at)
                next = min(next, info->memory[i].end);
        }
        if (next == UINT64_MAX)
            break;
        uint32_t type = type_at(info, at);
        if (type && n && out[n - 1].end == at && out[n - 1].type == type)
            out[n - 1].end = next;
        else if (type)
            out[n++] = (struct boot_memory){ at, next, type };
        at = next;
    }
    memcpy(info->memory, out, n * sizeof(out[0]));
    info->nr_memory = n;
}

void memory_map_limit(struct boot_info *info, uint64_t limit)
{
    unsigned int n = 0;
    for (unsigned int i = 0; i < info->nr_memory; i++) {
        struct boot_memory e = info->memory[i];
        if (e.type == BOOT_MEMORY_RAM) {
            if (e.start >= limit)
                continue;
            e.end = min(e.end, limit);
        }
        info->memory[n++] = e;
    }
    info->nr_memory = n;
}

static const char *type_name(uint32_t type)
{
    static const char *const names[] = { "?",         "usable",   "reserved",
                                         "ACPI data", "ACPI NVS", "unusable" };
    return type < ARRAY_SIZE(names) ? names[type] : "reserved";
}

void memory_map_print(const struct boot_info *info)
{
    log_always("Xen-e820 RAM map:\n");
    for (unsigned int i = 0; i < info->nr_memory; i++)
        log_always(" [%016lx, %016lx] (%s)\n", info->memory[i].start, info->memory[i].end - 1,
                   type_name(info->memory[i].type));
}

uint64_t memory_map_ram(const struct boot_info *info)
{
    uint64_t bytes = 0;
    for (unsigned int i = 0; i < info->nr_memory; i++)
        if (info->memory[i].type == BOOT_MEMORY_RAM)
            bytes += info->memory[i].end - info->memory[i].start;
    return bytes;
}

uint64_t memory_map_address_of(const struct boot_info *info, uint64_t ram)
{
    for (unsigned int i = 0; i < info->nr_memory; i++) {
        const struct boot_memory *m = &info->memory[i];
        if (m->type != BOOT_MEMORY_RAM)
            continue;
        if (ram <= m->end - m->start)
            return m->start + ram;
        ram -= m->end - m->start;
    }
    return UINT64_MAX;
}
