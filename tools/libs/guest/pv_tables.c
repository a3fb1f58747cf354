/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first page tables of a PV domain, computed into mapped memory.
 *
 * The tables of a range stand in order: those of level 3, of level 2, of level 1, each level's by
 * address. So the table for an address is found by arithmetic, and nothing is searched.
 */
#include "pv.h"

#define ENTRIES 512

#define ENTRY_PRESENT  0x001ull
#define ENTRY_WRITE    0x002ull
#define ENTRY_USER     0x004ull
#define ENTRY_ACCESSED 0x020ull
#define ENTRY_DIRTY    0x040ull

#define TABLE_FLAGS (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED)
#define PAGE_FLAGS  (ENTRY_PRESENT | ENTRY_USER | ENTRY_ACCESSED)

/* Bits of an address below what one table of the level spans. */
static unsigned int span_shift(unsigned int level)
{
    return PAGE_SHIFT + 9 * level;
}

uint64_t pv_range_count(struct pv_range *range)
{
    uint64_t sum = 0;

    for (unsigned int level = 1; level <= 3; level++) {
        unsigned int shift = span_shift(level);

        range->count[level] = ((range->end - 1) >> shift) - (range->start >> shift) + 1;
        sum += range->count[level];
    }
    return sum;
}

/* Where a level's tables begin, counted from the range's first. */
static uint64_t level_offset(const struct pv_range *range, unsigned int level)
{
    uint64_t offset = 0;

    for (unsigned int above = 3; above > level; above--)
        offset += range->count[above];
    return offset;
}

/* Empties one level's tables. */
static void clear_level(const struct pv_range *range, uint64_t *tables, unsigned int level)
{
    uint64_t *table = tables + level_offset(range, level) * ENTRIES;

    for (uint64_t i = 0; i < range->count[level] * ENTRIES; i++)
        table[i] = 0;
}

/* Enters each of the level's tables into the level above; l4 is above level 3. */
static void link_level(const struct pv_range *range, uint64_t *tables, uint64_t *l4,
                       const xen_pfn_t *p2m, unsigned int level)
{
    unsigned int shift = span_shift(level);
    uint64_t first = range->start >> shift;             /* the first table's number */
    uint64_t *above = level == 3 ? l4 : tables + level_offset(range, level + 1) * ENTRIES;
    uint64_t slot = first % ENTRIES;

    for (uint64_t i = 0; i < range->count[level]; i++) {
        uint64_t pfn = range->tables_pfn + level_offset(range, level) + i;

        above[slot + i] = (uint64_t)p2m[pfn] << PAGE_SHIFT | TABLE_FLAGS;
    }
}

static void map_pages(const struct pv_range *range, uint64_t *tables, const xen_pfn_t *p2m,
                      uint64_t ro_start, uint64_t ro_end)
{
    uint64_t *l1 = tables + level_offset(range, 1) * ENTRIES;
    uint64_t slot = (range->start >> PAGE_SHIFT) % ENTRIES;
    uint64_t count = (range->end - range->start) >> PAGE_SHIFT;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t pfn = range->pfn + i;
        uint64_t write = pfn >= ro_start && pfn < ro_end ? 0 : ENTRY_WRITE | ENTRY_DIRTY;

        l1[slot + i] = (uint64_t)p2m[pfn] << PAGE_SHIFT | PAGE_FLAGS | write;
    }
}

void pv_tables_fill(const struct pv_range *range, uint64_t *tables, uint64_t *l4,
                    const xen_pfn_t *p2m, uint64_t ro_start, uint64_t ro_end)
{
    for (unsigned int level = 1; level <= 3; level++)
        clear_level(range, tables, level);
    for (unsigned int level = 1; level <= 3; level++)
        link_level(range, tables, l4, p2m, level);
    map_pages(range, tables, p2m, ro_start, ro_end);
}
