/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of numbers kept as ranges. A list is enough: sets hold a handful of ranges, rarely a
 * hundred.
 */
#include <lib/rangeset.h>

#include <lib/errno.h>
#include <lib/format.h>
#include <lib/math.h>

struct range {
    struct list_head link;
    unsigned long first;
    unsigned long last;
};

void rangeset_init(struct rangeset *set, const struct lib_allocator *memory)
{
    list_init(&set->ranges);
    set->memory = memory;
}

static void free_range(struct rangeset *set, struct range *r)
{
    list_del(&r->link);
    set->memory->free(r);
}

void rangeset_clear(struct rangeset *set)
{
    struct range *r, *next;

    list_for_each_entry_safe(r, next, &set->ranges, link)
        free_range(set, r);
}

struct rangeset *rangeset_create(const struct lib_allocator *memory)
{
    struct rangeset *set = memory->alloc(sizeof(*set));

    if (set != NULL)
        rangeset_init(set, memory);
    return set;
}

void rangeset_destroy(struct rangeset *set)
{
    if (set != NULL) {
        rangeset_clear(set);
        set->memory->free(set);
    }
}

/* The first range that does not end before 'number'; the list's end is NULL. */
static struct range *range_from(const struct rangeset *set, unsigned long number)
{
    struct range *r;

    list_for_each_entry(r, &set->ranges, link) {
        if (r->last >= number)
            return r;
    }
    return NULL;
}

static struct range *range_after(const struct rangeset *set, struct range *r)
{
    return list_is_last(&r->link, &set->ranges) ? NULL : list_next_entry(r, link);
}

/* A new range in front of 'next' (NULL: at the end). */
static int insert_before(struct rangeset *set, struct range *next, unsigned long first,
                         unsigned long last)
{
    struct range *r = set->memory->alloc(sizeof(*r));

    if (r == NULL)
        return -ENOMEM;
    r->first = first;
    r->last = last;
    list_add_tail(&r->link, next != NULL ? &next->link : &set->ranges);
    return 0;
}

int rangeset_add(struct rangeset *set, unsigned long first, unsigned long last)
{
    if (first > last)
        return -EINVAL;
    /*
     * Ranges that touch first - 1 or last + 1 join; the ends of the number line have no such
     * neighbour.
     */
    unsigned long low = first == 0 ? 0 : first - 1;
    unsigned long high = last == ~0ul ? last : last + 1;
    struct range *r = range_from(set, low);

    if (r == NULL || r->first > high)
        return insert_before(set, r, first, last);
    r->first = min(r->first, first);
    r->last = max(r->last, last);

    struct range *next;
    while ((next = range_after(set, r)) != NULL && next->first <= high) {
        r->last = max(r->last, next->last);
        free_range(set, next);
    }
    return 0;
}

int rangeset_remove(struct rangeset *set, unsigned long first, unsigned long last)
{
    if (first > last)
        return -EINVAL;
    struct range *r = range_from(set, first);

    if (r != NULL && r->first < first && r->last > last) {      /* a hole: one becomes two */
        int rc = insert_before(set, r, r->first, first - 1);
        if (rc == 0)
            r->first = last + 1;
        return rc;
    }
    while (r != NULL && r->first <= last) {
        struct range *next = range_after(set, r);
        if (r->first < first)
            r->last = first - 1;
        else if (r->last > last)
            r->first = last + 1;
        else
            free_range(set, r);
        r = next;
    }
    return 0;
}

bool rangeset_contains(const struct rangeset *set, unsigned long first, unsigned long last)
{
    const struct range *r = range_from(set, first);
    return first <= last && r != NULL && r->first <= first && r->last >= last;
}

bool rangeset_overlaps(const struct rangeset *set, unsigned long first, unsigned long last)
{
    const struct range *r = range_from(set, first);
    return first <= last && r != NULL && r->first <= last;
}

bool rangeset_is_empty(const struct rangeset *set)
{
    return list_empty(&set->ranges);
}

int rangeset_for_each(const struct rangeset *set,
                      int (*visit)(void *context, unsigned long first, unsigned long last),
                      void *context)
{
    const struct range *r;

    list_for_each_entry(r, &set->ranges, link) {
        int rc = visit(context, r->first, r->last);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int rangeset_print(char *buf, size_t size, const struct rangeset *set, bool is_hex)
{
    const struct range *r;
    size_t len = 0;

    if (size > 0)
        buf[0] = '\0';
    list_for_each_entry(r, &set->ranges, link) {
        char *at = len < size ? buf + len : NULL;
        size_t room = len < size ? size - len : 0;
        const char *comma = len > 0 ? "," : "";
        int n;

        if (r->first == r->last)
            n = format(at, room, is_hex ? "%s%lx" : "%s%lu", comma, r->first);
        else
            n = format(at, room, is_hex ? "%s%lx-%lx" : "%s%lu-%lu", comma, r->first, r->last);
        len += (size_t)n;
    }
    return (int)len;
}
