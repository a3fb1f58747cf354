/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page allocator: free memory in blocks of 2^order frames, aligned to their size (buddies).
 *
 * Blocks are kept by zone, which is the width of their frame numbers: zone z holds frames 2^(z-1)
 * .. 2^z - 1.  So a limit on the width of addresses is a limit on zones, and taking from the top
 * zone first keeps low memory for those who need it.  No block straddles zones, because frame 0
 * is never free.  Each memory node has zones of its own, and no block straddles nodes.
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
 * What counts as free is on the lists, or off them for a moment while idle time erases it.
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
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/smp.h>

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
    uint64_t free;                      /* pages, those being erased among them */
    unsigned int erasing;               /* free blocks that are off the lists */
    uint32_t orders;                    /* bit per order: its list is not empty */
    struct free_list list[HEAP_MAX_ORDER + 1];
};

DEFINE_SPINLOCK(heap_lock, LOCK_HEAP);
uint64_t heap_nr_free;
static struct zone zones_of_0[ZONES];   /* under heap_lock, as those of the other nodes */
static struct zone *node_zones[HEAP_MAX_NODES] = { zones_of_0 };
static uint64_t node_total[HEAP_MAX_NODES];     /* pages */
static uint64_t total_pages;
static uint64_t dirty_hint;             /* dirty frames freed and not yet seen erased; about */

static enum { BOOTSCRUB_OFF, BOOTSCRUB_ON, BOOTSCRUB_IDLE } bootscrub = BOOTSCRUB_IDLE;

/* ---- Options -------------------------------------------------------------------------------- */

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

OPTION_CUSTOM(bootscrub, "bootscrub", parse_bootscrub);

/* ---- Blocks: all under heap_lock ------------------------------------------------------------ */

static struct frame *frame_at(uint32_t nr) { return mfn_to_frame(mfn_of(nr)); }
static uint32_t number_of(const struct frame *f) { return (uint32_t)mfn_nr(frame_to_mfn(f)); }
static unsigned int zone_of(uint32_t nr) { return ilog2(nr) + 1; }
static struct zone *zone_at(uint32_t nr) { return &node_zones[node_of_frame(nr)][zone_of(nr)]; }

static void block_insert(struct frame *f, unsigned int order, bool dirty)
{
    uint32_t nr = number_of(f);
    struct zone *zone = zone_at(nr);
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
}

static void block_remove(struct frame *f)
{
    unsigned int order = f->aux & BLOCK_ORDER;
    struct zone *zone = zone_at(number_of(f));
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
}

/* The block at f has become free, or no longer is. */
static void count_free(const struct frame *f, int64_t pages)
{
    zone_at(number_of(f))->free += pages;
    heap_nr_free += pages;
}

