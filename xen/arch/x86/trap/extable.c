/* SPDX-License-Identifier: GPL-2.0-only */
/* The exception table: instructions that may fault, and where each continues.  Sorted once, then
 * searched by halves. */
#include <lib/sort.h>
#include <x86/trap.h>

/* Positions are relative to the fields that hold them, so that the table needs no relocation. */
struct entry { int32_t from, to; };
extern struct entry extable_start[], extable_end[];

struct sorted { uint64_t from, to; };
static struct sorted table[512];
static unsigned int count;

static int compare(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void extable_init(void)
{
    for (struct entry *e = extable_start;
         e < extable_end && count < sizeof(table) / sizeof(table[0]); e++)
        table[count++] = (struct sorted){ (uint64_t)&e->from + (int64_t)e->from,
                                          (uint64_t)&e->to + (int64_t)e->to };
    sort(table, count, sizeof(table[0]), compare);
}

void trap_init(void)
{
    extable_init();
}

uint64_t extable_find(uint64_t rip)
{
    unsigned int low = 0, high = count;
    while (low < high) {
        unsigned int mid = (low + high) / 2;
        if (table[mid].from == rip)
            return table[mid].to;
        if (table[mid].from < rip)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}
