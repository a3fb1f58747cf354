/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for ourselves and for domains.  heap.c is the page allocator (buddy, per zone), pool.c
 * hands out small objects.  All memory is reached through the direct map; nothing here is ever
 * paged.
 */
#ifndef XEN_HEAP_H
#define XEN_HEAP_H

#include <lib/alloc.h>
#include <xen/types.h>

struct frame;
struct domain;

#define HEAP_MAX_ORDER 18               /* 1 GiB */
#define HEAP_MAX_NODES 64

enum heap_flags {
    HEAP_ANY        = 0,
    HEAP_ZERO       = 1 << 0,           /* zeroed before it is returned */
    HEAP_DIRTY_OK   = 1 << 1,           /* stays with us: another owner's old contents may show */
    HEAP_EXACT_NODE = 1 << 2,           /* from the named node or not at all */
    HEAP_BITS_SHIFT = 8,                /* address width limit in bits: 0 = any */
    HEAP_BITS_MASK  = 0xff,
    HEAP_NODE_SHIFT = 16,               /* node + 1; 0: where the domain likes it, or near us */
};
#define HEAP_BITS(n) ((unsigned int)(n) << HEAP_BITS_SHIFT)
#define HEAP_NODE(n) (((unsigned int)(n) + 1) << HEAP_NODE_SHIFT)

/* Give memory to the allocator (boot).  [start, end) in bytes; partial pages are dropped. */
void heap_add(uint64_t start, uint64_t end);
void heap_init(void);
/* The firmware has told of memory nodes: free memory is sorted by node; dma_bits= takes effect. */
void heap_know_machine(void);
/*
 * 2^order frames, or NULL.  Each has count == FRAME_ALLOCATED with no owner and no reference, and
 * type == 0; no TLB knows it any more, tlb_stamp is as the former owner left it.  Without
 * HEAP_DIRTY_OK no contents of a former owner can be read in them.  heap_alloc_for: on behalf of
 * d, whose claim (XENMEM_claim_pages) it may use; others must leave claimed memory alone.
 */
struct frame *heap_alloc(unsigned int order, unsigned int flags) must_check;
struct frame *heap_alloc_for(struct domain *d, unsigned int order, unsigned int flags) must_check;
/* Contents are erased before anyone else reads them.  Panics when a frame is free already. */
void heap_free(struct frame *f, unsigned int order);
void heap_free_domain_page(struct frame *f);
/* Erase a few free frames ahead of time, for want of better to do; true while some are left. */
bool heap_scrub_idle(void);
/* A CPU that went offline keeps no pages. */
void heap_cpu_parked(unsigned int cpu);
/* Exact.  Costs a turn to each CPU's cache. */
uint64_t heap_free_pages(void);
uint64_t heap_total_pages(void);
/* Free pages whose addresses fit in `bits` bits. */
uint64_t heap_free_pages_below(unsigned int bits);
/* Pages that only allocations with a limit on addresses get (dma_bits=). */
uint64_t heap_reserved_pages(void);
void heap_scrub_all(void);              /* zero all free memory: as bootscrub= says */

/* Claims: a domain's stake in memory it has not got yet.  `pages` is what it is to have in all; 0
 * gives the claim up.  -EINVAL: it has one, or has more already;  -ENOMEM. */
int heap_claim(struct domain *d, uint64_t pages) must_check;
void heap_claim_drop(struct domain *d);
uint64_t heap_claimed_pages(void);      /* of all domains */

/* Nodes: each has a number below heap_nr_nodes, and may have no memory. */
extern unsigned int heap_nr_nodes;
uint64_t heap_node_pages(unsigned int node);            /* that were ever given to the heap */
uint64_t heap_node_free_below(unsigned int node, unsigned int bits);
/* A domain's nodes: set by its toolstack (-EINVAL: there is none of them), or where its vcpus may
 * run. */
int domain_set_nodes(struct domain *d, uint64_t nodes) must_check;
void domain_follow_vcpus(struct domain *d);
uint64_t domain_nodes(const struct domain *d);

/* Pages for ourselves, as pointers into the direct map. */
void *alloc_pages(unsigned int order, unsigned int flags) must_check;
void free_pages(void *p, unsigned int order);

/* Small objects: any size; sizes above a page come as whole pages.  NULL when memory is short. */
void *pool_alloc(size_t size) must_check;
void *pool_zalloc(size_t size) must_check;
void pool_free(void *p);
extern const struct lib_allocator pool_allocator;       /* for lib/'s containers */
#define new(type) ((type *)pool_zalloc(sizeof(type)))
#define new_array(type, n) ((type *)pool_zalloc_array(sizeof(type), (n)))
void *pool_zalloc_array(size_t size, size_t n) must_check;      /* overflow-checked */

#endif
