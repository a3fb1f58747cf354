/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heap gets its memory (boot), and learns which of it belongs to which node.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/platform.h>
#include <xen/printk.h>

#include "private.h"

static uint64_t node_total[HEAP_MAX_NODES];     /* pages */
static uint64_t total_pages;
unsigned int heap_top_zone;

uint64_t heap_total_pages(void) { return total_pages; }
uint64_t heap_node_pages(unsigned int node) { return node_total[node]; }

/* The largest block that starts here, ends before `end` and has no bad frame. */
static unsigned int block_order_at(uint64_t nr, uint64_t end)
{
    unsigned int order = min((unsigned int)__builtin_ctzll(nr), (unsigned int)HEAP_MAX_ORDER);
    while (order > 0
           && (nr + (1ull << order) > end || !node_is_same(nr, nr + (1ull << order) - 1) ||
               range_is_bad(nr, nr + (1ull << order) - 1))) {
        order--;
    }
    return order;
}

void heap_add(uint64_t start, uint64_t end)
{
    uint64_t nr = max(div_round_up(start, PAGE_SIZE), (uint64_t)1);
    uint64_t last = end / PAGE_SIZE;

    while (nr < last) {
        unsigned int order = block_order_at(nr, last);
        struct frame *f = frame_at((uint32_t)nr);
        nr += 1ull << order;
        if (order == 0 && range_is_bad(nr - 1, nr - 1)) {
            f->count = FRAME_BROKEN | UNOWNED;
            log_warn("heap: frame %lx is bad, not used", nr - 1);
            continue;
        }
        for (uint32_t i = 0; i < 1u << order; i++) {
            check(!(f[i].count & FRAME_FREE));
            f[i] = (struct frame){ .count = STATE_FREE, .next = FRAME_NONE, .prev = FRAME_NONE };
        }
        spin_lock(&heap_lock);
        heap_top_zone = max(heap_top_zone, zone_of(number_of(f)));
        total_pages += 1ull << order;
        node_total[node_of_frame(number_of(f))] += 1ull << order;
        block_give(f, order, false);
        spin_unlock(&heap_lock);
    }
}

/* A block that was made when all was one node goes to the nodes it lies in. */
static void block_insert_by_node(struct frame *f, unsigned int order, bool dirty)
{
    uint32_t nr = number_of(f);
    if (order == 0 || node_is_same(nr, nr + (1u << order) - 1)) {
        count_free(f, 1ll << order);
        block_insert(f, order, dirty);
        return;
    }
    block_insert_by_node(f, order - 1, dirty);
    block_insert_by_node(f + (1u << (order - 1)), order - 1, dirty);
}

/* All free blocks off the lists, linked by `next`. */
static uint32_t take_all(void)
{
    uint32_t chain = FRAME_NONE;
    for (struct zone *zone = node_zones[0]; zone < node_zones[0] + ZONES; zone++) {
        while (zone->orders) {
            struct frame *f = frame_at(zone->list[__builtin_ctz(zone->orders)].first);
            block_remove(f);
            count_free(f, -(1ll << (f->aux & BLOCK_ORDER)));
            f->next = chain;
            chain = number_of(f);
        }
    }
    return chain;
}

static void sort_by_node(void)
{
    caches_close();
    spin_lock(&heap_lock);
    uint32_t chain = take_all();
    nodes_init();
    while (chain != FRAME_NONE) {
        struct frame *f = frame_at(chain);
        chain = f->next;
        block_insert_by_node(f, f->aux & BLOCK_ORDER, f->aux & BLOCK_DIRTY);
    }
    node_total[0] = 0;
    for (unsigned int node = 0; node < heap_nr_nodes; node++)
        node_total[node] += node_free(node, ZONES - 1);
    spin_unlock(&heap_lock);
    caches_open();
}

void heap_know_machine(void)
{
    for (unsigned int node = 1; node < min(platform.nr_nodes, (unsigned)HEAP_MAX_NODES); node++) {
        node_zones[node] = pool_zalloc(ZONES * sizeof(struct zone));
        if (!node_zones[node]) {
            log_warn("heap: no memory to tell nodes apart");
            platform.nr_nodes = 1;
            break;
        }
        zones_init(node_zones[node]);
    }
    if (platform.nr_nodes > 1) {
        sort_by_node();
        for (unsigned int node = 0; node < heap_nr_nodes; node++)
            log_info("heap: node %u: %lu MiB", node, node_total[node] >> (20 - PAGE_SHIFT));
    }
    dma_init(heap_nr_nodes > 1);
}
