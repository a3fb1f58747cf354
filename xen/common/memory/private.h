/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the memory room share. */
#ifndef COMMON_MEMORY_PRIVATE_H
#define COMMON_MEMORY_PRIVATE_H

#include <lib/math.h>
#include <public/xen.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/spinlock.h>
#include <xen/types.h>

struct domain;

#define ZONES           33
#define BLOCK_DIRTY     0x100u
#define BLOCK_ORDER     0x0ffu

#define UNOWNED         ((uint64_t)DOMID_INVALID << FRAME_OWNER_SHIFT)
#define STATE_FREE      (FRAME_FREE | UNOWNED)
#define STATE_ALLOCATED (FRAME_ALLOCATED | UNOWNED)

struct free_list {
    uint32_t first, last;               /* clean blocks are at the front, dirty ones at the back */
};

struct zone {
    uint64_t free;                      /* pages, those being erased among them, cached ones not */
    unsigned int erasing;               /* free blocks that are off the lists */
    uint32_t orders;                    /* bit per order: its list is not empty */
    struct free_list list[HEAP_MAX_ORDER + 1];
};

/* buddy.c; all under heap_lock. */
extern struct spinlock heap_lock;
extern uint64_t heap_nr_free;           /* pages, the sum of all zones */
extern struct zone *node_zones[HEAP_MAX_NODES];

static inline struct frame *frame_at(uint32_t nr) { return mfn_to_frame(mfn_of(nr)); }
static inline uint32_t number_of(const struct frame *f)
{
    return (uint32_t)mfn_nr(frame_to_mfn(f));
}
unsigned int zone_of(uint32_t nr);
struct zone *zone_at(uint32_t nr);
void zones_init(struct zone *zones);
/* Onto its list, as it is; and off it. */
void block_insert(struct frame *f, unsigned int order, bool dirty);
void block_remove(struct frame *f);
/* Onto the lists, joined with its free neighbours. */
void block_free(struct frame *f, unsigned int order, bool dirty);
/* The same, and they are free memory from now on. */
void block_give(struct frame *f, unsigned int order, bool dirty);
/* Keep the lower 2^order frames of a block that is on no list. */
void block_split(struct frame *f, unsigned int order);
/* The block at f has become free, or no longer is. */
void count_free(const struct frame *f, int64_t pages);
/* A block of 2^order frames, off the lists; NULL: there is none.  And: make larger ones. */
struct frame *zone_take(struct zone *zone, unsigned int order) must_check;
void zone_join(struct zone *zone);
/* The smallest block that is all clean, or the smallest dirty one, cut down to 2^order frames. */
struct frame *zone_take_small(struct zone *zone, unsigned int order, bool dirty) must_check;
/* Pages on the lists of a node, in zones up to top_zone. */
uint64_t node_free(unsigned int node, unsigned int top_zone);

#define for_each_zone(zone)                                       \
    for (unsigned int n_ = 0; n_ < heap_nr_nodes; n_++)           \
        for (struct zone *zone = node_zones[n_]; zone < node_zones[n_] + ZONES; zone++)

/*
 * page_cache.c.  A page that anybody may have, FRAME_FREE, or NULL; and the opposite.  closed: all
 * free pages are on the lists until caches_open().
 */
struct frame *cache_take(void) must_check;
void cache_give(struct frame *f);
void cache_rest(void);
void caches_close(void);
void caches_open(void);

/* heap_boot.c: the highest one with memory, in any node. */
extern unsigned int heap_top_zone;

/* heap_count.c: pages on the lists whose addresses fit. */
uint64_t free_below(unsigned int bits);

/* erase.c */
extern uint64_t heap_nr_dirty;          /* dirty frames freed and not yet seen erased; about */
void frame_erase(struct frame *f);

/* bad.c: does any of these frames stay unused for good? */
bool range_is_bad(uint64_t first, uint64_t last);

/* claim.c; under heap_lock.  May `pages` be taken for d (NULL: ourselves)?  And: they were.
 * claim_spare: free pages that nobody has claimed. */
uint64_t claim_spare(void);
bool claim_allows(const struct domain *d, uint64_t pages);
void claim_use(struct domain *d, uint64_t pages);

/* The highest zone all of whose addresses have at most `bits` bits (0: any); 0: there is none. */
unsigned int zone_below(unsigned int bits);

/*
 * dma.c; under heap_lock.  Zones up to dma_zone (0: none) are for those who need them: may others
 * have `pages` of theirs?  dma_kept: those that others may not.
 */
extern unsigned int dma_zone;
bool dma_spares(uint64_t pages);
uint64_t dma_kept(void);
void dma_init(bool several_nodes);

/* nodes.c.  node_wish: bits of the nodes that d (NULL: nobody) likes, never 0; all have memory. */
void nodes_init(void);
unsigned int node_search(uint64_t nr);
bool node_is_same(uint64_t first, uint64_t last);
unsigned int node_of_cpu(unsigned int cpu);
uint64_t node_wish(const struct domain *d);
unsigned int node_preferred(const struct domain *d);

static inline unsigned int node_of_frame(uint64_t nr)
{
    return heap_nr_nodes == 1 ? 0 : node_search(nr);
}

#endif
