/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine for host tests of common code: locks, messages, memory below the direct map and a
 * frame table. Included by one file of a test, after the C library's headers.  Locks count, so
 * that one left behind or taken twice is found.
 */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/console.h>
#include <xen/current.h>
#include <xen/frame.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#define FAKE_FRAMES (1ul << 20)         /* 4 GiB of addresses; memory appears when touched */

struct vcpu *fake_current;
FAKE_OWN unsigned int fake_cpu;
static unsigned int fake_locks_held;
static jmp_buf *fake_panic_to;          /* a failed assertion jumps here, or ends the test */

void assertion_failed(const char *what, const char *file, int line)
{
    if (fake_panic_to) {
        fake_locks_held = 0;
        longjmp(*fake_panic_to, 1);
    }
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}

/* True if the statement ran into a failed assertion. */
#define fake_panics(statement) ({                       \
    jmp_buf fake_buf_, *fake_old_ = fake_panic_to;      \
    volatile bool fake_did_ = true;                     \
    fake_panic_to = &fake_buf_;                         \
    if (setjmp(fake_buf_) == 0) {                       \
        statement;                                      \
        fake_did_ = false;                              \
    }                                                   \
    fake_panic_to = fake_old_;                          \
    fake_did_; })

void spin_lock_init(struct spinlock *lock, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT(rank);
}

#ifdef FAKE_THREADS
/* The real thing, for tests with threads. */
void ticket_wait(struct spinlock *lock, uint16_t ticket)
{
    while (read_once(lock->head) != ticket)
        sched_yield();
}

void spin_lock(struct spinlock *lock) { ticket_lock(lock); }
void spin_unlock(struct spinlock *lock) { ticket_unlock(lock); }
bool spin_trylock(struct spinlock *lock) { return ticket_trylock(lock); }
#else
void spin_lock(struct spinlock *lock)
{
    check(lock->owner == 0);
    lock->owner = 1;
    fake_locks_held++;
}

void spin_unlock(struct spinlock *lock)
{
    check(lock->owner == 1);
    lock->owner = 0;
    fake_locks_held--;
}

bool spin_trylock(struct spinlock *lock)
{
    if (lock->owner)
        return false;
    spin_lock(lock);
    return true;
}
#endif

void spin_lock_nested(struct spinlock *lock) { spin_lock(lock); }
void spin_lock_irq(struct spinlock *lock) { spin_lock(lock); }
void spin_unlock_irq(struct spinlock *lock) { spin_unlock(lock); }
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
    (void)flags;
    spin_unlock(lock);
}

unsigned long spin_lock_irqsave(struct spinlock *lock)
{
    spin_lock(lock);
    return 0;
}

void printk(enum log_level level, const char *fmt, ...) { (void)level, (void)fmt; }
void printk_line(enum log_level level, const char *fmt, ...) { (void)level, (void)fmt; }
void printk_guest(enum log_level level, const char *fmt, ...) { (void)level, (void)fmt; }

void key_register(char key, void (*fn)(unsigned char key), const char *text)
{
    (void)key, (void)fn, (void)text;
}

bool mfn_valid(mfn_t mfn) { return mfn.m < FAKE_FRAMES; }

static void fake_map(unsigned long start, size_t size)
{
    void *p = mmap((void *)start, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != (void *)start) {
        perror("mmap");
        exit(1);
    }
}

static inline void fake_machine_start(void)
{
    fake_map(FRAME_TABLE_START, FAKE_FRAMES * sizeof(struct frame));
    fake_map(DIRECTMAP_START, FAKE_FRAMES << PAGE_SHIFT);
}

#endif
