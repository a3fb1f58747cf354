/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory is free, and where: for who asks, and for the console's keys. */
#include <xen/console.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/printk.h>

#include "private.h"

uint64_t free_below(unsigned int bits)
{
    uint64_t pages = 0;
    for (unsigned int node = 0; node < heap_nr_nodes; node++)
        pages += node_free(node, zone_below(bits));
    return pages;
}

uint64_t heap_free_pages(void)
{
    caches_close();
    uint64_t pages = read_once(heap_nr_free);
    caches_open();
    return pages;
}

uint64_t heap_free_pages_below(unsigned int bits)
{
    caches_close();
    uint64_t pages = free_below(bits);
    caches_open();
    return pages;
}

uint64_t heap_node_free_below(unsigned int node, unsigned int bits)
{
    caches_close();
    uint64_t pages = node_free(node, zone_below(bits));
    caches_open();
    return pages;
}

uint64_t heap_reserved_pages(void)
{
    caches_close();
    uint64_t pages = dma_kept();
    caches_open();
    return pages;
}

static void show_memory(unsigned char key)
{
    (void)key;
    caches_close();
    log_always("heap: %lu KiB of %lu KiB free, %lu KiB claimed, %lu KiB to be erased",
               heap_nr_free << 2, heap_total_pages() << 2, heap_claimed_pages() << 2,
               heap_nr_dirty << 2);
    if (dma_kept())
        log_always("heap: %lu KiB kept for devices that need low addresses", dma_kept() << 2);
    for_each_zone(zone) {
        if (zone->free) {
            log_always("heap: node %u: addresses of %2u bits: %lu KiB free", n_,
                       (unsigned int)(zone - node_zones[n_]) + PAGE_SHIFT, zone->free << 2);
        }
    }
    caches_open();
}

static void show_zone(unsigned int node, const struct zone *zone)
{
    for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
        unsigned int blocks = 0;
        for (uint32_t nr = zone->list[o].first; nr != FRAME_NONE; nr = frame_at(nr)->next)
            blocks++;
        if (blocks) {
            log_always("heap: node %u zone %2u order %2u: %u blocks", node,
                       (unsigned int)(zone - node_zones[node]), o, blocks);
        }
    }
}

static void show_heap(unsigned char key)
{
    show_memory(key);
    caches_close();
    spin_lock(&heap_lock);
    for_each_zone(zone)
        show_zone(n_, zone);
    spin_unlock(&heap_lock);
    caches_open();
}

void heap_init(void)
{
    zones_init(node_zones[0]);
    key_register('m', show_memory, "memory: free, claimed, by address width");
    key_register('H', show_heap, "memory: free blocks of the heap");
}
