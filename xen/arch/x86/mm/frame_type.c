/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames: one type at a time.
 *
 *                 get                            contents are good
 *   NONE, or any ─────> kind, 1 ref,  ──────────────────────> kind, n refs, VALIDATED
 *   kind, 0 refs        not validated <──────┐                 │ last put    ^
 *        ^                 │ preempted       │ went on         v             │ got again
 *        │                 v                 │              taken apart ──> PARTIAL_PUT
 *        │            PARTIAL_GET ───────────┘                 │     preempted
 *        └───────────────── 0 refs, kind kept <────────────────┘
 *
 * A writable or table frame whose count falls to 0 keeps its kind, so that the next user of the
 * same kind pays nothing (a table must be validated again: its contents may have changed in
 * between... only while writable, so VALIDATED is dropped with the last reference).
 * FRAME_TABLE_LOCK is held while contents are (in)validated, an entry changes, or TLBs forget the
 * last use of a frame that changes its kind; who waits for it spins.  All changes of the word are
 * compare-and-swap.
 */
#include <x86/mm.h>
#include <x86/domain.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/domain.h>
#include <xen/hypercall.h>
#include <xen/perf.h>

static void wait_a_moment(void)
{
    perf_count(PERF_TABLE_SPIN);
    cpu_relax();
}

static inline bool is_table(enum frame_kind kind)
{
    return kind >= FRAME_KIND_L1 && kind <= FRAME_KIND_L4;
}
static inline bool needs_check(enum frame_kind kind)
{
    return is_table(kind) || kind == FRAME_KIND_DESCRIPTOR;
}

static inline enum frame_kind kind_of(uint64_t type)
{
    return (enum frame_kind)((type & FRAME_TYPE_MASK) >> FRAME_TYPE_SHIFT);
}

void frame_lock_table(struct frame *f)
{
    for (;;) {
        uint64_t old = read_once(f->type);
        if (!(old & FRAME_TABLE_LOCK) && atomic_cas(&f->type, &old, old | FRAME_TABLE_LOCK))
            return;
        wait_a_moment();
    }
}

void frame_unlock_table(struct frame *f)
{
    atomic_and(&f->type, ~FRAME_TABLE_LOCK);
}

static int validate(struct frame *f, enum frame_kind kind, bool preemptible)
{
    if (kind == FRAME_KIND_DESCRIPTOR)
        return pv_descriptors_validate(f);
    struct domain *d = domain_by_id_unlocked(frame_owner_id(f));
    return d ? pv_table_validate(d, f, kind, preemptible) : -EINVAL;
}

static int invalidate(struct frame *f, enum frame_kind kind, bool preemptible)
{
    if (kind == FRAME_KIND_DESCRIPTOR)
        return 0;
    struct domain *d = domain_by_id_unlocked(frame_owner_id(f));
    return d ? pv_table_invalidate(d, f, kind, preemptible) : 0;
}

/* The caller won the transition to (kind, locked, not validated) and checks the contents for
 * everybody; `was` is the word before. */
static int validate_locked(struct frame *f, enum frame_kind kind, uint64_t was, bool preemptible)
{
    if (!(was & (FRAME_PARTIAL_GET | FRAME_PARTIAL_PUT)))
        f->aux = 0;
    uint64_t left = FRAME_PARTIAL_GET;
    int rc = (was & FRAME_UNDOING) == FRAME_UNDOING ? -EINVAL : validate(f, kind, preemptible);
    if (!rc) {
        atomic_or(&f->type, FRAME_VALIDATED);
        frame_unlock_table(f);
        return 0;
    }
    /* As much may hang on it as on a table that is good. */
    if (rc != -ERESTART && invalidate(f, kind, preemptible)) {
        left = FRAME_UNDOING;
        rc = -ERESTART;
    }
    if (rc == -ERESTART) {
        /* The type reference stays, with a plain one of its own, for whoever goes on. */
        atomic_add(&f->count, 1);
        atomic_or(&f->type, left);
        frame_unlock_table(f);
        return rc;
    }
    frame_stamp(f);
    uint64_t old = read_once(f->type);
    while (!atomic_cas(&f->type, &old, (old & ~(FRAME_TABLE_LOCK | FRAME_VALIDATED)) - 1))
        ;
    return -EINVAL;
}

