/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping granted frames into a PV guest's address space.
 *
 * Entries made here carry PTE_GRANT, so that nothing but unmapping the grant may remove them:
 * mapping hands the frame's references to the entry, unmapping hands them back to the grant room.
 *
 * An entry starts without PTE_ACCESSED, and the guest cannot take that bit from it again
 * (l1_entry.h).  A processor sets it before it keeps the translation; so an entry that has none
 * when it goes is in no TLB.  Many are never touched: a backend's, whose device reads the page.
 */
#include <public/grant_table.h>
#include <xen/arch.h>
#include <xen/atomic.h>

#include "l1_entry.h"
#include "private.h"

/* The entry that `addr` names, in a locked L1 table of the current domain. */
static struct frame *find_target(uint64_t addr, unsigned int flags, pte_t **pe)
{
    struct vcpu *v = current;

    if (!(flags & GNTMAP_contains_pte))
        return (addr & (PAGE_SIZE - 1)) ? NULL : pv_find_l1(v, addr, pe);
    mfn_t mfn = maddr_to_mfn(maddr_of(addr));
    if ((addr & 7) || frame_is_io(mfn) || !frame_get(mfn_to_frame(mfn), v->domain))
        return NULL;
    struct frame *f = mfn_to_frame(mfn);
    if (frame_kind(f) == FRAME_KIND_L1) {
        frame_lock_table(f);
        uint64_t type = read_once(f->type);
        if (frame_kind(f) == FRAME_KIND_L1 && (type & FRAME_VALIDATED) &&
            (type & FRAME_TYPE_REFS_MASK)) {
            *pe = (pte_t *)((char *)mfn_to_virt(mfn) + (addr & (PAGE_SIZE - 1)));
            return f;
        }
        frame_unlock_table(f);
    }
    frame_put(f);
    return NULL;
}

int arch_grant_map(uint64_t addr, mfn_t frame, unsigned int map_flags, unsigned int cache_flags)
{
    pte_t *pe;
    struct frame *table = find_target(addr, map_flags, &pe);
    if (!table)
        return refuse(current->domain, GNTST_general_error,
                      "grant mapped at %lx, which has no L1 entry", addr);
    /* The low software bits are the guest's to choose (XENFEAT_gnttab_map_avail_bits). */
    pte_t avail = (pte_t)(map_flags >> _GNTMAP_guest_avail0 & 7) << 9;
    pte_t e =
        pte_make(frame, PTE_PRESENT | PTE_USER | PTE_DIRTY | PTE_NX | PTE_GRANT | avail |
                            (map_flags & GNTMAP_readonly ? 0 : PTE_WRITE) | cache_flags);
    pte_t old = atomic_xchg(pe, e);
    if (old & PTE_PRESENT)
        pv_l1_put(current->domain, old);
    pv_release_l1(table);
    return GNTST_okay;
}

int arch_grant_unmap(uint64_t addr, mfn_t frame, uint64_t new_addr, unsigned int map_flags,
                     bool *was_used)
{
    pte_t *pe, *from, replacement = 0;

    *was_used = true;

    if (new_addr) {
        /* unmap_and_replace: the entry that maps new_addr moves here. */
        struct frame *source = (map_flags & GNTMAP_contains_pte) || new_addr == addr
                                   ? NULL : find_target(new_addr, 0, &from);
        if (!source)
            return GNTST_general_error;
        replacement = atomic_xchg(from, 0);
        pv_release_l1(source);
        invlpg(new_addr);
    }
    struct frame *table = find_target(addr, map_flags, &pe);
    if (!table) {
        if (replacement & PTE_PRESENT)
            pv_l1_put(current->domain, replacement);
        return refuse(current->domain, GNTST_general_error,
                      "grant unmapped at %lx, which has no L1 entry", addr);
    }
    pte_t old = *pe;
    int rc = GNTST_general_error;
    /* As this mapping was made: the one that can write holds a type for it, another does not. */
    pte_t made = PTE_PRESENT | PTE_GRANT | (map_flags & GNTMAP_readonly ? 0 : PTE_WRITE);
    if ((old & (PTE_PRESENT | PTE_GRANT | PTE_WRITE)) == made && mfn_eq(pte_mfn(old), frame)) {
        old = atomic_xchg(pe, replacement);
        *was_used = new_addr || (old & PTE_ACCESSED);
        rc = GNTST_okay;
    }
    pv_release_l1(table);
    /* It did not find its new place: like any entry that is overwritten. */
    if (rc && (replacement & PTE_PRESENT))
        pv_l1_put(current->domain, replacement);
    return rc;
}

/* PV domains have no dirty log of their own pages yet. */
void arch_mark_dirty(struct domain *d, mfn_t mfn)
{
}
