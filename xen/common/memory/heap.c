/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page allocator: who gets which of the free blocks (buddy.c).
 *
 * Taking from the top zone first keeps low memory for those who need it.  What counts as free is
 * on the lists, or off them for a moment while idle time erases it (erase.c).
 *
 * Lock: heap_lock, never held while memory is erased.  Not for interrupt handlers.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/domain.h>
#include <xen/frame.h>
#include <xen/heap.h>

#include "private.h"

/* What an allocation looks for: see heap_alloc. */
struct wish {
    unsigned int order, top_zone;
    uint64_t nodes;                     /* wanted first */
    unsigned int node;                  /* the first of them, if among them */
    bool exact;                         /* and no others */
    bool busy;                          /* what there was is being erased */
};

/* From zones top..bottom+1 of one node; `join` makes large blocks of whatever there is. */
static struct frame *node_take(struct zone *zones, struct wish *w, unsigned int top,
                               unsigned int bottom, bool join)
{
    for (unsigned int z = top; z > bottom; z--) {
        if (join) {
            zone_join(&zones[z]);
        }
        struct frame *f = zone_take(&zones[z], w->order);
        if (f) {
            return f;
        }
        w->busy |= zones[z].erasing > 0;
    }
    return NULL;
}

/* Of several nodes: the near one, or else the one with most to give. */
static unsigned int node_choose(uint64_t nodes, const struct wish *w)
{
    unsigned int best = w->node;
    if (best < HEAP_MAX_NODES && (nodes & 1ull << best)) {
        return best;
    }
    for (best = (unsigned int)__builtin_ctzll(nodes); nodes &= nodes - 1, nodes; ) {
        unsigned int n = (unsigned int)__builtin_ctzll(nodes);
        best = node_free(n, w->top_zone) > node_free(best, w->top_zone) ? n : best;
    }
    return best;
}

static struct frame *nodes_take(uint64_t nodes, struct wish *w, unsigned int top,
                                unsigned int bottom, bool join)
{
    while (nodes) {
        unsigned int n = node_choose(nodes, w);
        struct frame *f = node_take(node_zones[n], w, top, bottom, join);
        if (f) {
            return f;
        }
        nodes &= ~(1ull << n);
    }
    return NULL;
}

static struct frame *range_take(struct wish *w, unsigned int top, unsigned int bottom)
{
    for (unsigned int join = 0; top > bottom && join <= (w->order > 0); join++) {
        struct frame *f;
        if (likely(heap_nr_nodes == 1)) {
            f = node_take(node_zones[0], w, top, bottom, join);
        } else {
            f = nodes_take(w->nodes, w, top, bottom, join);
            if (!f && !w->exact) {
                f = nodes_take(node_wish(NULL) & ~w->nodes, w, top, bottom, join);
            }
        }
        if (f) {
            return f;
        }
    }
    return NULL;
}

/* Who could do with any address takes those that devices with few address lines can reach last,
 * and leaves the reserve. */
static struct frame *block_take(struct wish *w)
{
    if (likely(w->top_zone <= dma_zone || dma_zone == 0)) {
        return range_take(w, w->top_zone, 0);
    }
    struct frame *f = range_take(w, w->top_zone, dma_zone);
    return f || !dma_spares(1ull << w->order) ? f : range_take(w, dma_zone, 0);
}

/* ---- Allocation ----------------------------------------------------------------------------- */

/* The block is ours alone: erase what must be, and set the state of its frames. */
static void block_prepare(struct frame *f, unsigned int order, bool head_dirty, unsigned int flags)
{
    uint64_t nr_dirty = 0;
    /* First of all: what a former owner's TLB still maps he could write while it is ours. */
    arch_frames_settle(f, order);
    for (uint32_t i = 0; i < 1u << order; i++) {
        bool is_dirty = i ? f[i].count & FRAME_DIRTY : head_dirty;
        nr_dirty += is_dirty;
        if ((flags & HEAP_ZERO) || (is_dirty && !(flags & HEAP_DIRTY_OK))) {
            frame_erase(&f[i]);
        }
        assert(i == 0 || (f[i].count & FRAME_FREE));
        f[i].count = STATE_ALLOCATED;
        f[i].type = 0;
        f[i].aux = 0;
        f[i].next = f[i].prev = FRAME_NONE;
    }
    if (nr_dirty) {
        atomic_sub(&heap_nr_dirty, nr_dirty);
    }
}

