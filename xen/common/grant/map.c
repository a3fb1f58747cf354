/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping granted frames, and undoing it.
 *
 * A mapping is a word: GNTMAP_* flags (63:48), the granter (47:32), the entry (31:0).  Without
 * GNTMAP_host_map and GNTMAP_device_map it is no mapping: free, or about to become one.  BUSY
 * says that somebody is undoing it, and nobody else may; both are won by compare-and-swap, so two
 * vcpus that unmap one handle cannot both succeed.
 *
 * Undoing has two parts around the TLB flush: PTEs go at once; references and pins only after the
 * flush, since a stale translation may reach the frame until then.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/heap.h>
#include <xen/perf.h>
#include <xen/trace.h>

#include "private.h"

#define HALVES          (GNTMAP_host_map | GNTMAP_device_map)
#define STORED_FLAGS    (HALVES | GNTMAP_readonly | GNTMAP_application_map | GNTMAP_contains_pte)
#define BUSY            0x8000u
#define NO_HANDLE       UINT32_MAX
#define MAX_HANDLES     (1u << 30)

static uint64_t word_make(unsigned int flags, domid_t domid, grant_ref_t ref)
{
    return (uint64_t)flags << 48 | (uint64_t)domid << 32 | ref;
}
static unsigned int word_flags(uint64_t word) { return (unsigned int)(word >> 48); }
static domid_t word_domid(uint64_t word) { return (domid_t)(word >> 32); }
static grant_ref_t word_ref(uint64_t word) { return (grant_ref_t)word; }

/* ---- Handles --------------------------------------------------------------------------------- */

void grant_handles_init(struct grant_table *gt, unsigned int max_pages)
{
    spin_lock_init(&gt->grow_lock, LOCK_MAPTRACK);
    gt->max_handle_pages = min(max_pages, MAX_HANDLES / (unsigned int)HANDLES_PER_PAGE);
    for (unsigned int i = 0; i < HANDLE_LISTS; i++) {
        spin_lock_init(&gt->free[i].lock, LOCK_MAPTRACK);
        gt->free[i].first = NO_HANDLE;
    }
}

void grant_handles_free(struct grant_table *gt)
{
    for (unsigned int i = 0; i < gt->nr_handle_pages; i++)
        free_pages(gt->handles[i], 0);
    pool_free(gt->handles);
}

/* NULL: there is no such handle. */
static uint64_t *handle_word(const struct grant_table *gt, uint32_t handle)
{
    unsigned long page = handle / HANDLES_PER_PAGE, n = load_acquire(&gt->nr_handle_pages);
    if (page >= n)
        return NULL;
    return &gt->handles[index_nospec(page, n)][handle % HANDLES_PER_PAGE];
}

static uint32_t list_take(struct grant_table *gt, unsigned int n)
{
    struct grant_handle_list *list = &gt->free[n];
    spin_lock(&list->lock);
    uint32_t handle = list->first;
    if (handle != NO_HANDLE) {
        uint64_t *word = handle_word(gt, handle);
        list->first = (uint32_t)*word;
        write_once(*word, 0);
    }
    spin_unlock(&list->lock);
    return handle;
}

/* A chain from `first` to the word of its last; the links are words without flags. */
static void list_give(struct grant_table *gt, unsigned int n, uint32_t first, uint64_t *last)
{
    struct grant_handle_list *list = &gt->free[n];
    spin_lock(&list->lock);
    write_once(*last, list->first);
    list->first = first;
    spin_unlock(&list->lock);
}

static bool handles_grow(struct grant_table *gt, unsigned int n)
{
    uint64_t *page = NULL;
    spin_lock(&gt->grow_lock);
    uint32_t nr = gt->nr_handle_pages, first = nr * (uint32_t)HANDLES_PER_PAGE;
    if (!gt->handles)
        gt->handles = new_array(uint64_t *, gt->max_handle_pages);
    if (gt->handles && nr < gt->max_handle_pages)
        page = alloc_pages(0, HEAP_ANY);
    if (page) {
        for (uint32_t i = 0; i < HANDLES_PER_PAGE; i++)
            page[i] = first + i + 1;
        gt->handles[nr] = page;
        store_release(&gt->nr_handle_pages, nr + 1);
    }
    spin_unlock(&gt->grow_lock);
    if (page)
        list_give(gt, n, first, &page[HANDLES_PER_PAGE - 1]);
    return page;
}