static int get_type(struct frame *f, enum frame_kind kind, bool preemptible)
{
    uint64_t old = read_once(f->type), new;
    bool change;

    for (;;) {
        if (unlikely((old & FRAME_TYPE_REFS_MASK) == FRAME_TYPE_REFS_MASK - 1))
            return -EINVAL;
        /* Before any waiting: the lock may be the caller's own, for a table that wants to map
         * itself. */
        if ((old & FRAME_TYPE_REFS_MASK) && kind_of(old) != kind)
            return -EINVAL;
        if (old & FRAME_TABLE_LOCK && (!(old & FRAME_VALIDATED) || kind_of(old) != kind)) {
            /* somebody is (in)validating: the outcome decides */
            wait_a_moment();
            old = read_once(f->type);
            continue;
        }
        change = false;
        if (old & FRAME_TYPE_REFS_MASK) {
            if (likely(old & FRAME_VALIDATED)) {
                new = old + 1;
            } else if (old & FRAME_PARTIAL_GET) {
                new = (old & ~FRAME_UNDOING) | FRAME_TABLE_LOCK;
            } else {
                assert(old & FRAME_PARTIAL_PUT);
                new = ((old & ~FRAME_PARTIAL_PUT) | FRAME_TABLE_LOCK) + 1;
            }
        } else {
            /* Nobody else may use the new kind either until TLBs have forgotten the old one: a
             * page that was a table and is written too early would still be walked. */
            change = kind_of(old) != kind && kind_of(old) != FRAME_KIND_NONE;
            new = FRAME_TYPE(kind) | 1 |
                  (change || needs_check(kind) ? FRAME_TABLE_LOCK : FRAME_VALIDATED);
        }
        if (atomic_cas(&f->type, &old, new))
            break;
    }

    if (change) {
        struct domain *d = domain_by_id_unlocked(frame_owner_id(f));
        tlb_flush_for_reuse(f, 0, d ? d->dirty_cpus : NULL);
    }
    if (likely(!(new & FRAME_TABLE_LOCK) || new & FRAME_VALIDATED))
        return 0;
    if (!needs_check(kind)) {
        atomic_or(&f->type, FRAME_VALIDATED);
        frame_unlock_table(f);
        return 0;
    }
    int rc = validate_locked(f, kind, old, preemptible);
    if (old & FRAME_PARTIAL_GET)
        /* the preempted one's plain reference; the caller has its own */
        frame_put(f);
    return rc;
}

int frame_get_type(struct frame *f, enum frame_kind kind)
{
    return get_type(f, kind, false);
}

int frame_get_type_preemptible(struct frame *f, enum frame_kind kind)
{
    return get_type(f, kind, true);
}

static int put_type(struct frame *f, bool preemptible)
{
    uint64_t old = read_once(f->type);

    for (;;) {
        assert(old & FRAME_TYPE_REFS_MASK);
        if ((old & FRAME_TYPE_REFS_MASK) > 1 && !(old & FRAME_PARTIAL_PUT)) {
            if (atomic_cas(&f->type, &old, old - 1))
                return 0;
            continue;
        }
        if (!needs_check(kind_of(old))) {
            frame_stamp(f);
            if (atomic_cas(&f->type, &old, (old & ~FRAME_VALIDATED) - 1))
                return 0;
            continue;
        }
        if (old & FRAME_TABLE_LOCK) {
            wait_a_moment();
            old = read_once(f->type);
            continue;
        }
        /* PARTIAL_PUT was overtaken and is validated again */
        if ((old & FRAME_TYPE_REFS_MASK) > 1) {
            if (atomic_cas(&f->type, &old, old - 1))
                return 0;
            continue;
        }
        /* Last one: nobody can get at it while it is locked and not validated. */
        if (atomic_cas(&f->type, &old,
                       (old & ~(FRAME_VALIDATED | FRAME_PARTIAL_PUT)) | FRAME_TABLE_LOCK))
            break;
    }
    int rc = invalidate(f, kind_of(old), preemptible);
    if (rc == -ERESTART) {
        atomic_or(&f->type, FRAME_PARTIAL_PUT);
        frame_unlock_table(f);
        return rc;
    }
    frame_stamp(f);
    old = read_once(f->type);
    while (!atomic_cas(&f->type, &old, (old & ~FRAME_TABLE_LOCK) - 1))
        ;
    return 0;
}

void frame_put_type(struct frame *f)
{
    int rc = put_type(f, false);
    assert(!rc);
    (void)rc;
}

int frame_put_type_preemptible(struct frame *f)
{
    return put_type(f, true);
}

int frame_drop_partial(struct frame *f)
{
    uint64_t old = read_once(f->type);
    if (!(old & FRAME_PARTIAL_GET))
        return 0;
    /* Nobody runs in the dying domain: no race for it. */
    atomic_and(&f->type, ~FRAME_PARTIAL_GET);
    atomic_or(&f->type, FRAME_PARTIAL_PUT);
    int rc = put_type(f, true);
    if (!rc)
        frame_put(f);
    else {
        atomic_and(&f->type, ~FRAME_PARTIAL_PUT);
        atomic_or(&f->type, FRAME_PARTIAL_GET);
    }
    return rc;
}
