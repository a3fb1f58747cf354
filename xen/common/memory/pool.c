/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small objects: pages cut into pieces of one size class; larger sizes are whole pages.
 *
 * A piece is aligned to the largest power of two that divides its class, 16 at least.  What is
 * known about a cut page stands in its struct frame, so that pieces fill the page: aux says the
 * class, next and prev link the pages of a class that have a free piece, type holds the number of
 * pieces in use and where the first free piece is.  A free piece begins with the offset of the
 * next one.  A class keeps one wholly free page; others return to the heap.
 *
 * Lock: one per class; the heap is never called with it held.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/assert.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/spinlock.h>

#define AUX_CLASS       0x10000u        /* aux of a cut page: this and the class */
#define AUX_WHOLE       0x20000u        /* aux of the first of whole pages: this and the order */
#define AUX_VALUE       0x0ffffu
#define NO_PIECE        0xffffu

static const uint16_t class_size[] = { 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048 };
#define CLASSES         ARRAY_SIZE(class_size)
#define LARGEST_PIECE   2048

static struct pool_class {
    struct spinlock lock;               /* LOCK_POOL */
    uint32_t first;                     /* pages with a free piece */
    uint32_t nr_empty;                  /* of those, wholly free ones */
} classes[CLASSES] = {
    [0 ... CLASSES - 1] = { .lock = SPINLOCK_INIT(LOCK_POOL), .first = FRAME_NONE },
};

static struct frame *frame_at(uint32_t nr) { return mfn_to_frame(mfn_of(nr)); }
static uint32_t number_of(const struct frame *f) { return (uint32_t)mfn_nr(frame_to_mfn(f)); }

/* The two numbers in a cut page's type field. */
static unsigned int page_used(const struct frame *f) { return (unsigned int)(f->type >> 16); }
static unsigned int page_free_piece(const struct frame *f) { return f->type & 0xffff; }
static void page_set(struct frame *f, unsigned int used, unsigned int piece)
{
    f->type = (uint64_t)used << 16 | piece;
}

static unsigned int class_of(size_t size)
{
    unsigned int c = 0;
    while (class_size[c] < size)
        c++;
    return c;
}

static void page_link(struct pool_class *pool, struct frame *f)
{
    f->next = pool->first;
    f->prev = FRAME_NONE;
    if (f->next != FRAME_NONE)
        frame_at(f->next)->prev = number_of(f);
    pool->first = number_of(f);
}

static void page_unlink(struct pool_class *pool, struct frame *f)
{
    if (f->next != FRAME_NONE)
        frame_at(f->next)->prev = f->prev;
    if (f->prev != FRAME_NONE)
        frame_at(f->prev)->next = f->next;
    else
        pool->first = f->next;
}

static struct frame *page_make(unsigned int c)
{
    char *page = alloc_pages(0, HEAP_ANY);
    if (!page)
        return NULL;
    unsigned int size = class_size[c], last = (PAGE_SIZE / size - 1) * size;
    for (unsigned int at = 0; at <= last; at += size)
        *(uint16_t *)(page + at) = (uint16_t)(at == last ? NO_PIECE : at + size);
    struct frame *f = virt_to_frame(page);
    f->aux = AUX_CLASS | c;
    page_set(f, 0, 0);
    return f;
}

/* Under the class's lock; NULL when no page has a free piece. */
static void *piece_take(struct pool_class *pool)
{
    if (pool->first == FRAME_NONE)
        return NULL;
    struct frame *f = frame_at(pool->first);
    char *piece = (char *)frame_to_virt(f) + page_free_piece(f);
    unsigned int used = page_used(f), next = *(uint16_t *)piece;

    if (used == 0)
        pool->nr_empty--;
    page_set(f, used + 1, next);
    if (next == NO_PIECE)
        page_unlink(pool, f);
    return piece;
}

static void *piece_alloc(unsigned int c)
{
    struct pool_class *pool = &classes[c];
    spin_lock(&pool->lock);
    void *piece = piece_take(pool);
    spin_unlock(&pool->lock);
    if (likely(piece))
        return piece;
    struct frame *f = page_make(c);
    if (!f)
        return NULL;
    spin_lock(&pool->lock);
    page_link(pool, f);
    pool->nr_empty++;
    piece = piece_take(pool);
    spin_unlock(&pool->lock);
    return piece;
}

static void *whole_alloc(size_t size)
{
    unsigned int order = ilog2_up(div_round_up(size, PAGE_SIZE));
    void *p = order <= HEAP_MAX_ORDER ? alloc_pages(order, HEAP_ANY) : NULL;
    if (p)
        virt_to_frame(p)->aux = AUX_WHOLE | order;
    return p;
}

void *pool_alloc(size_t size)
{
    return likely(size <= LARGEST_PIECE) ? piece_alloc(class_of(size)) : whole_alloc(size);
}

void *pool_zalloc(size_t size)
{
    void *p = pool_alloc(size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *pool_zalloc_array(size_t size, size_t n)
{
    size_t bytes;
    return __builtin_mul_overflow(size, n, &bytes) ? NULL : pool_zalloc(bytes);
}

/* For debug builds: is this piece free already? */
static bool piece_is_free(const struct frame *f, unsigned int at)
{
    const char *page = frame_to_virt(f);
    for (unsigned int p = page_free_piece(f); p != NO_PIECE; p = *(const uint16_t *)(page + p)) {
        if (p == at)
            return true;
    }
    return false;
}

static void piece_free(struct frame *f, void *p)
{
    unsigned int c = f->aux & AUX_VALUE, at = (unsigned int)((uintptr_t)p & (PAGE_SIZE - 1));
    struct pool_class *pool = &classes[c];
    struct frame *surplus = NULL;

    check(c < CLASSES && at % class_size[c] == 0);
    spin_lock(&pool->lock);
    assert(!piece_is_free(f, at));
    unsigned int used = page_used(f), next = page_free_piece(f);
    check(used > 0);
    *(uint16_t *)p = (uint16_t)next;
    page_set(f, used - 1, at);
    if (next == NO_PIECE)
        page_link(pool, f);
    if (used == 1 && pool->nr_empty++ > 0) {
        page_unlink(pool, f);
        pool->nr_empty--;
        surplus = f;
    }
    spin_unlock(&pool->lock);
    if (surplus)
        heap_free(surplus, 0);
}

void pool_free(void *p)
{
    if (!p)
        return;
    struct frame *f = virt_to_frame(p);
    if (f->aux & AUX_CLASS) {
        piece_free(f, p);
        return;
    }
    check((f->aux & AUX_WHOLE) && ((uintptr_t)p & (PAGE_SIZE - 1)) == 0);
    free_pages(p, f->aux & AUX_VALUE);
}

const struct lib_allocator pool_allocator = { .alloc = pool_alloc, .free = pool_free };
