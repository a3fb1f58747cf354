/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What makes a frame a page table: every present entry points to something its owner may reach in that way, and holds
 * the references that say so.
 *
 *   L1 entry   the frame, of the domain itself or of the foreign domain it was allowed to name; writable entries hold a
 *              writable type; device memory holds nothing but must be in iomem_caps; PTE_GRANT marks what a grant mapped, which only its unmapping may remove
 *   L2..L4     a table of the next level down, of the same domain; no large pages, no table that contains itself
 *
 * Slots 256..271 of an L4 are ours, whatever the guest wrote there.
 */
#include <lib/rangeset.h>
#include <lib/string.h>
#include <public/xen.h>
#include <xen/assert.h>
#include <xen/hypercall.h>

#include "private.h"

/* Protection keys' bits and our own mark are not the guest's to set. */
#define FORBIDDEN       (0xfUL << 59)
#define ENTRIES         512

/* Guest kernels run in ring 3, so all their pages must be user pages; and a global entry would outlive a change of
 * address space. */
static inline pte_t adjust_entry(pte_t e) { return (e | PTE_USER) & ~(pte_t)PTE_GLOBAL; }

static int l1_get_io(struct domain *d, mfn_t mfn)
{
    if (mfn.m >> (52 - PAGE_SHIFT) || !rangeset_contains(d->iomem_caps, mfn.m, mfn.m))
        return refuse(d, -EINVAL, "maps mfn %lx, which is neither its memory nor a device it may use", mfn.m);
    return 0;
}

int pv_l1_get(struct domain *d, struct domain *fd, pte_t *pe)
{
    pte_t e = *pe;

    if (unlikely(e & FORBIDDEN))
        return refuse(d, -EINVAL, "L1 entry %016lx has bits it must not have", e);
    mfn_t mfn = pte_mfn(e);
    *pe = adjust_entry(e);
    if (unlikely(frame_is_io(mfn)))
        return l1_get_io(fd, mfn);

    struct frame *f = mfn_to_frame(mfn);
    if (unlikely(!frame_get(f, fd)))
        return refuse(d, -EINVAL, "maps mfn %lx, which is not d%u's", mfn.m, fd->id);
    if (!(e & PTE_WRITE))
        return 0;
    int rc = frame_get_type(f, FRAME_KIND_WRITABLE);
    if (unlikely(rc)) {
        frame_put(f);
        return refuse(d, rc, "maps mfn %lx writable, which is in use as type %d", mfn.m, frame_kind(f));
    }
    return 0;
}

void pv_l1_put(struct domain *d, pte_t e)
{
    mfn_t mfn = pte_mfn(e);

    /* Only unmapping the grant may remove such an entry; it holds its references like any other. */
    if (unlikely(e & PTE_GRANT) && !d->dying)
        domain_crash(d, "removes the mapping of a grant other than by unmapping the grant");
    if (unlikely(frame_is_io(mfn)))
        return;
    struct frame *f = mfn_to_frame(mfn);
    if (e & PTE_WRITE)
        frame_put_type(f);
    frame_put(f);
}

static int table_entry_get(struct domain *d, unsigned int level, pte_t *pe, bool preemptible)
{
    pte_t e = *pe;

    if (e & (FORBIDDEN | PTE_PSE))
        return refuse(d, -EINVAL, "L%u entry %016lx has bits it must not have", level, e);
    mfn_t mfn = pte_mfn(e);
    if (frame_is_io(mfn) || !frame_get(mfn_to_frame(mfn), d))
        return refuse(d, -EINVAL, "L%u entry names mfn %lx, which is not its memory", level, mfn.m);
    struct frame *f = mfn_to_frame(mfn);
    enum frame_kind kind = (enum frame_kind)(FRAME_KIND_L1 + level - 2);
    int rc = preemptible ? frame_get_type_preemptible(f, kind) : frame_get_type(f, kind);
    if (rc)
        frame_put(f);
    else
        *pe = adjust_entry(e);
    return rc == -EINVAL ? refuse(d, rc, "mfn %lx cannot be an L%u table", mfn.m, level - 1) : rc;
}

