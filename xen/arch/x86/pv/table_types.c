/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What makes a frame a page table: every present entry points to something its owner may reach in
 * that way, and holds the references that say so.
 *
 *   L1 entry   the frame, of the domain itself or of the foreign domain it was allowed to name;
 *              writable entries hold a writable type; device memory holds nothing but must be in
 *              iomem_caps; PTE_GRANT marks what a grant mapped, which only its unmapping may remove
 *   L2..L4     a table of the next level down, of the same domain; no large pages, no table that
 *              contains itself
 *
 * Slots 256..271 of an L4 are ours, whatever the guest wrote there.
 */
#include <lib/rangeset.h>
#include <lib/string.h>
#include <public/xen.h>
#include <x86/guest.h>
#include <xen/assert.h>
#include <xen/hypercall.h>

#include "l1_entry.h"
#include "private.h"

#define ENTRIES         512

int pv_l1_get_io(struct domain *d, struct domain *fd, mfn_t mfn)
{
    if (!frame_is_io(mfn))
        return refuse(d, -EINVAL, "maps mfn %lx, which is not d%u's", mfn.m, fd->id);
    if (mfn.m >> (52 - PAGE_SHIFT) || !rangeset_contains(fd->iomem_caps, mfn.m, mfn.m))
        return refuse(d, -EINVAL,
                      "maps mfn %lx, which is neither its memory nor a device it may use", mfn.m);
    return 0;
}

int pv_l1_refused(struct domain *d, struct domain *fd, pte_t e, int rc)
{
    if (e & FORBIDDEN)
        return refuse(d, rc, "L1 entry %016lx has bits it must not have", e);
    return refuse(d, rc, "maps mfn %lx writable, which is in use as type %d", pte_mfn(e).m,
                  frame_kind(mfn_to_frame(pte_mfn(e))));
}

/* Only unmapping the grant may remove such an entry; it holds its references like any other. */
void pv_l1_grant_removed(struct domain *d)
{
    if (!d->dying)
        domain_crash(d, "removes the mapping of a grant other than by unmapping the grant");
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

int pv_entry_get(struct domain *d, struct domain *fd, unsigned int level, pte_t *e,
                 bool preemptible)
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

/* Most of most tables is empty. */
static inline bool eight_empty(const pte_t *t)
{
    return !(t[0] | t[1] | t[2] | t[3] | t[4] | t[5] | t[6] | t[7]);
}

int pv_table_validate(struct domain *d, struct frame *f, enum frame_kind kind, bool preemptible)
{
    unsigned int level = kind - FRAME_KIND_L1 + 1;
    pte_t *t = frame_to_virt(f);

    for (unsigned int i = f->aux; i < ENTRIES; i++) {
        if (!(i % 8) && eight_empty(&t[i])) {
            i += 7;
            continue;
        }
        pte_t e = t[i];
        if (!(e & PTE_PRESENT) || slot_is_ours(level, i))
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

    if (level == 4) {
        guest_unload_table(frame_to_mfn(f));
        memset(&t[SLOT_FIRST], 0, (SLOT_LAST - SLOT_FIRST + 1) * sizeof(*t));
    }
    for (unsigned int i = f->aux; i-- > 0; ) {
        if (i % 8 == 7 && eight_empty(&t[i - 7])) {
            i -= 7;
            continue;
        }
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
