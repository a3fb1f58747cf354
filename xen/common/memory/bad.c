/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that are known to be broken (badpage=): they never enter the heap.  Set at boot. */
#include <lib/math.h>
#include <lib/parse.h>
#include <xen/options.h>

#include "private.h"

struct bad_range {
    uint64_t first, last;
};

static struct bad_range bad_ranges[32];
static unsigned int nr_bad_ranges;

/* badpage=<frame>[-<frame>][,...] */
static int parse_badpage(const char *s)
{
    while (nr_bad_ranges < ARRAY_SIZE(bad_ranges)) {
        struct bad_range *r = &bad_ranges[nr_bad_ranges];
        if (parse_uint_prefix(s, &s, &r->first))
            return -EINVAL;
        r->last = r->first;
        if (*s == '-' && parse_uint_prefix(s + 1, &s, &r->last))
            return -EINVAL;
        if (r->last < r->first)
            return -EINVAL;
        nr_bad_ranges++;
        if (*s++ != ',')
            return s[-1] ? -EINVAL : 0;
    }
    return -EINVAL;
}

OPTION_CUSTOM(badpage, "badpage", parse_badpage);

bool range_is_bad(uint64_t first, uint64_t last)
{
    for (unsigned int i = 0; i < nr_bad_ranges; i++) {
        if (first <= bad_ranges[i].last && last >= bad_ranges[i].first)
            return true;
    }
    return false;
}
