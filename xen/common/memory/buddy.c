/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free memory in blocks of 2^order frames, aligned to their size (buddies).
 *
 * Blocks are kept by zone, which is the width of their frame numbers: zone z holds frames 2^(z-1)
 * .. 2^z - 1.  So a limit on the width of addresses is a limit on zones.  No block straddles zones,
 * because frame 0 is never free.  Each memory node has zones of its own, and no block straddles
 * nodes.
 *
 * A free block's first frame is its head: on its zone's list (next, prev), aux = its order and
 * BLOCK_DIRTY if any of its frames may be.  Every free frame has FRAME_FREE, which catches frames
 * freed twice, and FRAME_DIRTY if it must be erased before another owner sees it.  The head's
 * state changes under heap_lock only; other frames of a block belong to whoever holds the block,
 * for no neighbour can be freed or merged with a part of it.
 *
 * A block off the lists, as is one that is being erased, has FRAME_OFF_LIST in its head.
 *
 * A buddy that has FRAME_FREE alone and the same order in aux is a head: were it inside a larger
 * block, then that block would contain us as well.
 *
 * Lock: heap_lock, for all of it.  Not for interrupt handlers.
 */
#include <lib/math.h>
#include <xen/frame.h>

#include "private.h"

DEFINE_SPINLOCK(heap_lock, LOCK_HEAP);
uint64_t heap_nr_free;
static struct zone zones_of_0[ZONES];
struct zone *node_zones[HEAP_MAX_NODES] = { zones_of_0 };

unsigned int zone_of(uint32_t nr) { return ilog2(nr) + 1; }

struct zone *zone_at(uint32_t nr)
{
    return &node_zones[node_of_frame(nr)][zone_of(nr)];
}

void block_insert(struct frame *f, unsigned int order, bool dirty)
{
    uint32_t nr = number_of(f);
    struct zone *zone = zone_at(nr);
    struct free_list *list = &zone->list[order];

    f->aux = order | (dirty ? BLOCK_DIRTY : 0);
    f->next = dirty ? FRAME_NONE : list->first;
    f->prev = dirty ? list->last : FRAME_NONE;
    if (f->next != FRAME_NONE)
        frame_at(f->next)->prev = nr;
    else
        list->last = nr;
    if (f->prev != FRAME_NONE)
        frame_at(f->prev)->next = nr;
    else
        list->first = nr;
    zone->orders |= 1u << order;
}

void block_remove(struct frame *f)
{
    unsigned int order = f->aux & BLOCK_ORDER;
    struct zone *zone = zone_at(number_of(f));
    struct free_list *list = &zone->list[order];

    if (f->next != FRAME_NONE)
        frame_at(f->next)->prev = f->prev;
    else
        list->last = f->prev;
    if (f->prev != FRAME_NONE)
        frame_at(f->prev)->next = f->next;
    else
        list->first = f->next;
    if (list->first == FRAME_NONE)
        zone->orders &= ~(1u << order);
}

void count_free(const struct frame *f, int64_t pages)
{
    zone_at(number_of(f))->free += pages;
    heap_nr_free += pages;
}

/* The block's free buddy of the same order, or NULL. */
static struct frame *block_buddy(uint32_t nr, unsigned int order)
{
    uint32_t buddy = nr ^ (1u << order);
    if (buddy == 0 || !mfn_valid(mfn_of(buddy)) || !node_is_same(min(nr, buddy), max(nr, buddy)))
        return NULL;
    struct frame *f = frame_at(buddy);
    uint64_t state = read_once(f->count) & (FRAME_FREE | FRAME_OFF_LIST);
    return state == FRAME_FREE && (f->aux & BLOCK_ORDER) == order ? f : NULL;
}

/*
 * A block whose frames all are FRAME_FREE returns to the lists, joined with its free neighbours;
 * not with dirty ones if it is clean nor the reverse, or idle time would never be done with
 * erasing.
 */
void block_free(struct frame *f, unsigned int order, bool dirty)
{
    while (order < HEAP_MAX_ORDER) {
        struct frame *buddy = block_buddy(number_of(f), order);
        if (!buddy || !(buddy->aux & BLOCK_DIRTY) != !dirty)
            break;
        block_remove(buddy);
        f = buddy < f ? buddy : f;
        order++;
    }
    block_insert(f, order, dirty);
}

void block_give(struct frame *f, unsigned int order, bool dirty)
{
    count_free(f, 1ll << order);
    block_free(f, order, dirty);
}

void block_split(struct frame *f, unsigned int order)
{
    bool dirty = f->aux & BLOCK_DIRTY;
    for (unsigned int o = f->aux & BLOCK_ORDER; o-- > order; )
        block_insert(f + (1u << o), o, dirty);
    f->aux = order | (dirty ? BLOCK_DIRTY : 0);
}

struct frame *zone_take(struct zone *zone, unsigned int order)
{
    uint32_t orders = zone->orders >> order << order;
    if (!orders)
        return NULL;
    struct frame *f = frame_at(zone->list[__builtin_ctz(orders)].first);
    block_remove(f);
    block_split(f, order);
    f->count |= FRAME_OFF_LIST;
    return f;
}

struct frame *zone_take_small(struct zone *zone, unsigned int order, bool dirty)
{
    for (uint32_t orders = zone->orders; orders; orders &= orders - 1) {
        const struct free_list *list = &zone->list[__builtin_ctz(orders)];
        struct frame *f = frame_at(dirty ? list->last : list->first);
        if (!(f->aux & BLOCK_DIRTY) != !dirty)
            continue;
        block_remove(f);
        if ((f->aux & BLOCK_ORDER) > order)
            block_split(f, order);
        f->count |= FRAME_OFF_LIST;
        return f;
    }
    return NULL;
}

/* Somebody needs large blocks more than clean ones: join clean and dirty neighbours. */
void zone_join(struct zone *zone)
{
    for (unsigned int o = 0; o < HEAP_MAX_ORDER; o++) {
        for (uint32_t nr = zone->list[o].first, next; nr != FRAME_NONE; nr = next) {
            struct frame *f = frame_at(nr), *buddy = block_buddy(nr, o);
            next = f->next;
            if (!buddy)
                continue;
            next = next == number_of(buddy) ? buddy->next : next;
            block_remove(f);
            block_remove(buddy);
            block_insert(min(f, buddy), o + 1, true);
        }
    }
}

void zones_init(struct zone *zones)
{
    for (unsigned int z = 0; z < ZONES; z++) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++)
            zones[z].list[o] = (struct free_list){ FRAME_NONE, FRAME_NONE };
    }
}

uint64_t node_free(unsigned int node, unsigned int top_zone)
{
    uint64_t pages = 0;
    for (unsigned int z = top_zone; z > 0; z--)
        pages += node_zones[node][z].free;
    return pages;
}

unsigned int zone_below(unsigned int bits)
{
    if (bits == 0)
        return ZONES - 1;
    return bits <= PAGE_SHIFT ? 0 : min(bits - PAGE_SHIFT, ZONES - 1u);
}
