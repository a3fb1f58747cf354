/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame: 4 KiB of machine memory and what is known about it.
 *
 * The invariants on which memory safety of PV guests rests:
 *   1. A frame has an owner (a domain, or nobody) as long as its reference count is above 0; when
 *      the count drops to 0 it goes back to the heap.  Owner and count change in one atomic step,
 *      so that a reference can only be had together with the proof of whose frame it is.
 *   2. A frame has one type at a time.  While its type count is above 0 the type cannot change.  A
 *      guest mapping that can write holds a writable type reference; a frame in use as a page or
 *      descriptor table holds that table's type.  So no guest can ever write a live table.
 *   3. A page-table type implies that the contents were checked (FRAME_VALIDATED) and that each
 *      present entry holds the references that entry needs; those are dropped when the type count
 *      falls to 0.
 *   4. A pinned frame holds one extra type reference and one extra reference, taken and dropped by
 *      the owner.
 *   5. Each type reference is accompanied by a plain reference.
 *   6. A frame that stops being writable, or leaves its owner, may still be in a TLB: tlb_stamp
 *      says since when, and whoever gives it a new use flushes the CPUs that have not flushed
 *      since.
 */
#ifndef XEN_FRAME_H
#define XEN_FRAME_H

#include <xen/page.h>
#include <xen/types.h>

struct domain;

struct frame {
    uint64_t count;             /* FRAME_COUNT_*: references, owner, state */
    uint64_t type;              /* FRAME_TYPE_*: type references, type, validation state */
    uint32_t next, prev;        /* list links, as frame numbers: free list, or the owner's pages */
    uint32_t tlb_stamp;         /* see invariant 6 */
    /* heap: order of a free block;  page table: entries validated so far */
    uint32_t aux;
};
_Static_assert(sizeof(struct frame) == 32, "two frames to a cache line");

#define FRAME_NONE          UINT32_MAX              /* end of a list */

#define FRAME_REFS_MASK     0x00000000ffffffffULL
/* More nobody gets who asks; what is above is for references that cannot be refused. */
#define FRAME_REFS_LIMIT    0xffff0000U
#define FRAME_OWNER_SHIFT   32
#define FRAME_OWNER_MASK    0x0000ffff00000000ULL   /* owner's domain id; DOMID_INVALID: nobody */
/* handed out by the heap; the owner's own reference */
#define FRAME_ALLOCATED     (1ULL << 48)
/* ours, shared with a domain: never returns to the heap by count */
#define FRAME_HYPERVISOR    (1ULL << 49)
/* badpage= or a machine check: never handed out */
#define FRAME_BROKEN        (1ULL << 50)
#define FRAME_FREE          (1ULL << 51)            /* in the heap */
#define FRAME_LISTED        (1ULL << 52)            /* in its owner's page list */
/* free, but on no list: in a CPU's cache, about to be taken, or being erased (head of the block) */
#define FRAME_OFF_LIST      (1ULL << 55)
/* free, and still holds what its last owner wrote */
#define FRAME_DIRTY         (1ULL << 53)
/* was shared by us with a domain that is gone; see frame_abandon */
#define FRAME_ORPHAN        (1ULL << 54)

#define FRAME_TYPE_REFS_MASK 0x00000000ffffffffULL
#define FRAME_TYPE_SHIFT    32
#define FRAME_TYPE_MASK     (0xfULL << FRAME_TYPE_SHIFT)
enum frame_kind {
    FRAME_KIND_NONE,
    /* page tables; order matters: level */
    FRAME_KIND_L1, FRAME_KIND_L2, FRAME_KIND_L3, FRAME_KIND_L4,
    FRAME_KIND_DESCRIPTOR,                                          /* GDT or LDT */
    FRAME_KIND_WRITABLE,
};
#define FRAME_TYPE(kind)    ((uint64_t)(kind) << FRAME_TYPE_SHIFT)
#define FRAME_VALIDATED     (1ULL << 36)            /* contents checked */
#define FRAME_PINNED        (1ULL << 37)            /* by the owner's MMUEXT_PIN */
#define FRAME_TABLE_LOCK    (1ULL << 38)            /* bit lock over the entries of a page table */
/* A (in)validation was preempted with aux entries holding references.  The one type reference that
 * is left belongs to nobody (GET: whoever continues takes it over, with its plain reference) or to
 * the one who puts (PUT). */
