/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims on memory: a toolstack reserves room for a domain it is about to build, so that two
 * builders do not both start on memory that is enough for one.
 *
 * A claim names no frames.  The sum of claims never exceeds the free memory on the heap's lists:
 * not when a claim is made, and an allocation for anybody else, or a CPU's cache, leaves as many
 * pages there as are claimed.  Lock: heap_lock.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/domain.h>
#include <xen/heap.h>

#include "private.h"

static uint64_t claimed;

bool claim_allows(const struct domain *d, uint64_t pages)
{
    uint64_t own = d ? d->outstanding_claim : 0;
    return pages <= own || (pages <= heap_nr_free && claimed - own <= heap_nr_free - pages);
}

uint64_t claim_spare(void)
{
    assert(claimed <= heap_nr_free);
    return heap_nr_free - claimed;
}

void claim_use(struct domain *d, uint64_t pages)
{
    uint64_t used = min(pages, d->outstanding_claim);
    d->outstanding_claim -= used;
    claimed -= used;
}

static int claim_make(struct domain *d, uint64_t pages)
{
    if (d->outstanding_claim || pages > d->max_pages || pages < d->tot_pages)
        return -EINVAL;
    uint64_t wanted = pages - d->tot_pages;
    uint64_t room = heap_nr_free - min(heap_nr_free, dma_kept());
    if (wanted > room || claimed > room - wanted)
        return -ENOMEM;
    d->outstanding_claim = wanted;
    claimed += wanted;
    return 0;
}

int heap_claim(struct domain *d, uint64_t pages)
{
    if (pages == 0) {
        heap_claim_drop(d);
        return 0;
    }
    caches_close();
    spin_lock(&heap_lock);
    int rc = d->dying ? -EINVAL : claim_make(d, pages);
    spin_unlock(&heap_lock);
    caches_open();
    return rc;
}

void heap_claim_drop(struct domain *d)
{
    spin_lock(&heap_lock);
    claim_use(d, d->outstanding_claim);
    spin_unlock(&heap_lock);
}

uint64_t heap_claimed_pages(void)
{
    return claimed;
}
