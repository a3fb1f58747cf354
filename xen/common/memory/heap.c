/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page allocator: who gets which of the free blocks (buddy.c).
 *
 * Taking from the top zone first keeps low memory for those who need it.  What counts as free is
 * on the lists; or off them for a moment while idle time erases it (erase.c); or, single pages, in
 * a CPU's cache (page_cache.c), where most are taken from and given to.
 *
 * Lock: heap_lock, never held while memory is erased.  Not for interrupt handlers, and not with
 * interrupts off: TLBs elsewhere may have to be flushed.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/domain.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/smp.h>

#include "private.h"

/* What an allocation looks for: see heap_alloc. */
struct wish {
    unsigned int order, top_zone;
    uint64_t nodes;                     /* wanted first */
    unsigned int node;                  /* the first of them, if among them */
    bool exact;                         /* and no others */
    bool last;                          /* caches are closed; large blocks are worth some work */
    bool busy;                          /* what there was is being erased */
};

/* From zones top..bottom+1 of one node; `join` makes large blocks of whatever there is. */
static struct frame *node_take(struct zone *zones, struct wish *w, unsigned int top,
                               unsigned int bottom, bool join)
{
    for (unsigned int z = top; z > bottom; z--) {
        if (join)
            zone_join(&zones[z]);
        struct frame *f = zone_take(&zones[z], w->order);
        if (f)
            return f;
        w->busy |= zones[z].erasing > 0;
    }
    return NULL;
}

/* Of several nodes: the near one, or else the one with most to give. */
static unsigned int node_choose(uint64_t nodes, const struct wish *w)
{
    unsigned int best = w->node;
    if (best < HEAP_MAX_NODES && (nodes & 1ull << best))
        return best;
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
        if (f)
            return f;
        nodes &= ~(1ull << n);
    }
    return NULL;
}

static struct frame *range_take(struct wish *w, unsigned int top, unsigned int bottom)
{
    for (unsigned int join = 0; top > bottom && join <= (w->order > 0 && w->last); join++) {
        struct frame *f;
        if (likely(heap_nr_nodes == 1)) {
            f = node_take(node_zones[0], w, top, bottom, join);
        } else {
            f = nodes_take(w->nodes, w, top, bottom, join);
            if (!f && !w->exact)
                f = nodes_take(node_wish(NULL) & ~w->nodes, w, top, bottom, join);
        }
        if (f)
            return f;
    }
    return NULL;
}

/* Who could do with any address takes those that devices with few address lines can reach last,
 * and leaves the reserve. */
static struct frame *block_take(struct wish *w)
{
    if (likely(w->top_zone <= dma_zone || dma_zone == 0))
        return range_take(w, w->top_zone, 0);
    struct frame *f = range_take(w, w->top_zone, dma_zone);
    if (f || (w->order > 0 && !w->last) || !dma_spares(1ull << w->order))
        return f;
    return range_take(w, dma_zone, 0);
}

/* ---- Allocation ----------------------------------------------------------------------------- */

/* It is ours alone: erase it if that must be, and set its state.  Was it dirty? */
static bool frame_prepare(struct frame *f, unsigned int flags)
{
    bool is_dirty = f->count & FRAME_DIRTY;
    if ((flags & HEAP_ZERO) || (is_dirty && !(flags & HEAP_DIRTY_OK)))
        frame_erase(f);
    assert(f->count & FRAME_FREE);
    f->count = STATE_ALLOCATED;
    f->type = 0;
    f->aux = 0;
    f->next = f->prev = FRAME_NONE;
    return is_dirty;
}

static void block_prepare(struct frame *f, unsigned int order, unsigned int flags)
{
    uint64_t nr_dirty = 0;
    /* First of all: what a former owner's TLB still maps he could write while it is ours. */
    arch_frames_settle(f, order);
    for (uint32_t i = 0; i < 1u << order; i++)
        nr_dirty += frame_prepare(&f[i], flags);
    if (nr_dirty)
        atomic_sub(&heap_nr_dirty, nr_dirty);
}

