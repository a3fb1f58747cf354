/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of numbers kept as ranges: I/O ports, interrupts, frames that somebody may use.
 *
 * Ranges are inclusive at both ends, sorted, disjoint and never adjacent: neighbours are joined.
 * The owner of a set brings the lock.
 */
#ifndef LIB_RANGESET_H
#define LIB_RANGESET_H

#include <lib/alloc.h>
#include <lib/list.h>

#include <stdbool.h>

struct rangeset {
    struct list_head ranges;                /* struct range of rangeset.c, ascending */
    const struct lib_allocator *memory;
};

void rangeset_init(struct rangeset *set, const struct lib_allocator *memory);
void rangeset_clear(struct rangeset *set);

/* The same with the set itself allocated; NULL when there is no memory. destroy takes NULL. */
struct rangeset *rangeset_create(const struct lib_allocator *memory);
void rangeset_destroy(struct rangeset *set);

/*
 * 0, -EINVAL if first > last, -ENOMEM (then nothing changed). Parts already in, or not in, are
 * fine.
 */
int rangeset_add(struct rangeset *set, unsigned long first, unsigned long last);
int rangeset_remove(struct rangeset *set, unsigned long first, unsigned long last);

/* The whole of first..last is in; any of it is in. */
bool rangeset_contains(const struct rangeset *set, unsigned long first, unsigned long last);
bool rangeset_overlaps(const struct rangeset *set, unsigned long first, unsigned long last);

static inline bool rangeset_has(const struct rangeset *set, unsigned long number)
{
    return rangeset_contains(set, number, number);
}

bool rangeset_is_empty(const struct rangeset *set);

/*
 * Ascending; stops at the first non-zero result and returns it. The callback must not change the
 * set.
 */
int rangeset_for_each(const struct rangeset *set,
                      int (*visit)(void *context, unsigned long first, unsigned long last),
                      void *context);

/* "3-7,9" as format() writes; hexadecimal if asked for. */
int rangeset_print(char *buf, size_t size, const struct rangeset *set, bool is_hex);

#endif
