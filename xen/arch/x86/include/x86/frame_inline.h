/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The everyday half of xen/frame.h, inline, for the paths where a call would cost more than the
 * work: references that are there already, a type in use as wanted.  Everything else goes to the
 * functions of the same names.
 */
#ifndef X86_FRAME_INLINE_H
#define X86_FRAME_INLINE_H

#include <x86/mm.h>
#include <xen/atomic.h>
#include <xen/domain.h>
#include <xen/frame.h>

static inline bool mfn_valid_inline(mfn_t mfn)
{
    return mfn.m < max_mfn && frame_table_present(mfn);
}

static inline bool frame_get_inline(struct frame *f, const struct domain *d)
{
    uint64_t old = read_once(f->count);
    do {
        uint32_t refs = (uint32_t)old;
        /* 0, or too many */
        if (unlikely((uint16_t)(old >> FRAME_OWNER_SHIFT) != d->id ||
                     refs - 1 >= FRAME_REFS_LIMIT - 1))
            return false;
    } while (unlikely(!atomic_cas(&f->count, &old, old + 1)));
    return true;
}

static inline void frame_put_inline(struct frame *f)
{
    uint64_t old = read_once(f->count);
    if (likely((uint32_t)old > 1) && likely(atomic_cas(&f->count, &old, old - 1)))
        return;
    frame_put(f);
}

static inline int frame_get_type_inline(struct frame *f, enum frame_kind kind)
{
    const uint64_t state =
        FRAME_TYPE_MASK | FRAME_VALIDATED | FRAME_PARTIAL_GET | FRAME_PARTIAL_PUT;
    uint64_t old = read_once(f->type);
    /* In use as this, and far from overflowing. */
    if (likely((old & state) == (FRAME_TYPE(kind) | FRAME_VALIDATED)) &&
        likely((uint32_t)old - 1 < 0x7fffffffu) && likely(atomic_cas(&f->type, &old, old + 1)))
        return 0;
    return frame_get_type(f, kind);
}

static inline void frame_put_type_inline(struct frame *f)
{
    uint64_t old = read_once(f->type);
    if (likely((uint32_t)old > 1) && likely(!(old & (FRAME_PARTIAL_GET | FRAME_PARTIAL_PUT))) &&
        likely(atomic_cas(&f->type, &old, old - 1)))
        return;
    frame_put_type(f);
}

static inline void frame_lock_table_inline(struct frame *f)
{
    uint64_t old = read_once(f->type);
    if (likely(!(old & FRAME_TABLE_LOCK)) &&
        likely(atomic_cas(&f->type, &old, old | FRAME_TABLE_LOCK)))
        return;
    frame_lock_table(f);
}

static inline void frame_unlock_table_inline(struct frame *f)
{
    atomic_and(&f->type, ~FRAME_TABLE_LOCK);
}

#endif
