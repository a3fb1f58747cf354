/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames: references and owners (the invariants are in xen/frame.h).
 *
 * Owner and number of references live in one word and change together, by compare-and-swap; there
 * is no lock.
 */
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/domain.h>
#include <xen/frame.h>
#include <xen/heap.h>

static inline uint64_t owner_bits(domid_t id) { return (uint64_t)id << FRAME_OWNER_SHIFT; }

/* The frame table has holes; the L2 entry of its mapping tells.  Hot, so a bitmap of 2 MiB parts
 * answers. */
bool mfn_valid(mfn_t mfn)
{
    return mfn.m < max_mfn && frame_table_present(mfn);
}

bool frame_get(struct frame *f, const struct domain *d)
{
    uint64_t old = read_once(f->count);
    uint64_t want = owner_bits(d->id);
    do {
        if (unlikely((old & FRAME_OWNER_MASK) != want ||
                     (uint32_t)old - 1 >= FRAME_REFS_LIMIT - 1))
            return false;
    } while (!atomic_cas(&f->count, &old, old + 1));
    return true;
}

bool frame_get_any(struct frame *f)
{
    uint64_t old = read_once(f->count);
    do {
        domid_t owner = (domid_t)(old >> FRAME_OWNER_SHIFT);
        if ((uint32_t)old - 1 >= FRAME_REFS_LIMIT - 1 || owner >= DOMID_FIRST_RESERVED)
            return false;
    } while (!atomic_cas(&f->count, &old, old + 1));
    return true;
}

void frame_put(struct frame *f)
{
    uint64_t now = atomic_sub_return(&f->count, 1);
    assert((now & FRAME_REFS_MASK) != FRAME_REFS_MASK);
    if (unlikely(!(now & FRAME_REFS_MASK)))
        domain_frame_released(f);
}

/* A mapping that could only read left no trace when it went. */
void arch_frame_left(struct frame *f)
{
    frame_stamp(f);
}

int frame_get_and_type(struct frame *f, const struct domain *d, enum frame_kind kind)
{
    if (!frame_get(f, d))
        return -EINVAL;
    int rc = frame_get_type(f, kind);
    if (rc)
        frame_put(f);
    return rc;
}

void frame_put_and_type(struct frame *f)
{
    frame_put_type(f);
    frame_put(f);
}

void frame_share_with(struct frame *f, struct domain *d, bool ro)
{
    /* Ours keeps the first reference; a read-only page holds a type that can never become
     * writable. */
    f->type = ro ? FRAME_TYPE(FRAME_KIND_NONE) | FRAME_VALIDATED | 1
                 : FRAME_TYPE(FRAME_KIND_WRITABLE) | FRAME_VALIDATED | 1;
    __atomic_store_n(&f->count, FRAME_HYPERVISOR | owner_bits(d->id) | 1, __ATOMIC_RELEASE);
}

int frame_unshare(struct frame *f)
{
    uint64_t old = read_once(f->count);
    assert(old & FRAME_HYPERVISOR);
    do {
        if ((old & FRAME_REFS_MASK) != 1)
            return -EBUSY;
    } while (!atomic_cas(&f->count, &old, owner_bits(DOMID_XEN)));
    f->type = 0;
    return 0;
}

/* Our own type reference and reference go; whoever is left has the frame to himself, and the last
 * one frees it. */
void frame_abandon(struct frame *f)
{
    frame_put_type(f);
    frame_stamp(f);
    uint64_t old = read_once(f->count);
    assert(old & FRAME_HYPERVISOR);
    while (!atomic_cas(&f->count, &old,
                       FRAME_ORPHAN | owner_bits(DOMID_INVALID) | ((old & FRAME_REFS_MASK) - 1)))
        ;
    if ((old & FRAME_REFS_MASK) == 1)
        domain_frame_released(f);
}