/* The block's free buddy of the same order, or NULL. */
static struct frame *block_buddy(uint32_t nr, unsigned int order)
{
    uint32_t buddy = nr ^ (1u << order);
    if (buddy == 0 || !mfn_valid(mfn_of(buddy)) || !node_is_same(min(nr, buddy), max(nr, buddy))) {
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

/* What an allocation looks for: see heap_alloc. */
struct wish {
    unsigned int order, top_zone;
    uint64_t nodes;                     /* wanted first */
    unsigned int node;                  /* the first of them, if among them */
    bool exact;                         /* and no others */
    bool busy;                          /* what there was is being erased */
};

/* From zones top..bottom+1 of one node; `join` makes large blocks of whatever there is. */
static struct frame *node_take(struct zone *zones, struct wish *w, unsigned int top,
                               unsigned int bottom, bool join)
{
    for (unsigned int z = top; z > bottom; z--) {
        if (join) {
            zone_join(&zones[z]);
        }
        struct frame *f = zone_take(&zones[z], w->order);
        if (f) {
            return f;
        }
        w->busy |= zones[z].erasing > 0;
    }
    return NULL;
}

static uint64_t node_free(unsigned int node, unsigned int top_zone)
{
    uint64_t pages = 0;
    for (unsigned int z = top_zone; z > 0; z--) {
        pages += node_zones[node][z].free;
    }
    return pages;
}

/* Of several nodes: the near one, or else the one with most to give. */
static unsigned int node_choose(uint64_t nodes, const struct wish *w)
{
    unsigned int best = w->node;
    if (best < HEAP_MAX_NODES && (nodes & 1ull << best)) {
        return best;
    }
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
        if (f) {
            return f;
        }
        nodes &= ~(1ull << n);
    }
    return NULL;
}

static struct frame *range_take(struct wish *w, unsigned int top, unsigned int bottom)
{
    for (unsigned int join = 0; top > bottom && join <= (w->order > 0); join++) {
        struct frame *f;
        if (likely(heap_nr_nodes == 1)) {
            f = node_take(zones_of_0, w, top, bottom, join);
        } else {
            f = nodes_take(w->nodes, w, top, bottom, join);
            if (!f && !w->exact) {
                f = nodes_take(node_wish(NULL) & ~w->nodes, w, top, bottom, join);
            }
        }
        if (f) {
            return f;
        }
    }
    return NULL;
}

/* Who could do with any address takes those that devices with few address lines can reach last,
 * and leaves the reserve. */
static struct frame *block_take(struct wish *w)
{
    if (likely(w->top_zone <= dma_zone || dma_zone == 0)) {
        return range_take(w, w->top_zone, 0);
    }
    struct frame *f = range_take(w, w->top_zone, dma_zone);
    return f || !dma_spares(1ull << w->order) ? f : range_take(w, dma_zone, 0);
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
unsigned int zone_below(unsigned int bits)
{
    if (bits == 0) {
        return ZONES - 1;
    }
    return bits <= PAGE_SHIFT ? 0 : min(bits - PAGE_SHIFT, ZONES - 1u);
}

/* node_plus_1: the one asked for, or 0.  One that has no memory is as good as none. */
static void wish_for_nodes(struct wish *w, const struct domain *d, unsigned int node_plus_1)
{
    uint64_t asked = node_plus_1 - 1 < heap_nr_nodes ? 1ull << (node_plus_1 - 1) : 0;
    w->nodes = asked & node_wish(NULL) ? asked : node_wish(d);
    w->node = node_preferred(d);
}

struct frame *heap_alloc_for(struct domain *d, unsigned int order, unsigned int flags)
{
    if (order > HEAP_MAX_ORDER) {
        return NULL;
    }
    struct wish wish = { .order = order, .exact = flags & HEAP_EXACT_NODE };
    wish.top_zone = zone_below((flags >> HEAP_BITS_SHIFT) & HEAP_BITS_MASK);
    if (unlikely(heap_nr_nodes > 1)) {
        wish_for_nodes(&wish, d, flags >> HEAP_NODE_SHIFT);
    }

