/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page allocator: free memory in blocks of 2^order frames, aligned to their size (buddies).
 *
 * Blocks are kept by zone, which is the width of their frame numbers: zone z holds frames 2^(z-1)
 * .. 2^z - 1.  So a limit on the width of addresses is a limit on zones, and taking from the top
 * zone first keeps low memory for those who need it.  No block straddles zones, because frame 0
 * is never free.
 *
 * A free block's first frame is its head: on its zone's list (next, prev), aux = its order and
 * BLOCK_DIRTY if any of its frames may be.  Every free frame has FRAME_FREE, which catches frames
 * freed twice, and FRAME_DIRTY if it must be erased before another owner sees it.  The head's
 * state changes under heap_lock only; other frames of a block belong to whoever holds the block,
 * for no neighbour can be freed or merged with a part of it.
 *
 * A buddy that has FRAME_FREE and the same order in aux is a head: were it inside a larger free
 * block, then that block would contain us as well.
 *
 * Lock: heap_lock, never held while memory is erased.  Not for interrupt handlers.
 */
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"

#define ZONES           33
#define BLOCK_DIRTY     0x100u
#define BLOCK_ORDER     0x0ffu
#define SCRUB_ORDER     4               /* what idle time erases at once */

#define UNOWNED         ((uint64_t)DOMID_INVALID << FRAME_OWNER_SHIFT)
#define STATE_FREE      (FRAME_FREE | UNOWNED)
#define STATE_ALLOCATED (FRAME_ALLOCATED | UNOWNED)

struct free_list {
    uint32_t first, last;               /* clean blocks are at the front, dirty ones at the back */
};

struct zone {
    uint64_t free;                      /* pages */
    uint32_t orders;                    /* bit per order: its list is not empty */
    struct free_list list[HEAP_MAX_ORDER + 1];
};

struct bad_range {
    uint64_t first, last;
};

DEFINE_SPINLOCK(heap_lock, LOCK_HEAP);
uint64_t heap_nr_free;
static struct zone zones[ZONES];        /* under heap_lock */
static uint64_t total_pages;
static uint64_t dirty_hint;             /* dirty frames freed and not yet seen erased; about */

static struct bad_range bad_ranges[32];
static unsigned int nr_bad_ranges;
static enum { BOOTSCRUB_OFF, BOOTSCRUB_ON, BOOTSCRUB_IDLE } bootscrub = BOOTSCRUB_IDLE;

/* ---- Options -------------------------------------------------------------------------------- */

/* badpage=<frame>[-<frame>][,...] */
static int parse_badpage(const char *s)
{
    while (nr_bad_ranges < ARRAY_SIZE(bad_ranges)) {
        struct bad_range *r = &bad_ranges[nr_bad_ranges];
        if (parse_uint_prefix(s, &s, &r->first)) {
            return -EINVAL;
        }
        r->last = r->first;
        if (*s == '-' && parse_uint_prefix(s + 1, &s, &r->last)) {
            return -EINVAL;
        }
        if (r->last < r->first) {
            return -EINVAL;
        }
        nr_bad_ranges++;
        if (*s++ != ',') {
            return s[-1] ? -EINVAL : 0;
        }
    }
    return -EINVAL;
}

static int parse_bootscrub(const char *s)
{
    size_t len = strlen(s);
    int value = len ? parse_bool(s, len) : 1;
    if (value < 0 && strcmp(s, "idle")) {
        return -EINVAL;
    }
    bootscrub = value < 0 ? BOOTSCRUB_IDLE : value ? BOOTSCRUB_ON : BOOTSCRUB_OFF;
    return 0;
}

OPTION_CUSTOM(badpage, "badpage", parse_badpage);
OPTION_CUSTOM(bootscrub, "bootscrub", parse_bootscrub);

/* ---- Blocks: all under heap_lock ------------------------------------------------------------ */

