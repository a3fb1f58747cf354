/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this room share. */
#ifndef SYNC_PRIVATE_H
#define SYNC_PRIVATE_H

#include <xen/types.h>

extern bool locks_ignored;          /* the machine is dying: neither waits nor checks */

/* Debug builds: order and interrupts are as promised; then remembered as held by this CPU. */
#ifndef NDEBUG
void lock_check_acquire(const void *lock, uint16_t *rank, bool nested);
void lock_check_acquired(const void *lock, uint16_t rank);
void lock_check_release(const void *lock, uint16_t rank);
#else
static inline void lock_check_acquire(const void *lock, uint16_t *rank, bool nested)
{
    (void)lock, (void)rank, (void)nested;
}
static inline void lock_check_acquired(const void *lock, uint16_t rank) { (void)lock, (void)rank; }
static inline void lock_check_release(const void *lock, uint16_t rank) { (void)lock, (void)rank; }
#endif

void tasklet_run_one(void);         /* SOFTIRQ_TASKLET */

#endif
