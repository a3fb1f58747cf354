/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each CPU's own stock of free pages, so that CPUs which take and free single pages do not meet.
 *
 * `ready` pages are had from the lists many at a time, clean ones first, and their TLB entries are
 * flushed all at once; `given` ones were freed here and go back many at a time, dirty, so that a
 * page just freed is not the next to be taken, but one that was erased in idle time.
 *
 * Such a page is free (FRAME_FREE), but on no list and in no sum (FRAME_OFF_LIST).  There is no
 * count of all free pages, which each CPU would have to write for each page.  Instead:
 *   - who must know exactly, or needs the last pages or large blocks, closes the caches: then all
 *     free pages are on the lists, and heap_lock decides (counts, claims, allocations that fail);
 *   - what is promised is left on the lists: a cache takes neither claimed pages nor the reserve
 *     of low ones.  So a ready page may be given to anybody without asking.
 *
 * Lock: the cache's own, which others take only to close it; heap_lock inside of it.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/percpu.h>
#include <xen/smp.h>

#include "private.h"

#define CACHE_PAGES 16

struct page_cache {
    struct spinlock lock;               /* LOCK_PAGE_CACHE */
    unsigned int nr_ready, nr_given;
    uint32_t ready[CACHE_PAGES];        /* of the node near this CPU; no TLB knows them */
    uint32_t given[CACHE_PAGES];
};

DEFINE_STATIC_PER_CPU(struct page_cache, page_cache) = { .lock = SPINLOCK_INIT(LOCK_PAGE_CACHE) };
static unsigned int nr_closers read_mostly;     /* above 0: all caches are empty, and stay so */

/* A block of 2^order pages at most, as anybody could have it of the near node; under heap_lock. */
static struct frame *spare_take(unsigned int order)
{
    struct zone *zones = node_zones[heap_nr_nodes > 1 ? node_of_cpu(smp_cpu()) : 0];
    for (unsigned int z = ZONES - 1; z > 0; z--) {
        if (z == dma_zone && !dma_spares(1ull << order))
            break;
        for (unsigned int dirty = 0; zones[z].orders && dirty < 2; dirty++) {
            struct frame *f = zone_take_small(&zones[z], order, dirty);
            if (f)
                return f;
        }
    }
    return NULL;
}

/* Up to n pages as blocks, whose heads say the order.  How many blocks; under heap_lock. */
static unsigned int spares_take(struct frame **blocks, uint64_t n)
{
    unsigned int nr = 0;
    while (n > 0 && (blocks[nr] = spare_take(ilog2(n))) != NULL) {
        uint64_t pages = 1ull << (blocks[nr++]->aux & BLOCK_ORDER);
        count_free(blocks[nr - 1], -(int64_t)pages);
        n -= pages;
    }
    return nr;
}

static void make_ready(struct page_cache *c, struct frame *block)
{
    unsigned int order = block->aux & BLOCK_ORDER, nr_dirty = 0;
    arch_frames_settle(block, order);
    for (unsigned int i = 1u << order; i-- > 0; ) {
        block[i].count |= FRAME_OFF_LIST;
        nr_dirty += (block[i].count & FRAME_DIRTY) != 0;
        c->ready[c->nr_ready++] = number_of(&block[i]);
    }
    if (nr_dirty)
        atomic_sub(&heap_nr_dirty, nr_dirty);
}

/* When memory is short, less: half of what is free stays where all can have it. */
static void refill(struct page_cache *c)
{
    struct frame *blocks[CACHE_PAGES];
    spin_lock(&heap_lock);
    uint64_t share = claim_spare() / (2 * cpu_count);
    unsigned int nr = spares_take(blocks, min(share, (uint64_t)CACHE_PAGES));
    spin_unlock(&heap_lock);
    while (nr > 0)
        make_ready(c, blocks[--nr]);
}

/* How many pages from the first on are neighbours, upwards or downwards. */
static unsigned int run_length(const uint32_t *pages, unsigned int n)
{
    uint32_t step = n > 1 ? pages[1] - pages[0] : 0;
    if (step != 1 && step != UINT32_MAX)
        return 1;
    unsigned int run = 2;
    while (run < n && pages[run] == pages[run - 1] + step)
        run++;
    return run;
}

/* The block goes back to the lists.  How many of its frames are dirty. */
static unsigned int block_return(struct frame *f, unsigned int order)
{
    unsigned int nr_dirty = 0;
    for (unsigned int i = 0; i < 1u << order; i++) {
        f[i].count &= ~FRAME_OFF_LIST;
        nr_dirty += (f[i].count & FRAME_DIRTY) != 0;
    }
    block_give(f, order, nr_dirty > 0);
    return nr_dirty;
}

/* Pages go back; neighbours, as a domain's teardown frees them, as blocks.  Under heap_lock. */
static void pages_return(const uint32_t *pages, unsigned int n)
{
    unsigned int nr_dirty = 0;
    for (unsigned int run; n > 0; pages += run, n -= run) {
        run = run_length(pages, n);
        uint32_t nr = min(pages[0], pages[run - 1]);
        for (uint32_t end = nr + run, order; nr < end; nr += 1u << order) {
            order = min((uint32_t)__builtin_ctz(nr), (uint32_t)ilog2(end - nr));
            order = node_is_same(nr, nr + (1u << order) - 1) ? order : 0;
            nr_dirty += block_return(frame_at(nr), order);
        }
    }
    atomic_add(&heap_nr_dirty, nr_dirty);
}

static void return_given(struct page_cache *c)
{
    spin_lock(&heap_lock);
    pages_return(c->given, c->nr_given);
    spin_unlock(&heap_lock);
    c->nr_given = 0;
}

struct frame *cache_take(void)
{
    struct page_cache *c = &this_cpu(page_cache);
    spin_lock(&c->lock);
    if (!c->nr_ready && likely(!read_once(nr_closers)))
        refill(c);
    struct frame *f = c->nr_ready ? frame_at(c->ready[--c->nr_ready]) : NULL;
    spin_unlock(&c->lock);
    return f;
}

void cache_give(struct frame *f)
{
    struct page_cache *c = &this_cpu(page_cache);
    spin_lock(&c->lock);
    c->given[c->nr_given++] = number_of(f);
    if (c->nr_given == CACHE_PAGES || unlikely(read_once(nr_closers)))
        return_given(c);
    spin_unlock(&c->lock);
}

/* Idle time erases what is on the lists. */
void cache_rest(void)
{
    struct page_cache *c = &this_cpu(page_cache);
    if (!c->nr_given)
        return;
    spin_lock(&c->lock);
    return_given(c);
    spin_unlock(&c->lock);
}

static void cache_empty(struct page_cache *c)
{
    spin_lock(&c->lock);
    if (c->nr_ready || c->nr_given) {
        spin_lock(&heap_lock);
        pages_return(c->ready, c->nr_ready);
        pages_return(c->given, c->nr_given);
        spin_unlock(&heap_lock);
        c->nr_ready = c->nr_given = 0;
    }
    spin_unlock(&c->lock);
}

/* Who takes a cache's lock after us sees nr_closers, and leaves it empty. */
void caches_close(void)
{
    atomic_add(&nr_closers, 1);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        if (percpu_exists(cpu))
            cache_empty(&per_cpu(page_cache, cpu));
    }
}

void caches_open(void)
{
    atomic_sub(&nr_closers, 1);
}

void heap_cpu_parked(unsigned int cpu)
{
    cache_empty(&per_cpu(page_cache, cpu));
}