static struct frame *frame_at(uint32_t nr) { return mfn_to_frame(mfn_of(nr)); }
static uint32_t number_of(const struct frame *f) { return (uint32_t)mfn_nr(frame_to_mfn(f)); }
static unsigned int zone_of(uint32_t nr) { return ilog2(nr) + 1; }

static void block_insert(struct frame *f, unsigned int order, bool dirty)
{
    uint32_t nr = number_of(f);
    struct zone *zone = &zones[zone_of(nr)];
    struct free_list *list = &zone->list[order];

    f->aux = order | (dirty ? BLOCK_DIRTY : 0);
    f->next = dirty ? FRAME_NONE : list->first;
    f->prev = dirty ? list->last : FRAME_NONE;
    if (f->next != FRAME_NONE) {
        frame_at(f->next)->prev = nr;
    } else {
        list->last = nr;
    }
    if (f->prev != FRAME_NONE) {
        frame_at(f->prev)->next = nr;
    } else {
        list->first = nr;
    }
    zone->orders |= 1u << order;
    zone->free += 1ull << order;
    heap_nr_free += 1ull << order;
}

static void block_remove(struct frame *f)
{
    unsigned int order = f->aux & BLOCK_ORDER;
    struct zone *zone = &zones[zone_of(number_of(f))];
    struct free_list *list = &zone->list[order];

    if (f->next != FRAME_NONE) {
        frame_at(f->next)->prev = f->prev;
    } else {
        list->last = f->prev;
    }
    if (f->prev != FRAME_NONE) {
        frame_at(f->prev)->next = f->next;
    } else {
        list->first = f->next;
    }
    if (list->first == FRAME_NONE) {
        zone->orders &= ~(1u << order);
    }
    zone->free -= 1ull << order;
    heap_nr_free -= 1ull << order;
}

/* The block's free buddy of the same order, or NULL. */
static struct frame *block_buddy(uint32_t nr, unsigned int order)
{
    uint32_t buddy = nr ^ (1u << order);
    if (buddy == 0 || !mfn_valid(mfn_of(buddy))) {
        return NULL;
    }
    struct frame *f = frame_at(buddy);
    return (f->count & FRAME_FREE) && (f->aux & BLOCK_ORDER) == order ? f : NULL;
}

/*
 * A block whose frames all are FRAME_FREE returns to the lists, joined with its free neighbours;
 * not with dirty ones if it is clean nor the reverse, or idle time would never be done with
 * erasing.
 */
static void block_free(struct frame *f, unsigned int order, bool dirty)
{
    while (order < HEAP_MAX_ORDER) {
        struct frame *buddy = block_buddy(number_of(f), order);
        if (!buddy || !(buddy->aux & BLOCK_DIRTY) != !dirty) {
            break;
        }
        block_remove(buddy);
        f = buddy < f ? buddy : f;
        order++;
    }
    block_insert(f, order, dirty);
}

/* Keep the lower 2^order frames of a block that is on no list. */
static void block_split(struct frame *f, unsigned int order)
{
    bool dirty = f->aux & BLOCK_DIRTY;
    for (unsigned int o = f->aux & BLOCK_ORDER; o-- > order; ) {
        block_insert(f + (1u << o), o, dirty);
    }
    f->aux = order | (dirty ? BLOCK_DIRTY : 0);
}

static struct frame *zone_take(struct zone *zone, unsigned int order)
{
    uint32_t orders = zone->orders >> order << order;
    if (!orders) {
        return NULL;
    }
    struct frame *f = frame_at(zone->list[__builtin_ctz(orders)].first);
    block_remove(f);
    block_split(f, order);
    return f;
}

