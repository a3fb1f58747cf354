/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory before the heap: reserved ranges, and pages taken from the top of RAM below 4 GiB (which
 * the first page tables already map).  What is left goes to the heap, once.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/assert.h>
#include <xen/boot.h>
#include <xen/heap.h>
#include <xen/page.h>

#include "private.h"

struct boot_info boot_info;

struct range { uint64_t start, end; };
static struct range reserved[64] init_data;
static unsigned int nr_reserved init_data;

const void *boot_phys(uint32_t address)
{
    return maddr_to_virt(maddr_of(address));
}

void init_text boot_reserve(uint64_t start, uint64_t end)
{
    start = round_down(start, (uint64_t)PAGE_SIZE);
    end = round_up(end, (uint64_t)PAGE_SIZE);
    if (start == end)
        return;
    check(nr_reserved < ARRAY_SIZE(reserved));
    /* Kept sorted, so that the walks below are simple. */
    unsigned int i = nr_reserved++;
    for (; i && reserved[i - 1].start > start; i--)
        reserved[i] = reserved[i - 1];
    reserved[i] = (struct range){ start, end };
}

/* The highest free place in [low, high) for `bytes`; 0: none. */
static uint64_t init_text find_in(uint64_t low, uint64_t high, uint64_t bytes, uint64_t align)
{
    while (high >= low + bytes) {
        uint64_t at = round_down(high - bytes, align);
        if (at < low || at + bytes > high)
            return 0;
        const struct range *hit = NULL;
        for (unsigned int i = 0; i < nr_reserved && !hit; i++)
            if (reserved[i].start < at + bytes && at < reserved[i].end)
                hit = &reserved[i];
        if (!hit)
            return at;
        high = hit->start;
    }
    return 0;
}

void *init_text boot_alloc_pages(uint64_t bytes, uint64_t align)
{
    bytes = round_up(bytes, (uint64_t)PAGE_SIZE);
    align = max(align, (uint64_t)PAGE_SIZE);
    for (unsigned int i = boot_info.nr_memory; i--; ) {
        const struct boot_memory *m = &boot_info.memory[i];
        if (m->type != BOOT_MEMORY_RAM || m->start >= 1UL << 32)
            continue;
        uint64_t low = max(round_up(m->start, (uint64_t)PAGE_SIZE), LOW_MEMORY_END);
        uint64_t high = round_down(min(m->end, 1UL << 32), (uint64_t)PAGE_SIZE);
        uint64_t at = find_in(low, high, bytes, align);
        if (!at)
            continue;
        boot_reserve(at, at + bytes);
        void *p = maddr_to_virt(maddr_of(at));
        memset(p, 0, bytes);
        return p;
    }
    return NULL;
}

void init_text boot_memory_to_heap(void)
{
    for (unsigned int i = 0; i < boot_info.nr_memory; i++) {
        const struct boot_memory *m = &boot_info.memory[i];
        if (m->type != BOOT_MEMORY_RAM)
            continue;
        uint64_t at = m->start;
        for (unsigned int r = 0; r < nr_reserved && at < m->end; r++) {
            if (reserved[r].end <= at)
                continue;
            if (reserved[r].start > at)
                heap_add(at, min(reserved[r].start, m->end));
            at = max(at, reserved[r].end);
        }
        if (at < m->end)
            heap_add(at, m->end);
    }
}
