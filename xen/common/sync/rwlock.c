/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reader-writer locks: many readers or one writer.
 *
 * A writer that finds readers announces itself (RWLOCK_WAITING), and no new reader enters before
 * it; so writers are not starved.  Readers therefore must not nest: the inner one would wait for
 * a writer that waits for the outer.
 */
#include <xen/perf.h>
#include <xen/spinlock.h>

#include "private.h"

void rwlock_init(struct rwlock *lock, enum lock_rank rank)
{
    *lock = (struct rwlock)RWLOCK_INIT((uint16_t)rank);
}

static bool keep_waiting(const struct rwlock *lock)
{
    perf_count_of(PERF_LOCK_SPIN, lock->rank & LOCK_RANK_MASK);
    cpu_relax();
    return !read_once(locks_ignored);
}

static bool writer_is_near(const struct rwlock *lock)
{
    return read_once(lock->state) & (RWLOCK_WRITER | RWLOCK_WAITING);
}

void read_lock(struct rwlock *lock)
{
    lock_check_acquire(lock, &lock->rank, false);
    while ((atomic_add_return(&lock->state, 1) & (RWLOCK_WRITER | RWLOCK_WAITING)) != 0) {
        atomic_sub(&lock->state, 1);
        while (writer_is_near(lock) && keep_waiting(lock)) {
        }
        if (read_once(locks_ignored)) {
            atomic_add(&lock->state, 1);
            break;
        }
    }
    lock_check_acquired(lock, lock->rank);
}

void read_unlock(struct rwlock *lock)
{
    lock_check_release(lock, lock->rank);
    atomic_sub(&lock->state, 1);
}

/* Taken when nobody is in; a reader that is backing out again may be counted for a moment. */
void write_lock(struct rwlock *lock)
{
    lock_check_acquire(lock, &lock->rank, false);
    do {
        uint32_t old = read_once(lock->state) & RWLOCK_WAITING;
        if (atomic_cas(&lock->state, &old, RWLOCK_WRITER))
            break;
        if ((old & RWLOCK_WAITING) == 0)
            atomic_or(&lock->state, RWLOCK_WAITING);
    } while (keep_waiting(lock));
    lock_check_acquired(lock, lock->rank);
}

/* Readers count in and out while the writer is in, so only its own bit goes. */
void write_unlock(struct rwlock *lock)
{
    lock_check_release(lock, lock->rank);
    atomic_and(&lock->state, ~RWLOCK_WRITER);
}
