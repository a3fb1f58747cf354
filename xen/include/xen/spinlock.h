/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spin locks (fair tickets) and reader-writer locks.
 *
 * A lock that is ever taken in an interrupt handler is always taken with interrupts off; debug builds check this
 * and the order of lock_order.h.  Same-rank nesting is only legal through spin_lock_nested() (two locks of one rank,
 * lower address first).
 */
#ifndef XEN_SPINLOCK_H
#define XEN_SPINLOCK_H

#include <xen/lock_order.h>
#include <xen/types.h>

struct spinlock {
    union {
        struct { uint16_t head, tail; };    /* now serving, next ticket */
        uint32_t tickets;
    };
    uint16_t rank;                          /* enum lock_rank */
    uint16_t owner;                         /* CPU + 1 while held (debug builds) */
};

#define SPINLOCK_INIT(r) { .rank = (r) }
#define DEFINE_SPINLOCK(name, r) struct spinlock name = SPINLOCK_INIT(r)

void spin_lock_init(struct spinlock *lock, enum lock_rank rank);
void spin_lock(struct spinlock *lock);
void spin_lock_nested(struct spinlock *lock);
bool spin_trylock(struct spinlock *lock) must_check;
void spin_unlock(struct spinlock *lock);
void spin_lock_irq(struct spinlock *lock);
void spin_unlock_irq(struct spinlock *lock);
unsigned long spin_lock_irqsave(struct spinlock *lock) must_check;
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags);
bool spin_is_locked(const struct spinlock *lock);
/* The machine is dying and says why: locks no longer stop anyone. */
void spin_locks_ignore(void);

struct rwlock {
    uint32_t state;                         /* readers, or RWLOCK_WRITER */
    uint16_t rank;
    uint16_t owner;
};

#define RWLOCK_INIT(r) { .rank = (r) }

void rwlock_init(struct rwlock *lock, enum lock_rank rank);
void read_lock(struct rwlock *lock);
void read_unlock(struct rwlock *lock);
void write_lock(struct rwlock *lock);
void write_unlock(struct rwlock *lock);

#endif