static int table_entry_put(pte_t e, bool preemptible)
{
    struct frame *f = mfn_to_frame(pte_mfn(e));
    int rc = 0;

    if (preemptible)
        rc = frame_put_type_preemptible(f);
    else
        frame_put_type(f);
    if (!rc)
        frame_put(f);
    return rc;
}

int pv_entry_get(struct domain *d, struct domain *fd, unsigned int level, pte_t *e, bool preemptible)
{
    if (!(*e & PTE_PRESENT))
        return 0;
    return level == 1 ? pv_l1_get(d, fd, e) : table_entry_get(d, level, e, preemptible);
}

int pv_entry_put(struct domain *d, unsigned int level, pte_t e, bool preemptible)
{
    if (!(e & PTE_PRESENT))
        return 0;
    if (level > 1)
        return table_entry_put(e, preemptible);
    pv_l1_put(d, e);
    return 0;
}

static inline bool slot_is_ours(unsigned int level, unsigned int slot)
{
    return level == 4 && slot >= SLOT_FIRST && slot <= SLOT_LAST;
}

int pv_table_validate(struct domain *d, struct frame *f, enum frame_kind kind, bool preemptible)
{
    unsigned int level = kind - FRAME_KIND_L1 + 1;
    pte_t *t = frame_to_virt(f);

    for (unsigned int i = f->aux; i < ENTRIES; i++) {
        pte_t e = t[i];
        if (!e || !(e & PTE_PRESENT) || slot_is_ours(level, i))
            continue;
        int rc = level == 1 ? pv_l1_get(d, d, &e) : table_entry_get(d, level, &e, preemptible);
        if (rc) {
            f->aux = i;
            return rc;
        }
        if (e != t[i])
            t[i] = e;
        if (level > 1 && preemptible && i + 1 < ENTRIES && hypercall_preempt_check()) {
            f->aux = i + 1;
            return -ERESTART;
        }
    }
    f->aux = ENTRIES;
    if (level == 4)
        fill_hypervisor_slots(t, d);
    return 0;
}

int pv_table_invalidate(struct domain *d, struct frame *f, enum frame_kind kind, bool preemptible)
{
    unsigned int level = kind - FRAME_KIND_L1 + 1;
    pte_t *t = frame_to_virt(f);

    if (level == 4)
        memset(&t[SLOT_FIRST], 0, (SLOT_LAST - SLOT_FIRST + 1) * sizeof(*t));
    for (unsigned int i = f->aux; i-- > 0; ) {
        pte_t e = t[i];
        if (!(e & PTE_PRESENT) || slot_is_ours(level, i))
            continue;
        int rc = pv_entry_put(d, level, e, preemptible);
        if (rc) {
            f->aux = i + 1;
            return rc;
        }
        if (level > 1 && preemptible && i && hypercall_preempt_check()) {
            f->aux = i;
            return -ERESTART;
        }
    }
    f->aux = 0;
    return 0;
}

/* Change an entry whose table is locked.  References for the new value first, so that failure changes nothing. */
int pv_l1_exchange(struct domain *d, struct domain *fd, pte_t *pe, pte_t new, bool preserve_ad, pte_t *before)
{
    pte_t old = *pe;
    const pte_t what = PTE_ADDR_MASK | PTE_WRITE | PTE_PRESENT | FORBIDDEN;
    const pte_t kept = preserve_ad ? PTE_ACCESSED | PTE_DIRTY : 0;
    bool same = (new & PTE_PRESENT) && !((old ^ new) & what);   /* same frame, same way: no reference changes */

    if (same) {
        new = adjust_entry(new);
    } else if (new & PTE_PRESENT) {
        int rc = pv_l1_get(d, fd, &new);
        if (rc)
            return rc;
    }
    if (kept && (new & PTE_PRESENT)) {
        while (!atomic_cas(pe, &old, new | (old & kept)))
            ;
    } else {
        old = atomic_xchg(pe, new);
    }
    *before = old;
    if (!same && (old & PTE_PRESENT))
        pv_l1_put(d, old);
    return 0;
}

int pv_l1_replace(struct domain *d, struct domain *fd, pte_t *pe, pte_t new, bool preserve_ad)
{
    pte_t before;
    return pv_l1_exchange(d, fd, pe, new, preserve_ad, &before);
}