/* node_plus_1: the one asked for, or 0.  One that has no memory is as good as none. */
static void wish_for_nodes(struct wish *w, const struct domain *d, unsigned int node_plus_1)
{
    uint64_t asked = node_plus_1 - 1 < heap_nr_nodes ? 1ull << (node_plus_1 - 1) : 0;
    w->nodes = asked & node_wish(NULL) ? asked : node_wish(d);
    w->node = node_preferred(d);
}

/* May it be any page that is ready on this CPU?  Who has a claim takes what was kept for it. */
static bool cache_suits(const struct wish *w, const struct domain *d)
{
    if (w->order > 0 || w->top_zone < heap_top_zone || (d && read_once(d->outstanding_claim)))
        return false;
    if (likely(heap_nr_nodes == 1))
        return true;
    unsigned int near = node_of_cpu(smp_cpu());
    return (w->nodes & 1ull << near) && (w->node == near || w->nodes == 1ull << near);
}

static struct frame *lists_take(struct domain *d, struct wish *w)
{
    uint64_t pages = 1ull << w->order;
    spin_lock(&heap_lock);
    struct frame *f = claim_allows(d, pages) ? block_take(w) : NULL;
    if (f) {
        count_free(f, -(int64_t)pages);
        if (d)
            claim_use(d, pages);
    }
    spin_unlock(&heap_lock);
    return f;
}

/* The last pages may be in caches; or they are being erased, and are there in a moment. */
static struct frame *lists_take_last(struct domain *d, struct wish *w)
{
    struct frame *f;
    w->last = true;
    caches_close();
    for (;;) {
        w->busy = false;
        f = lists_take(d, w);
        if (f || w->order > 0 || !w->busy)
            break;
        cpu_relax();
    }
    caches_open();
    return f;
}

struct frame *heap_alloc_for(struct domain *d, unsigned int order, unsigned int flags)
{
    if (order > HEAP_MAX_ORDER)
        return NULL;
    struct wish wish = { .order = order, .exact = flags & HEAP_EXACT_NODE };
    wish.top_zone = zone_below((flags >> HEAP_BITS_SHIFT) & HEAP_BITS_MASK);
    if (unlikely(heap_nr_nodes > 1))
        wish_for_nodes(&wish, d, flags >> HEAP_NODE_SHIFT);

    struct frame *f = cache_suits(&wish, d) ? cache_take() : NULL;
    if (likely(f)) {
        (void)frame_prepare(f, flags);
        return f;
    }
    f = lists_take(d, &wish);
    if (!f)
        f = lists_take_last(d, &wish);
    if (f)
        block_prepare(f, order, flags);
    return f;
}

struct frame *heap_alloc(unsigned int order, unsigned int flags)
{
    return heap_alloc_for(NULL, order, flags);
}

static bool block_has_broken(const struct frame *f, unsigned int order)
{
    for (uint32_t i = 0; i < 1u << order; i++) {
        if (f[i].count & FRAME_BROKEN)
            return true;
    }
    return false;
}

static void page_free(struct frame *f)
{
    uint64_t old = atomic_xchg(&f->count, STATE_FREE | FRAME_DIRTY | FRAME_OFF_LIST);
    check(!(old & FRAME_FREE));
    f->type = 0;
    cache_give(f);
}

void heap_free(struct frame *f, unsigned int order)
{
    check(order <= HEAP_MAX_ORDER && is_aligned(number_of(f), 1u << order));
    if (unlikely(block_has_broken(f, order))) {
        for (uint32_t i = 0; order > 0 && i < 1u << order; i++)
            heap_free(&f[i], 0);
        return;
    }
    if (order == 0) {
        page_free(f);
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
    block_give(f, order, true);
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
    if (p)
        heap_free(virt_to_frame(p), order);
}
