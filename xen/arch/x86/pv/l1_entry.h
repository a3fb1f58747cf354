/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of L1 tables: what one holds, taken, given back, replaced.  Inline, because guests do
 * nothing more often.  What is refused is said out of line, in table_types.c.
 */
#ifndef PV_L1_ENTRY_H
#define PV_L1_ENTRY_H

#include <x86/frame_inline.h>

#include "private.h"

/* Protection keys' bits and our own mark are not the guest's to set. */
#define FORBIDDEN       (0xfUL << 59)

/* The rare halves (table_types.c). */
int pv_l1_get_io(struct domain *d, struct domain *fd, mfn_t mfn) must_check;
int pv_l1_refused(struct domain *d, struct domain *fd, pte_t e, int rc) must_check;
void pv_l1_grant_removed(struct domain *d);

/* Guest kernels run in ring 3, so all their pages must be user pages; and a global entry would
 * outlive a change of address space. */
static inline pte_t adjust_entry(pte_t e) { return (e | PTE_USER) & ~(pte_t)PTE_GLOBAL; }

static inline int pv_l1_get(struct domain *d, struct domain *fd, pte_t *pe)
{
    pte_t e = *pe;

    if (unlikely(e & FORBIDDEN))
        return pv_l1_refused(d, fd, e, -EINVAL);
    mfn_t mfn = pte_mfn(e);
    *pe = adjust_entry(e);
    if (unlikely(!mfn_valid_inline(mfn)))
        return pv_l1_get_io(d, fd, mfn);
    struct frame *f = mfn_to_frame(mfn);
    if (unlikely(!frame_get_inline(f, fd)))
        /* device memory has frames too, which nobody owns */
        return pv_l1_get_io(d, fd, mfn);
    if (!(e & PTE_WRITE))
        return 0;
    int rc = frame_get_type_inline(f, FRAME_KIND_WRITABLE);
    if (unlikely(rc)) {
        frame_put(f);
        return pv_l1_refused(d, fd, e, rc);
    }
    return 0;
}

static inline void pv_l1_put(struct domain *d, pte_t e)
{
    mfn_t mfn = pte_mfn(e);

    if (unlikely(e & PTE_GRANT))
        pv_l1_grant_removed(d);
    if (unlikely(!mfn_valid_inline(mfn)))
        return;
    struct frame *f = mfn_to_frame(mfn);
    if (unlikely(frame_owner_id(f) == DOMID_IO))
        return;
    if (e & PTE_WRITE)
        frame_put_type_inline(f);
    frame_put_inline(f);
}

/*
 * Replace entry *pe of a locked, validated L1 table of d; *before is what it was.  References for
 * the new value are taken first, so that failure changes nothing.  preserve_ad: accessed and dirty
 * bits that are set now stay; a grant's accessed bit always does (grant_map.c).
 */
static inline int pv_l1_exchange(struct domain *d, struct domain *fd, pte_t *pe, pte_t new,
                                 bool preserve_ad, pte_t *before)
{
    pte_t old = read_once(*pe);
    const pte_t what = PTE_ADDR_MASK | PTE_WRITE | PTE_PRESENT | FORBIDDEN;
    /* same frame, same way: no reference changes */
    bool same = (new & PTE_PRESENT) && !((old ^ new) & what);
    pte_t kept = preserve_ad && (new & PTE_PRESENT) ? PTE_ACCESSED | PTE_DIRTY : 0;

    if (same) {
        new = adjust_entry(new);
        if (unlikely(new & PTE_GRANT))
            kept |= PTE_ACCESSED;
    } else if (new & PTE_PRESENT) {
        int rc = pv_l1_get(d, fd, &new);
        if (unlikely(rc))
            return rc;
    }
    while (unlikely(!atomic_cas(pe, &old, new | (old & kept))))
        ;
    *before = old;
    if (!same && (old & PTE_PRESENT))
        pv_l1_put(d, old);
    return 0;
}

#endif
