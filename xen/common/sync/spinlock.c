/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What spin locks do when they must wait.  The uncontended paths are inline (xen/spinlock.h); the
 * checks of debug builds are in lock_check.c.
 *
 * Tickets are drawn and served in order, so a waiter's turn comes after those before it and never
 * later.
 */
#include <xen/perf.h>
#include <xen/spinlock.h>

#include "private.h"

bool locks_ignored read_mostly;

void spin_lock_init(struct spinlock *lock, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT((uint16_t)rank);
}

void ticket_wait(struct spinlock *lock, uint16_t ticket)
{
    perf_count_of(PERF_LOCK_WAIT, lock->rank & LOCK_RANK_MASK);
    while (load_acquire(&lock->head) != ticket) {
        perf_count_of(PERF_LOCK_SPIN, lock->rank & LOCK_RANK_MASK);
        cpu_relax();
        if (unlikely(read_once(locks_ignored)))
            return;
    }
}

void spin_locks_ignore(void)
{
    write_once(locks_ignored, true);
}