/* Somebody needs large blocks more than clean ones: join clean and dirty neighbours. */
static void zone_join(struct zone *zone)
{
    for (unsigned int o = 0; o < HEAP_MAX_ORDER; o++) {
        for (uint32_t nr = zone->list[o].first, next; nr != FRAME_NONE; nr = next) {
            struct frame *f = frame_at(nr), *buddy = block_buddy(nr, o);
            next = f->next;
            if (!buddy) {
                continue;
            }
            next = next == number_of(buddy) ? buddy->next : next;
            block_remove(f);
            block_remove(buddy);
            block_insert(min(f, buddy), o + 1, true);
        }
    }
}

static struct frame *block_take(unsigned int order, unsigned int top_zone)
{
    for (unsigned int z = top_zone; z > 0; z--) {
        struct frame *f = zone_take(&zones[z], order);
        if (f) {
            return f;
        }
    }
    for (unsigned int z = order ? top_zone : 0; z > 0; z--) {
        zone_join(&zones[z]);
        struct frame *f = zone_take(&zones[z], order);
        if (f) {
            return f;
        }
    }
    return NULL;
}

/* ---- Allocation ----------------------------------------------------------------------------- */

static void frame_erase(struct frame *f)
{
    memset(frame_to_virt(f), 0, PAGE_SIZE);
}

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
        atomic_sub(&dirty_hint, nr_dirty);
    }
}

/* The highest zone whose addresses fit; 0: none. */
static unsigned int zone_below(unsigned int bits)
{
    if (bits == 0) {
        return ZONES - 1;
    }
    return bits <= PAGE_SHIFT ? 0 : min(bits - PAGE_SHIFT, ZONES - 1u);
}

struct frame *heap_alloc_for(struct domain *d, unsigned int order, unsigned int flags)
{
    if (order > HEAP_MAX_ORDER) {
        return NULL;
    }
    unsigned int top_zone = zone_below(flags >> HEAP_BITS_SHIFT);

    spin_lock(&heap_lock);
    struct frame *f = claim_allows(d, 1ull << order) ? block_take(order, top_zone) : NULL;
    if (!f) {
        spin_unlock(&heap_lock);
        return NULL;
    }
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
    atomic_add(&dirty_hint, 1ull << order);

    spin_lock(&heap_lock);
    check(!(f->count & FRAME_FREE));
    f->count = STATE_FREE | FRAME_DIRTY;
    f->type = 0;
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

/* ---- Erasing ahead of time ------------------------------------------------------------------ */

/*
 * A dirty block of at most 2^SCRUB_ORDER frames, taken out of the heap; NULL if there is none at
 * the lists' ends.
 */
static struct frame *dirty_block_take(void)
{
    for (unsigned int z = ZONES - 1; z > 0; z--) {
        for (uint32_t orders = zones[z].orders; orders; orders &= orders - 1) {
            struct frame *f = frame_at(zones[z].list[__builtin_ctz(orders)].last);
            if (!(f->aux & BLOCK_DIRTY)) {
                continue;
            }
            block_remove(f);
            if ((f->aux & BLOCK_ORDER) > SCRUB_ORDER) {
                block_split(f, SCRUB_ORDER);
            }
            return f;
        }
    }
    return NULL;
}

/* While the block is out, its head is not FRAME_FREE, so no neighbour joins it. */
bool heap_scrub_idle(void)
{
    if (likely(read_once(dirty_hint) == 0)) {
        return false;
    }
    spin_lock(&heap_lock);
    struct frame *f = dirty_block_take();
    if (!f) {
        spin_unlock(&heap_lock);
        return false;
    }
    unsigned int order = f->aux & BLOCK_ORDER;
    bool is_dirty = f->count & FRAME_DIRTY;
    f->count = STATE_ALLOCATED;
    spin_unlock(&heap_lock);

    arch_frames_settle(f, order);
    uint64_t erased = is_dirty;
    if (is_dirty) {
        frame_erase(f);
    }
    for (uint32_t i = 1; i < 1u << order; i++) {
        if (f[i].count & FRAME_DIRTY) {
            frame_erase(&f[i]);
            f[i].count = STATE_FREE;
            erased++;
        }
    }
    atomic_sub(&dirty_hint, erased);

    spin_lock(&heap_lock);
    f->count = STATE_FREE;
    block_free(f, order, false);
    spin_unlock(&heap_lock);
    return true;
}

/* All free frames are to be erased, sooner or later. */
static void heap_mark_dirty(void)
{
    spin_lock(&heap_lock);
    for (unsigned int z = 1; z < ZONES; z++) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
            for (uint32_t nr = zones[z].list[o].first; nr != FRAME_NONE; nr = frame_at(nr)->next) {
                struct frame *f = frame_at(nr);
                f->aux |= BLOCK_DIRTY;
                for (uint32_t i = 0; i < 1u << o; i++) {
                    dirty_hint += !(f[i].count & FRAME_DIRTY);
                    f[i].count |= FRAME_DIRTY;
                }
            }
        }
    }
    spin_unlock(&heap_lock);
}