/* node_plus_1: the one asked for, or 0.  One that has no memory is as good as none. */
static void wish_for_nodes(struct wish *w, const struct domain *d, unsigned int node_plus_1)
{
    uint64_t asked = node_plus_1 - 1 < heap_nr_nodes ? 1ull << (node_plus_1 - 1) : 0;
    w->nodes = asked & node_wish(NULL) ? asked : node_wish(d);
    w->node = node_preferred(d);
}

struct frame *heap_alloc_for(struct domain *d, unsigned int order, unsigned int flags)
{
    if (order > HEAP_MAX_ORDER) {
        return NULL;
    }
    struct wish wish = { .order = order, .exact = flags & HEAP_EXACT_NODE };
    wish.top_zone = zone_below((flags >> HEAP_BITS_SHIFT) & HEAP_BITS_MASK);
    if (unlikely(heap_nr_nodes > 1)) {
        wish_for_nodes(&wish, d, flags >> HEAP_NODE_SHIFT);
    }

    spin_lock(&heap_lock);
    struct frame *f;
    while (!claim_allows(d, 1ull << order) || !(f = block_take(&wish))) {
        bool again = order == 0 && wish.busy;
        spin_unlock(&heap_lock);
        if (!again) {
            return NULL;
        }
        /* The last pages are being erased: they are there in a moment. */
        cpu_relax();
        wish.busy = false;
        spin_lock(&heap_lock);
    }
    count_free(f, -(1ll << order));
    bool head_dirty = f->count & FRAME_DIRTY;
    f->count = STATE_ALLOCATED;
    if (d) {
        claim_use(d, 1ull << order);
    }
    spin_unlock(&heap_lock);

    block_prepare(f, order, head_dirty, flags);
    return f;
}

struct frame *heap_alloc(unsigned int order, unsigned int flags)
{
    return heap_alloc_for(NULL, order, flags);
}

static bool block_has_broken(const struct frame *f, unsigned int order)
{
    for (uint32_t i = 0; i < 1u << order; i++) {
        if (f[i].count & FRAME_BROKEN) {
            return true;
        }
    }
    return false;
}

void heap_free(struct frame *f, unsigned int order)
{
    check(order <= HEAP_MAX_ORDER && is_aligned(number_of(f), 1u << order));
    if (unlikely(block_has_broken(f, order))) {
        for (uint32_t i = 0; order > 0 && i < 1u << order; i++) {
            heap_free(&f[i], 0);
        }
        return;
    }
    for (uint32_t i = 1; i < 1u << order; i++) {
        check(!(f[i].count & FRAME_FREE));
        f[i].count = STATE_FREE | FRAME_DIRTY;
        f[i].type = 0;
    }
    atomic_add(&heap_nr_dirty, 1ull << order);

    spin_lock(&heap_lock);
    check(!(f->count & FRAME_FREE));
    f->count = STATE_FREE | FRAME_DIRTY;
    f->type = 0;
    count_free(f, 1ll << order);
    block_free(f, order, true);
    spin_unlock(&heap_lock);
}

void heap_free_domain_page(struct frame *f)
{
    heap_free(f, 0);
}

void *alloc_pages(unsigned int order, unsigned int flags)
{
    struct frame *f = heap_alloc(order, flags | HEAP_DIRTY_OK);
    return f ? frame_to_virt(f) : NULL;
}

void free_pages(void *p, unsigned int order)
{
    if (p) {
        heap_free(virt_to_frame(p), order);
    }
}
