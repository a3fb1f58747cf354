/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the memory room share. */
#ifndef COMMON_MEMORY_PRIVATE_H
#define COMMON_MEMORY_PRIVATE_H

#include <xen/heap.h>
#include <xen/spinlock.h>
#include <xen/types.h>

struct domain;

/* heap.c; under heap_lock. */
extern struct spinlock heap_lock;
extern uint64_t heap_nr_free;

/* bad.c: does any of these frames stay unused for good? */
bool range_is_bad(uint64_t first, uint64_t last);

/* claim.c; under heap_lock.  May `pages` be taken for d (NULL: ourselves)?  And: they were. */
bool claim_allows(const struct domain *d, uint64_t pages);
void claim_use(struct domain *d, uint64_t pages);

/* The highest zone all of whose addresses have at most `bits` bits (0: any); 0: there is none. */
unsigned int zone_below(unsigned int bits);

/*
 * dma.c; under heap_lock.  Zones up to dma_zone (0: none) are for those who need them: may others
 * have `pages` of theirs?
 */
extern unsigned int dma_zone;
bool dma_spares(uint64_t pages);
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