static uint32_t handle_alloc(struct grant_table *gt)
{
    unsigned int n = current->vcpu_id % HANDLE_LISTS;
    uint32_t handle = list_take(gt, n);
    if (likely(handle != NO_HANDLE))
        return handle;
    if (handles_grow(gt, n))
        return list_take(gt, n);
    for (unsigned int i = 1; i < HANDLE_LISTS && handle == NO_HANDLE; i++)
        handle = list_take(gt, (n + i) % HANDLE_LISTS);
    return handle;
}

static void handle_free(struct grant_table *gt, uint32_t handle)
{
    list_give(gt, current->vcpu_id % HANDLE_LISTS, handle, handle_word(gt, handle));
}

/* ---- Map ------------------------------------------------------------------------------------- */

static void refs_put(struct frame *f, bool write, unsigned int n)
{
    while (n--)
        write ? frame_put_and_type(f) : frame_put(f);
}

/* The frame comes with one reference; make that n, each with a writable type if write. */
static int refs_take(struct domain *rd, struct frame *f, bool write, unsigned int n)
{
    if (write && frame_get_type(f, FRAME_KIND_WRITABLE)) {
        frame_put(f);
        return GNTST_general_error;
    }
    if (n == 2) {
        bool got = write ? !frame_get_and_type(f, rd, FRAME_KIND_WRITABLE) : frame_get(f, rd);
        if (!got) {
            refs_put(f, write, 1);
            return GNTST_general_error;
        }
    }
    return GNTST_okay;
}

static int map_entry(struct domain *rd, const struct gnttab_map_grant_ref *op, struct frame **f)
{
    bool write = !(op->flags & GNTMAP_readonly);
    unsigned int n = count_bits(op->flags & HALVES);
    struct grant_view view;

    int rc = grant_pin(rd, op->ref, current->domain->id, write ? PIN_WRITE : 0, n, &view);
    if (rc)
        return rc;
    rc = refs_take(rd, view.f, write, n);
    if (!rc && (op->flags & GNTMAP_host_map)) {
        rc = arch_grant_map(op->host_addr, frame_to_mfn(view.f), op->flags, 0);
        if (rc)
            refs_put(view.f, write, n);
    }
    if (rc)
        grant_unpin(rd, op->ref, write, n);
    *f = view.f;
    return rc;
}

static int map_grant(struct grant_batch *b, struct gnttab_map_grant_ref *op)
{
    struct grant_table *lgt = b->ld->grant;
    struct domain *rd = grant_batch_domain(b, op->dom);
    struct frame *f;

    if (!(op->flags & HALVES))
        return GNTST_bad_gntref;
    if (!rd || !rd->grant || rd->dying || !domain_get(rd))
        return GNTST_bad_domain;
    uint32_t handle = handle_alloc(lgt);
    if (handle == NO_HANDLE) {
        domain_put(rd);
        return GNTST_no_space;
    }
    int rc = map_entry(rd, op, &f);
    if (rc) {
        handle_free(lgt, handle);
        domain_put(rd);
        return rc;
    }
    trace_1(TRC_MEM_PAGE_GRANT_MAP, rd->id);
    perf_count(PERF_GRANT_MAP);
    op->handle = handle;
    op->dev_bus_addr = maddr_nr(mfn_to_maddr(frame_to_mfn(f)));
    store_release(handle_word(lgt, handle), word_make(op->flags & STORED_FLAGS, rd->id, op->ref));
    return GNTST_okay;
}

void grant_map_one(struct grant_batch *b, void *arg)
{
    struct gnttab_map_grant_ref *op = arg;
    op->status = (int16_t)map_grant(b, op);
}

/* ---- Unmap ----------------------------------------------------------------------------------- */

/* Make the mapping ours to undo: its word, or 0 if there is none. */
static uint64_t mapping_claim(const struct grant_table *gt, uint32_t handle)
{
    uint64_t *word = handle_word(gt, handle);
    if (!word)
        return 0;
    uint64_t old = read_once(*word);
    do {
        if (!(word_flags(old) & HALVES) || (word_flags(old) & BUSY))
            return 0;
    } while (!atomic_cas(word, &old, old | word_make(BUSY, 0, 0)));
    return old;
}

/* Once no TLB knows the mappings any more. */
static void unmapping_complete(struct domain *ld, const struct grant_unmapping *u)
{
    bool write = !(u->flags & GNTMAP_readonly);
    unsigned int n = count_bits(u->done);
    unsigned int left = u->flags & ~u->done;

    refs_put(u->f, write, n);
    grant_unpin(u->rd, u->ref, write, n);
    if (left & HALVES) {
        store_release(handle_word(ld->grant, u->handle), word_make(left, u->rd->id, u->ref));
        domain_put(u->rd);              /* the one that looking it up took */
        return;
    }
    domain_put(u->rd);
    domain_put(u->rd);                  /* and the mapping's */
    handle_free(ld->grant, u->handle);
}

