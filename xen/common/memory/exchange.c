/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XENMEM_exchange: pages for other pages, of another extent size or with lower addresses.
 *
 * Work goes chunk by chunk, a chunk being as many extents of either side as make one of the other.
 * Of a chunk the old pages are taken from the domain, then the new ones allocated; if that fails
 * the old ones go back to it.  After that nothing can fail but telling the guest.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/hypercall.h>
#include <xen/page.h>

#include "memop.h"

struct exchange {
    struct domain *d;
    struct xen_memory_exchange x;
    unsigned int in_shift, out_shift;   /* extents per chunk, as exponents */
    unsigned int heap_flags;
    uint32_t taken;                     /* old frames of the chunk, linked by `next` */
    uint32_t fresh;                     /* first frames of new extents, linked likewise */
};

static struct frame *pop(uint32_t *list)
{
    struct frame *f = mfn_to_frame(mfn_of(*list));
    *list = f->next;
    return f;
}

static void push(uint32_t *list, struct frame *f)
{
    f->next = *list;
    *list = (uint32_t)mfn_nr(frame_to_mfn(f));
}

static int take_page(struct exchange *e, uint64_t gmfn)
{
    struct frame *f = arch_gfn_to_frame(e->d, gfn_of(gmfn));
    if (!f)
        return refuse(e->d, -EINVAL, "exchanges mfn %lx, which is not its memory", gmfn);
    int rc = domain_steal_frame(e->d, f);
    if (rc)
        frame_put(f);
    else
        push(&e->taken, f);
    return rc;
}

static int take_old(struct exchange *e, unsigned long chunk)
{
    unsigned long extents = 1ul << e->in_shift, pages = 1ul << e->x.in.extent_order;

    for (unsigned long i = 0; i < extents; i++) {
        uint64_t gmfn;
        if (copy_from_guest_offset(&gmfn, e->x.in.extent_start, (chunk << e->in_shift) + i, 1))
            return -EFAULT;
        for (unsigned long k = 0; k < pages; k++) {
            int rc = take_page(e, gmfn + k);
            if (rc)
                return rc;
        }
    }
    return 0;
}

static int allocate_new(struct exchange *e)
{
    for (unsigned long i = 0; i < 1ul << e->out_shift; i++) {
        struct frame *f = heap_alloc(e->x.out.extent_order, e->heap_flags);
        if (!f)
            return -ENOMEM;
        push(&e->fresh, f);
    }
    return 0;
}

/* The old pages are the domain's again; they were within its limit a moment ago. */
static void undo(struct exchange *e)
{
    while (e->fresh != FRAME_NONE)
        heap_free(pop(&e->fresh), e->x.out.extent_order);
    while (e->taken != FRAME_NONE) {
        struct frame *f = pop(&e->taken);
        if (domain_assign_frame(e->d, f, 0))
            heap_free(f, 0);            /* it is dying: nobody will miss it */
    }
}

static void free_old(struct exchange *e)
{
    while (e->taken != FRAME_NONE) {
        struct frame *f = pop(&e->taken);
        arch_set_m2p(frame_to_mfn(f), ~0ull);
        heap_free(f, 0);
    }
}

/* A new extent becomes the domain's, with the place in its numbering that the guest has listed. */
static int give_extent(struct exchange *e, struct frame *f, unsigned long index)
{
    unsigned int order = e->x.out.extent_order;
    uint64_t mfn = mfn_nr(frame_to_mfn(f)), gpfn;

    if (domain_assign_frame(e->d, f, order)) {
        heap_free(f, order);
        return -EINVAL;
    }
    if (copy_from_guest_offset(&gpfn, e->x.out.extent_start, index, 1))
        return -EFAULT;
    for (unsigned long k = 0; k < 1ul << order; k++)
        arch_set_m2p(mfn_of(mfn + k), gpfn + k);
    return copy_to_guest_offset(e->x.out.extent_start, index, &mfn, 1) ? -EFAULT : 0;
}

static int exchange_chunk(struct exchange *e, unsigned long chunk)
{
    e->taken = e->fresh = FRAME_NONE;
    int rc = take_old(e, chunk);
    if (!rc)
        rc = allocate_new(e);
    if (rc) {
        undo(e);
        return rc;
    }
    free_old(e);
    for (unsigned long i = 0; e->fresh != FRAME_NONE; i++) {
        int bad = give_extent(e, pop(&e->fresh), (chunk << e->out_shift) + i);
        rc = rc ? rc : bad;
    }
    return rc;
}

static int check_request(struct exchange *e)
{
    const struct xen_memory_reservation *in = &e->x.in, *out = &e->x.out;
    unsigned int limit = memop_max_order();

    if (in->domid != out->domid)
        return -EINVAL;
    if (in->extent_order > limit || out->extent_order > limit)
        return -EPERM;
    if (in->nr_extents > ~0ul >> (in->extent_order + PAGE_SHIFT) ||
        out->nr_extents > ~0ul >> (out->extent_order + PAGE_SHIFT) ||
        in->nr_extents << in->extent_order != out->nr_extents << out->extent_order ||
        e->x.nr_exchanged > in->nr_extents || !memop_heap_flags(out->mem_flags, &e->heap_flags))
        return -EINVAL;
    if (in->extent_order <= out->extent_order)
        e->in_shift = out->extent_order - in->extent_order;
    else
        e->out_shift = in->extent_order - out->extent_order;
    /* A forged or odd starting point would tear a chunk apart. */
    return e->x.nr_exchanged & ((1ul << e->in_shift) - 1) ? -EINVAL : 0;
}

static int report_progress(const struct exchange *e, uint64_t arg)
{
    return copy_to_guest_va(arg + offsetof(struct xen_memory_exchange, nr_exchanged),
                            &e->x.nr_exchanged, sizeof(e->x.nr_exchanged)) ? -EFAULT : 0;
}

long memop_exchange(uint64_t arg)
{
    struct exchange e = { 0 };

    if (copy_arg_from_guest(&e.x, arg))
        return -EFAULT;
    int rc = check_request(&e);
    if (rc)
        return rc;
    rc = domain_find_for(e.x.in.domid, &e.d);
    if (rc)
        return rc;
    unsigned long chunk = e.x.nr_exchanged >> e.in_shift, end = e.x.in.nr_extents >> e.in_shift;
    bool interrupted = false;
    while (chunk < end && !rc && !interrupted) {
        rc = exchange_chunk(&e, chunk);
        chunk += !rc;
        interrupted = !rc && chunk < end && hypercall_preempt_check();
    }
    domain_put(e.d);
    e.x.nr_exchanged = chunk << e.in_shift;
    if (report_progress(&e, arg))
        return -EFAULT;
    if (interrupted)
        return hypercall_continue(__HYPERVISOR_memory_op, 2, (unsigned long)XENMEM_exchange,
                                  (unsigned long)arg);
    return rc;
}
