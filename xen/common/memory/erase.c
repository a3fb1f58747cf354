/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Erasing free memory ahead of time: what CPUs do when they have nothing better to do, or, if
 * bootscrub= says so, all at once at boot.
 *
 * A block that is being erased counts as free, but is off the lists: its head has FRAME_OFF_LIST,
 * so no neighbour joins it.  Lock: heap_lock, but not while memory is erased.
 */
#include <lib/parse.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/smp.h>

#include "private.h"

#define SCRUB_ORDER     4               /* what idle time erases at once */

uint64_t heap_nr_dirty;

static enum { BOOTSCRUB_OFF, BOOTSCRUB_ON, BOOTSCRUB_IDLE } bootscrub = BOOTSCRUB_IDLE;

static int parse_bootscrub(const char *s)
{
    size_t len = strlen(s);
    int value = len ? parse_bool(s, len) : 1;
    if (value < 0 && strcmp(s, "idle"))
        return -EINVAL;
    bootscrub = value < 0 ? BOOTSCRUB_IDLE : value ? BOOTSCRUB_ON : BOOTSCRUB_OFF;
    return 0;
}

OPTION_CUSTOM(bootscrub, "bootscrub", parse_bootscrub);

void frame_erase(struct frame *f)
{
    memset(frame_to_virt(f), 0, PAGE_SIZE);
}

/* A dirty block, off the lists, or NULL.  The nearest node first: the others' processors have time
 * for theirs. */
static struct frame *dirty_block_take(void)
{
    unsigned int near = heap_nr_nodes > 1 ? node_of_cpu(smp_cpu()) : 0;
    for (unsigned int i = 0; i < heap_nr_nodes; i++) {
        unsigned int node = i == 0 ? near : i - (i <= near);
        for (unsigned int z = ZONES - 1; z > 0; z--) {
            struct frame *f = zone_take_small(&node_zones[node][z], SCRUB_ORDER, true);
            if (f)
                return f;
        }
    }
    return NULL;
}

bool heap_scrub_idle(void)
{
    cache_rest();
    if (likely(read_once(heap_nr_dirty) == 0))
        return false;
    /* Who needs memory now goes first. */
    if (!spin_trylock(&heap_lock)) {
        cpu_relax();
        return true;
    }
    struct frame *f = dirty_block_take();
    if (!f) {
        spin_unlock(&heap_lock);
        return false;
    }
    unsigned int order = f->aux & BLOCK_ORDER;
    zone_at(number_of(f))->erasing++;
    spin_unlock(&heap_lock);

    arch_frames_settle(f, order);
    uint64_t erased = 0;
    for (uint32_t i = 0; i < 1u << order; i++) {
        if (f[i].count & FRAME_DIRTY) {
            frame_erase(&f[i]);
            f[i].count &= ~FRAME_DIRTY;
            erased++;
        }
    }
    atomic_sub(&heap_nr_dirty, erased);

    spin_lock(&heap_lock);
    zone_at(number_of(f))->erasing--;
    f->count &= ~FRAME_OFF_LIST;
    block_free(f, order, false);
    spin_unlock(&heap_lock);
    return true;
}

static void list_mark_dirty(const struct free_list *list, unsigned int order)
{
    for (uint32_t nr = list->first; nr != FRAME_NONE; nr = frame_at(nr)->next) {
        struct frame *f = frame_at(nr);
        f->aux |= BLOCK_DIRTY;
        for (uint32_t i = 0; i < 1u << order; i++) {
            heap_nr_dirty += !(f[i].count & FRAME_DIRTY);
            f[i].count |= FRAME_DIRTY;
        }
    }
}

/* All free frames are to be erased, sooner or later. */
static void heap_mark_dirty(void)
{
    caches_close();
    spin_lock(&heap_lock);
    for_each_zone(zone) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++)
            list_mark_dirty(&zone->list[o], o);
    }
    spin_unlock(&heap_lock);
    caches_open();
}

void heap_scrub_all(void)
{
    if (bootscrub == BOOTSCRUB_OFF)
        return;
    heap_mark_dirty();
    if (bootscrub == BOOTSCRUB_ON) {
        log_info("heap: erasing %lu MiB of free memory", heap_free_pages() >> (20 - PAGE_SHIFT));
        while (heap_scrub_idle()) { }
    }
}