#define FRAME_PARTIAL_GET   (1ULL << 39)
#define FRAME_PARTIAL_PUT   (1ULL << 40)
/* Both: the validation had failed, and what it held was being given back (as GET otherwise). */
#define FRAME_UNDOING       (FRAME_PARTIAL_GET | FRAME_PARTIAL_PUT)

static inline unsigned int frame_refs(const struct frame *f)
{
    return (uint32_t)__atomic_load_n(&f->count, __ATOMIC_RELAXED);
}
static inline unsigned int frame_type_refs(const struct frame *f)
{
    return (uint32_t)__atomic_load_n(&f->type, __ATOMIC_RELAXED);
}
static inline enum frame_kind frame_kind(const struct frame *f)
{
    return (enum frame_kind)((__atomic_load_n(&f->type, __ATOMIC_RELAXED) & FRAME_TYPE_MASK) >>
                             FRAME_TYPE_SHIFT);
}
static inline uint16_t frame_owner_id(const struct frame *f)
{
    return (uint16_t)((__atomic_load_n(&f->count, __ATOMIC_RELAXED) & FRAME_OWNER_MASK) >>
                      FRAME_OWNER_SHIFT);
}

/* Frame table <-> numbers.  mfn_valid(): there is a struct frame for it (RAM or not is another
 * question). */
static inline struct frame *mfn_to_frame(mfn_t mfn)
{
    return (struct frame *)FRAME_TABLE_START + mfn.m;
}
static inline mfn_t frame_to_mfn(const struct frame *f)
{
    return mfn_of((uint64_t)(f - (struct frame *)FRAME_TABLE_START));
}
bool mfn_valid(mfn_t mfn);
static inline void *frame_to_virt(const struct frame *f) { return mfn_to_virt(frame_to_mfn(f)); }
static inline struct frame *virt_to_frame(const void *p) { return mfn_to_frame(virt_to_mfn(p)); }

/* One more reference, if the frame belongs to d (checked in the same step).  False: not d's, or
 * going away. */
bool frame_get(struct frame *f, const struct domain *d) must_check;
/* One more, whoever owns it; false if nobody does. */
bool frame_get_any(struct frame *f) must_check;
/* Drop one; the last one frees the frame. */
void frame_put(struct frame *f);
/* A type reference (the caller holds a reference).  0; -EINVAL: another type is in use, or the
 * contents are bad; -ERESTART: preempted, only by frame_get_type_preemptible() on page tables; the
 * caller's plain reference is not used up, and calling again goes on. */
int frame_get_type(struct frame *f, enum frame_kind kind) must_check;
int frame_get_type_preemptible(struct frame *f, enum frame_kind kind) must_check;
void frame_put_type(struct frame *f);
/* -ERESTART: not yet put; call again. */
int frame_put_type_preemptible(struct frame *f) must_check;
/* Teardown: give up what a preempted validation that nobody continued still holds. */
int frame_drop_partial(struct frame *f) must_check;
/* Both at once, as mapping a foreign or granted frame needs. */
int frame_get_and_type(struct frame *f, const struct domain *d, enum frame_kind kind) must_check;
void frame_put_and_type(struct frame *f);

/* Domain memory (common/memory).  Allocation adds to the domain's list and count; -ENOMEM over
 * max_pages. */
struct frame *domain_alloc_frame(struct domain *d, unsigned int order,
                                 unsigned int heap_flags) must_check;
int domain_assign_frame(struct domain *d, struct frame *f, unsigned int order) must_check;
/* Take a frame from its owner, who must hold the only references (decrease_reservation, exchange,
 * transfer): 0, or -EINVAL / -EBUSY.  On success the caller owns an unowned frame with one
 * reference. */
int domain_steal_frame(struct domain *d, struct frame *f) must_check;
/* frame_put()'s: the last reference went */
void domain_frame_released(struct frame *f);
/* Teardown; see common/domain/pages.c. */
struct frame *domain_next_page_to_relinquish(struct domain *d);
void domain_requeue_page(struct domain *d, struct frame *f);
/* Let a domain map one of our pages (shared_info, grant table, ring); ro: only readable. */
void frame_share_with(struct frame *f, struct domain *d, bool ro);
/* The opposite, when the last sharing ends: 0, or -EBUSY while the domain still maps it. */
int frame_unshare(struct frame *f) must_check;
/* The same without waiting: it is given up, and goes back to the heap with its last mapping. */
void frame_abandon(struct frame *f);

#endif