void heap_scrub_all(void)
{
    if (bootscrub == BOOTSCRUB_OFF) {
        return;
    }
    heap_mark_dirty();
    if (bootscrub == BOOTSCRUB_ON) {
        log_info("heap: erasing %lu MiB of free memory", heap_nr_free >> (20 - PAGE_SHIFT));
        while (heap_scrub_idle()) { }
    }
}

/* ---- Boot, and what others ask -------------------------------------------------------------- */

static bool range_is_bad(uint64_t first, uint64_t last)
{
    for (unsigned int i = 0; i < nr_bad_ranges; i++) {
        if (first <= bad_ranges[i].last && last >= bad_ranges[i].first) {
            return true;
        }
    }
    return false;
}

/* The largest block that starts here, ends before `end` and has no bad frame. */
static unsigned int block_order_at(uint64_t nr, uint64_t end)
{
    unsigned int order = min((unsigned int)__builtin_ctzll(nr), (unsigned int)HEAP_MAX_ORDER);
    while (order > 0
           && (nr + (1ull << order) > end || range_is_bad(nr, nr + (1ull << order) - 1))) {
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
        total_pages += 1ull << order;
        block_free(f, order, false);
        spin_unlock(&heap_lock);
    }
}

uint64_t heap_free_pages(void) { return heap_nr_free; }
uint64_t heap_total_pages(void) { return total_pages; }

uint64_t heap_free_pages_below(unsigned int bits)
{
    uint64_t pages = 0;
    for (unsigned int z = zone_below(bits); z > 0; z--) {
        pages += zones[z].free;
    }
    return pages;
}

static void show_memory(unsigned char key)
{
    (void)key;
    log_always("heap: %lu KiB of %lu KiB free, %lu KiB claimed, %lu KiB to be erased",
               heap_nr_free << 2, total_pages << 2, heap_claimed_pages() << 2, dirty_hint << 2);
    for (unsigned int z = 1; z < ZONES; z++) {
        if (zones[z].free) {
            log_always("heap: addresses of %2u bits: %lu KiB free", z + PAGE_SHIFT,
                       zones[z].free << 2);
        }
    }
}

static void show_heap(unsigned char key)
{
    show_memory(key);
    spin_lock(&heap_lock);
    for (unsigned int z = 1; z < ZONES; z++) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
            unsigned int blocks = 0;
            for (uint32_t nr = zones[z].list[o].first; nr != FRAME_NONE; nr = frame_at(nr)->next) {
                blocks++;
            }
            if (blocks) {
                log_always("heap: zone %2u order %2u: %u blocks", z, o, blocks);
            }
        }
    }
    spin_unlock(&heap_lock);
}

void heap_init(void)
{
    for (unsigned int z = 0; z < ZONES; z++) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
            zones[z].list[o] = (struct free_list){ FRAME_NONE, FRAME_NONE };
        }
    }
    key_register('m', show_memory, "memory: free, claimed, by address width");
    key_register('H', show_heap, "memory: free blocks of the heap");
}