    spin_lock(&heap_lock);
    struct frame *f;
    while (!claim_allows(d, 1ull << order) || !(f = block_take(&wish))) {
        bool again = order == 0 && wish.busy;
        spin_unlock(&heap_lock);
        if (!again) {
            return NULL;
        }
        /* The last pages are being erased: they are there in a moment. */
        cpu_relax();
        wish.busy = false;
        spin_lock(&heap_lock);
    }
    count_free(f, -(1ll << order));
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
    count_free(f, 1ll << order);
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
static struct frame *dirty_block_of(struct zone *zone)
{
    for (uint32_t orders = zone->orders; orders; orders &= orders - 1) {
        struct frame *f = frame_at(zone->list[__builtin_ctz(orders)].last);
        if (!(f->aux & BLOCK_DIRTY)) {
            continue;
        }
        block_remove(f);
        if ((f->aux & BLOCK_ORDER) > SCRUB_ORDER) {
            block_split(f, SCRUB_ORDER);
        }
        return f;
    }
    return NULL;
}

/* The nearest node first: the others' processors have time for theirs. */
static struct frame *dirty_block_take(void)
{
    unsigned int near = heap_nr_nodes > 1 ? node_of_cpu(smp_cpu()) : 0;
    for (unsigned int i = 0; i < heap_nr_nodes; i++) {
        unsigned int node = i == 0 ? near : i - (i <= near);
        for (unsigned int z = ZONES - 1; z > 0; z--) {
            struct frame *f = dirty_block_of(&node_zones[node][z]);
            if (f) {
                return f;
            }
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
    bool is_dirty = f->count & FRAME_DIRTY;
    f->count = STATE_ALLOCATED;
    zone_at(number_of(f))->erasing++;
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
    zone_at(number_of(f))->erasing--;
    f->count = STATE_FREE;
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
            dirty_hint += !(f[i].count & FRAME_DIRTY);
            f[i].count |= FRAME_DIRTY;
        }
    }
}

#define for_each_zone(zone)                                       \
    for (unsigned int n_ = 0; n_ < heap_nr_nodes; n_++)           \
        for (struct zone *zone = node_zones[n_]; zone < node_zones[n_] + ZONES; zone++)

/* All free frames are to be erased, sooner or later. */
static void heap_mark_dirty(void)
{
    spin_lock(&heap_lock);
    for_each_zone(zone) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
            list_mark_dirty(&zone->list[o], o);
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
        total_pages += 1ull << order;
        node_total[node_of_frame(number_of(f))] += 1ull << order;
        count_free(f, 1ll << order);
        block_free(f, order, false);
        spin_unlock(&heap_lock);
    }
}

uint64_t heap_free_pages(void) { return heap_nr_free; }
uint64_t heap_total_pages(void) { return total_pages; }

uint64_t heap_node_pages(unsigned int node) { return node_total[node]; }

uint64_t heap_node_free_below(unsigned int node, unsigned int bits)
{
    return node_free(node, zone_below(bits));
}

uint64_t heap_free_pages_below(unsigned int bits)
{
    uint64_t pages = 0;
    for (unsigned int node = 0; node < heap_nr_nodes; node++) {
        pages += heap_node_free_below(node, bits);
    }
    return pages;
}

static void show_memory(unsigned char key)
{
    (void)key;
    log_always("heap: %lu KiB of %lu KiB free, %lu KiB claimed, %lu KiB to be erased",
               heap_nr_free << 2, total_pages << 2, heap_claimed_pages() << 2, dirty_hint << 2);
    if (heap_reserved_pages()) {
        log_always("heap: %lu KiB kept for devices that need low addresses",
                   heap_reserved_pages() << 2);
    }
    for_each_zone(zone) {
        if (zone->free) {
            log_always("heap: node %u: addresses of %2u bits: %lu KiB free", n_,
                       (unsigned int)(zone - node_zones[n_]) + PAGE_SHIFT, zone->free << 2);
        }
    }
}

static void show_zone(unsigned int node, const struct zone *zone)
{
    for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
        unsigned int blocks = 0;
        for (uint32_t nr = zone->list[o].first; nr != FRAME_NONE; nr = frame_at(nr)->next) {
            blocks++;
        }
        if (blocks) {
            log_always("heap: node %u zone %2u order %2u: %u blocks", node,
                       (unsigned int)(zone - node_zones[node]), o, blocks);
        }
    }
}

static void show_heap(unsigned char key)
{
    show_memory(key);
    spin_lock(&heap_lock);
    for_each_zone(zone) {
        show_zone(n_, zone);
    }
    spin_unlock(&heap_lock);
}

static void zones_init(struct zone *zones)
{
    for (unsigned int z = 0; z < ZONES; z++) {
        for (unsigned int o = 0; o <= HEAP_MAX_ORDER; o++) {
            zones[z].list[o] = (struct free_list){ FRAME_NONE, FRAME_NONE };
        }
    }
}

void heap_init(void)
{
    zones_init(zones_of_0);
    key_register('m', show_memory, "memory: free, claimed, by address width");
    key_register('H', show_heap, "memory: free blocks of the heap");
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
    for (struct zone *zone = zones_of_0; zone < zones_of_0 + ZONES; zone++) {
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
    spin_lock(&heap_lock);
    uint32_t chain = take_all();
    nodes_init();
    while (chain != FRAME_NONE) {
        struct frame *f = frame_at(chain);
        chain = f->next;
        block_insert_by_node(f, f->aux & BLOCK_ORDER, f->aux & BLOCK_DIRTY);
    }
    node_total[0] = 0;
    for (unsigned int node = 0; node < heap_nr_nodes; node++) {
        node_total[node] += node_free(node, ZONES - 1);
    }
    spin_unlock(&heap_lock);
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
        for (unsigned int node = 0; node < heap_nr_nodes; node++) {
            log_info("heap: node %u: %lu MiB", node, node_total[node] >> (20 - PAGE_SHIFT));
        }
    }
    dma_init(heap_nr_nodes > 1);
}
