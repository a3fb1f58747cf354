/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's pages: given, taken, counted.
 *
 * The list goes through the frames themselves (next, prev).  Lock: d->page_lock for list and
 * counts.  A domain with pages holds one reference on itself, so that its structure outlives the
 * last page that others still map.
 */
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/frame.h>
#include <xen/heap.h>
#include <xen/printk.h>

#include "private.h"

static uint32_t number(const struct frame *f) { return (uint32_t)frame_to_mfn(f).m; }
static struct frame *by_number(uint32_t n) { return mfn_to_frame(mfn_of(n)); }

static void link_frame(uint32_t *list, struct frame *f)
{
    f->prev = FRAME_NONE;
    f->next = *list;
    if (f->next != FRAME_NONE)
        by_number(f->next)->prev = number(f);
    *list = number(f);
}

/* It is on one of two lists; the first of either has no predecessor. */
static void unlink_frame(struct domain *d, struct frame *f)
{
    if (f->prev != FRAME_NONE)
        by_number(f->prev)->next = f->next;
    else if (d->page_list == number(f))
        d->page_list = f->next;
    else
        d->relinquish_list = f->next;
    if (f->next != FRAME_NONE)
        by_number(f->next)->prev = f->prev;
}

int domain_assign_frame(struct domain *d, struct frame *f, unsigned int order)
{
    uint64_t n = 1UL << order;

    spin_lock(&d->page_lock);
    if (d->dying || d->tot_pages + n > d->max_pages || d->tot_pages + n < n) {
        spin_unlock(&d->page_lock);
        return refuse(d, -ENOMEM, "wants %lu pages more than its limit of %lu allows", n,
                      d->max_pages);
    }
    bool first = !d->tot_pages;
    d->tot_pages += n;
    for (uint64_t i = 0; i < n; i++) {
        f[i].type = 0;
        link_frame(&d->page_list, &f[i]);
        __atomic_store_n(&f[i].count,
                         FRAME_ALLOCATED | FRAME_LISTED | (uint64_t)d->id << FRAME_OWNER_SHIFT | 1,
                         __ATOMIC_RELEASE);
    }
    spin_unlock(&d->page_lock);
    if (first)
        check(domain_get(d));
    return 0;
}

struct frame *domain_alloc_frame(struct domain *d, unsigned int order, unsigned int heap_flags)
{
    struct frame *f = heap_alloc_for(d, order, heap_flags);

    if (!f)
        return NULL;
    if (domain_assign_frame(d, f, order)) {
        heap_free(f, order);
        return NULL;
    }
    return f;
}

/* Out of the owner's list and count.  True: that was its last page. */
static bool forget_frame(struct domain *d, struct frame *f)
{
    spin_lock(&d->page_lock);
    unlink_frame(d, f);
    bool last = !--d->tot_pages;
    spin_unlock(&d->page_lock);
    return last;
}

/* The last reference went. */
void domain_frame_released(struct frame *f)
{
    uint64_t count = read_once(f->count);

    check(!(count & FRAME_HYPERVISOR));
    check(!frame_type_refs(f));         /* somebody would still use it: see invariant 5 */
    if (unlikely(count & FRAME_ORPHAN)) {
        arch_frame_left(f);
        heap_free(f, 0);
        return;
    }
    struct domain *d = domain_by_id_unlocked(frame_owner_id(f));
    check(d && (count & FRAME_LISTED));
    bool last = forget_frame(d, f);
    arch_frame_left(f);
    heap_free_domain_page(f);
    if (last)
        domain_put(d);
}

int domain_steal_frame(struct domain *d, struct frame *f)
{
    /* Exactly the allocation's reference and the caller's, and no type in use: then it can change
     * hands. */
    uint64_t old = read_once(f->count);
    do {
        if ((old & FRAME_REFS_MASK) != 2 || !(old & FRAME_ALLOCATED) || !(old & FRAME_LISTED) ||
            (old & FRAME_OWNER_MASK) != (uint64_t)d->id << FRAME_OWNER_SHIFT)
            return refuse(d, -EINVAL, "gives away mfn %lx, which is in use", frame_to_mfn(f).m);
    } while (!atomic_cas(&f->count, &old,
                         FRAME_ALLOCATED | (uint64_t)DOMID_INVALID << FRAME_OWNER_SHIFT | 1));
    assert(!frame_type_refs(f));
    f->type = 0;
    arch_frame_left(f);
    if (forget_frame(d, f))
        domain_put(d);
    return 0;
}

/* Teardown takes pages from the front; each waits on the second list until its last reference goes.
 * With a reference. */
struct frame *domain_next_page_to_relinquish(struct domain *d)
{
    struct frame *f = NULL;

    spin_lock(&d->page_lock);
    while (d->page_list != FRAME_NONE && !f) {
        f = by_number(d->page_list);
        unlink_frame(d, f);
        link_frame(&d->relinquish_list, f);
        if (!frame_get(f, d))
            /* being freed at this moment, by somebody who waits for the lock */
            f = NULL;
    }
    spin_unlock(&d->page_lock);
    return f;
}

/* Not finished with it: next time again.  Uses up the reference. */
void domain_requeue_page(struct domain *d, struct frame *f)
{
    spin_lock(&d->page_lock);
    unlink_frame(d, f);
    link_frame(&d->page_list, f);
    spin_unlock(&d->page_lock);
    frame_put(f);
}