void grant_unmap_finish(struct grant_batch *b)
{
    if (b->nr_unmaps == 0)
        return;
    if (b->must_flush)
        arch_flush_domain_tlb(b->ld);
    for (unsigned int i = 0; i < b->nr_unmaps; i++)
        unmapping_complete(b->ld, &b->unmaps[i]);
    b->nr_unmaps = 0;
    b->must_flush = false;
}

/* Which halves go: set in u->done.  new_addr: for unmap_and_replace. */
static int halves_undo(struct grant_unmapping *u, uint64_t host_addr, uint64_t dev_bus_addr,
                       uint64_t new_addr, bool *was_used)
{
    mfn_t mfn = frame_to_mfn(u->f);
    if (dev_bus_addr && (u->flags & GNTMAP_device_map)) {
        if ((dev_bus_addr & PAGE_MASK) != maddr_nr(mfn_to_maddr(mfn)))
            return GNTST_bad_dev_addr;
        u->done |= GNTMAP_device_map;
    }
    if (host_addr && (u->flags & GNTMAP_host_map)) {
        int rc = arch_grant_unmap(host_addr, mfn, new_addr, u->flags, was_used);
        if (rc) {
            u->done = 0;
            return rc;
        }
        u->done |= GNTMAP_host_map;
    }
    return GNTST_okay;
}

static int unmap_grant(struct grant_batch *b, uint32_t handle, uint64_t host_addr,
                       uint64_t dev_bus_addr, uint64_t new_addr)
{
    if (b->nr_unmaps == UNMAP_BATCH)
        grant_unmap_finish(b);
    uint64_t word = mapping_claim(b->ld->grant, handle);
    if (!word)
        return GNTST_bad_handle;
    struct grant_unmapping *u = &b->unmaps[b->nr_unmaps];
    u->rd = domain_find(word_domid(word));
    check(u->rd);                       /* the mapping holds a reference */
    u->handle = handle;
    u->ref = word_ref(word);
    u->flags = (uint16_t)word_flags(word);
    u->done = 0;
    u->f = grant_pinned_frame(u->rd, u->ref);

    bool was_used = false;
    int rc = halves_undo(u, host_addr, dev_bus_addr, new_addr, &was_used);
    b->must_flush |= was_used;
    if (u->done) {
        trace_1(TRC_MEM_PAGE_GRANT_UNMAP, u->rd->id);
        perf_count(PERF_GRANT_UNMAP);
        b->nr_unmaps++;
        return rc;
    }
    store_release(handle_word(b->ld->grant, handle), word);
    domain_put(u->rd);
    return rc;
}

void grant_unmap_one(struct grant_batch *b, void *arg)
{
    struct gnttab_unmap_grant_ref *op = arg;
    op->status = (int16_t)unmap_grant(b, op->handle, op->host_addr, op->dev_bus_addr, 0);
}

void grant_unmap_replace_one(struct grant_batch *b, void *arg)
{
    struct gnttab_unmap_and_replace *op = arg;
    op->status = (int16_t)unmap_grant(b, op->handle, op->host_addr, 0, op->new_addr);
}

/* ---- The end of a domain that has mappings -------------------------------------------------- */

/*
 * Its vcpus are gone, nobody else uses its handles.  PV page tables drop the host half's
 * references themselves.
 */
static void mapping_release(struct domain *d, uint64_t word)
{
    unsigned int flags = word_flags(word);
    bool write = !(flags & GNTMAP_readonly);
    struct domain *rd = domain_find(word_domid(word));
    check(rd);

    struct frame *f = grant_pinned_frame(rd, word_ref(word));
    refs_put(f, write, count_bits(flags & (d->is_hvm ? HALVES : GNTMAP_device_map)));
    grant_unpin(rd, word_ref(word), write, count_bits(flags & HALVES));
    domain_put(rd);
    domain_put(rd);
}

int grant_table_release_mappings(struct domain *d)
{
    struct grant_table *gt = d->grant;
    if (!gt)
        return 0;
    int budget = 1024;
    for (; gt->release_next < gt->nr_handle_pages * HANDLES_PER_PAGE; gt->release_next++) {
        uint64_t *word = handle_word(gt, gt->release_next);
        if (word_flags(*word) & HALVES) {
            mapping_release(d, *word);
            *word = 0;
            budget -= 16;
        }
        if (--budget < 16) {
            gt->release_next++;
            return -ERESTART;
        }
    }
    return 0;
}
