/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spin locks (fair tickets) and reader-writer locks.
 *
 * A lock that is ever taken in an interrupt handler is always taken with interrupts off; debug
 * builds check this and the order of lock_order.h.  Same-rank nesting is only legal through
 * spin_lock_nested() (two locks of one rank, lower address first).
 */
#ifndef XEN_SPINLOCK_H
#define XEN_SPINLOCK_H

#include <xen/atomic.h>
#include <xen/lock_order.h>
#include <xen/types.h>

struct spinlock {
    union {
        struct { uint16_t head, tail; };    /* now serving, next ticket */
        uint32_t tickets;
    };
    uint16_t rank;                          /* enum lock_rank, and LOCK_SEEN_* (debug) */
    uint16_t owner;                         /* CPU + 1 while held (debug builds) */
};

#define LOCK_SEEN_IRQ_ON    0x8000          /* was taken with interrupts on */
#define LOCK_SEEN_IN_IRQ    0x4000          /* was taken in an interrupt handler */
#define LOCK_RANK_MASK      0x3fff

#define SPINLOCK_INIT(r) { .rank = (r) }
#define DEFINE_SPINLOCK(name, r) struct spinlock name = SPINLOCK_INIT(r)

void spin_lock_init(struct spinlock *lock, enum lock_rank rank);
/* The machine is dying and says why: locks no longer stop anyone. */
void spin_locks_ignore(void);

static inline bool spin_is_locked(const struct spinlock *lock)
{
    uint32_t t = read_once(lock->tickets);
    return (uint16_t)t != (uint16_t)(t >> 16);
}

/*
 * The bare lock, unchecked: for the console, which must work while everything else is wrong, and
 * for what stands below.
 */
void ticket_wait(struct spinlock *lock, uint16_t ticket);

static inline void ticket_lock(struct spinlock *lock)
{
    uint32_t t = atomic_fetch_add(&lock->tickets, 1u << 16);
    if (unlikely((uint16_t)t != (uint16_t)(t >> 16)))
        ticket_wait(lock, (uint16_t)(t >> 16));
}

static inline bool ticket_trylock(struct spinlock *lock)
{
    uint32_t t = read_once(lock->tickets);
    return (uint16_t)t == (uint16_t)(t >> 16) && atomic_cas(&lock->tickets, &t, t + (1u << 16));
}

/* Only the holder writes head: no atomicity needed against those who draw tickets beside it. */
static inline void ticket_unlock(struct spinlock *lock)
{
    barrier();
    lock->head++;
    barrier();
}

/* Readers, or a writer, or a writer that waits: new readers stay out for it. */
#define RWLOCK_WRITER   0x80000000u
#define RWLOCK_WAITING  0x40000000u

struct rwlock {
    uint32_t state;                         /* number of readers, and RWLOCK_* */
    uint16_t rank;
    uint16_t owner;
};

#define RWLOCK_INIT(r) { .rank = (r) }

/* Readers do not nest. */
void rwlock_init(struct rwlock *lock, enum lock_rank rank);
void read_lock(struct rwlock *lock);
void read_unlock(struct rwlock *lock);
void write_lock(struct rwlock *lock);
void write_unlock(struct rwlock *lock);

#if defined(NDEBUG) && !__STDC_HOSTED__

static inline void spin_lock(struct spinlock *lock) { ticket_lock(lock); }
static inline void spin_lock_nested(struct spinlock *lock) { ticket_lock(lock); }
static inline bool must_check spin_trylock(struct spinlock *lock) { return ticket_trylock(lock); }
static inline void spin_unlock(struct spinlock *lock) { ticket_unlock(lock); }

static inline void spin_lock_irq(struct spinlock *lock)
{
    irq_disable();
    ticket_lock(lock);
}

static inline void spin_unlock_irq(struct spinlock *lock)
{
    ticket_unlock(lock);
    irq_enable();
}

static inline unsigned long must_check spin_lock_irqsave(struct spinlock *lock)
{
    unsigned long flags = irq_save();
    ticket_lock(lock);
    return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
    ticket_unlock(lock);
    irq_restore(flags);
}

static inline void lock_check_irq_enter(void) {}
static inline void lock_check_irq_exit(void) {}
static inline void lock_check_none_held(const char *where) { (void)where; }

#else

/* Checked: common/sync/lock_check.c. */
void spin_lock(struct spinlock *lock);
void spin_lock_nested(struct spinlock *lock);
bool spin_trylock(struct spinlock *lock) must_check;
void spin_unlock(struct spinlock *lock);
void spin_lock_irq(struct spinlock *lock);
void spin_unlock_irq(struct spinlock *lock);
unsigned long spin_lock_irqsave(struct spinlock *lock) must_check;
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags);
/* Around an interrupt handler; and: panics if this CPU holds a lock. */
void lock_check_irq_enter(void);
void lock_check_irq_exit(void);
void lock_check_none_held(const char *where);

#endif

#endif
