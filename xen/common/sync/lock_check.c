/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The locks of debug builds: each CPU remembers what it holds, and each acquisition is held
 * against the order of lock_order.h before it waits, so that a possible deadlock panics the first
 * time and not when it happens.
 *
 * The list of held locks belongs to its CPU and changes with interrupts off.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/spinlock.h>

#include "private.h"

#define HELD_MAX 24

struct held_locks {
    unsigned int count;
    unsigned int irq_depth;
    unsigned int interrupted;           /* in a handler: how many the interrupted code holds */
    struct { const void *lock; uint16_t rank; } entry[HELD_MAX];
};

DEFINE_STATIC_PER_CPU(struct held_locks, held_locks);

static const char *const rank_name[LOCK_RANKS] = {
    [LOCK_DOMCTL] = "domctl", [LOCK_CPU_HOTPLUG] = "cpu_hotplug", [LOCK_CPUPOOL] = "cpupool",
    [LOCK_DOMAIN] = "domain", [LOCK_GRANT] = "grant", [LOCK_MAPTRACK] = "maptrack",
    [LOCK_P2M] = "p2m",
    [LOCK_EVENT] = "event", [LOCK_EVENT_PORT] = "event_port", [LOCK_EVENT_QUEUE] = "event_queue",
    [LOCK_PIRQ] = "pirq", [LOCK_PCI] = "pci", [LOCK_IRQ_DESC] = "irq_desc",
    [LOCK_VECTOR] = "vector",
    [LOCK_IOAPIC] = "ioapic", [LOCK_TIME] = "time", [LOCK_SCHED] = "sched", [LOCK_TIMER] = "timer",
    [LOCK_DOMAIN_PAGES] = "domain_pages", [LOCK_PAGE_CACHE] = "page_cache", [LOCK_HEAP] = "heap",
    [LOCK_POOL] = "pool",
    [LOCK_RCU] = "rcu", [LOCK_TASKLET] = "tasklet",
    [LOCK_TRACE] = "trace",
    [LOCK_KEYS] = "keys", [LOCK_CONSOLE] = "console", [LOCK_UART] = "uart",
};

static const char *name_of(uint16_t rank)
{
    unsigned int r = rank & LOCK_RANK_MASK;
    return r < LOCK_RANKS && rank_name[r] ? rank_name[r] : "?";
}

static void cold noreturn wrong(const char *what, uint16_t rank, uint16_t other)
{
    spin_locks_ignore();
    panic("lock '%s': %s '%s'", name_of(rank), what, name_of(other));
}

/* A lock once taken in a handler and once with interrupts on can deadlock against itself. */
static void note_irq_use(uint16_t *rank)
{
    uint16_t seen = this_cpu(held_locks).irq_depth ? LOCK_SEEN_IN_IRQ : 0;
    if (irqs_enabled())
        seen |= LOCK_SEEN_IRQ_ON;
    if ((read_once(*rank) & seen) != seen)
        atomic_or(rank, seen);
    const uint16_t both = LOCK_SEEN_IN_IRQ | LOCK_SEEN_IRQ_ON;
    if ((read_once(*rank) & both) == both) {
        wrong("taken in an interrupt handler and with interrupts on; itself", *rank, *rank);
    }
}

void lock_check_acquire(const void *lock, uint16_t *rank, bool nested)
{
    if (unlikely(read_once(locks_ignored)))
        return;
    note_irq_use(rank);
    uint16_t r = *rank & LOCK_RANK_MASK;
    const struct held_locks *held = &this_cpu(held_locks);
    for (unsigned int i = 0; i < held->count; i++) {
        const void *other = held->entry[i].lock;
        uint16_t other_rank = held->entry[i].rank;
        if (other == lock) {
            wrong("already held by this CPU; itself", r, other_rank);
        }
        if (i < held->interrupted) {
            continue;       /* taken with interrupts on, so never inside a lock of handlers */
        }
        if (other_rank > r)
            wrong("taken while holding the inner", r, other_rank);
        if (other_rank == r && !(nested && (uintptr_t)other < (uintptr_t)lock))
            wrong("taken while holding a second of its rank", r, other_rank);
    }
}

void lock_check_acquired(const void *lock, uint16_t rank)
{
    struct held_locks *held = &this_cpu(held_locks);
    if (unlikely(held->count == HELD_MAX)) {
        if (!read_once(locks_ignored)) {
            wrong("too many are held; outermost", rank, held->entry[0].rank);
        }
        return;
    }
    unsigned long flags = irq_save();
    held->entry[held->count].lock = lock;
    held->entry[held->count].rank = rank & LOCK_RANK_MASK;
    held->count++;
    irq_restore(flags);
}

/* Mostly the newest entry; others move down. */
void lock_check_release(const void *lock, uint16_t rank)
{
    struct held_locks *held = &this_cpu(held_locks);
    unsigned long flags = irq_save();
    unsigned int i = held->count;
    while (i > 0 && held->entry[i - 1].lock != lock)
        i--;
    if (i == 0) {
        irq_restore(flags);
        if (!read_once(locks_ignored)) {
            wrong("released but not held by this CPU; itself", rank, rank);
        }
        return;
    }
    for (; i < held->count; i++)
        held->entry[i - 1] = held->entry[i];
    held->count--;
    irq_restore(flags);
}

static void lock_checked(struct spinlock *lock, bool nested)
{
    lock_check_acquire(lock, &lock->rank, nested);
    ticket_lock(lock);
    lock->owner = (uint16_t)(smp_cpu() + 1);
    lock_check_acquired(lock, lock->rank);
}

static void unlock_checked(struct spinlock *lock)
{
    lock_check_release(lock, lock->rank);
    lock->owner = 0;
    ticket_unlock(lock);
}

void spin_lock(struct spinlock *lock)
{
    lock_checked(lock, false);
}

void spin_lock_nested(struct spinlock *lock)
{
    lock_checked(lock, true);
}

/* Cannot deadlock, so the order does not bind it. */
bool spin_trylock(struct spinlock *lock)
{
    if (!ticket_trylock(lock))
        return false;
    lock->owner = (uint16_t)(smp_cpu() + 1);
    lock_check_acquired(lock, lock->rank);
    return true;
}

void spin_unlock(struct spinlock *lock)
{
    unlock_checked(lock);
}

void spin_lock_irq(struct spinlock *lock)
{
    irq_disable();
    lock_checked(lock, false);
}

void spin_unlock_irq(struct spinlock *lock)
{
    unlock_checked(lock);
    irq_enable();
}

unsigned long spin_lock_irqsave(struct spinlock *lock)
{
    unsigned long flags = irq_save();
    lock_checked(lock, false);
    return flags;
}

void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
    unlock_checked(lock);
    irq_restore(flags);
}

void lock_check_irq_enter(void)
{
    struct held_locks *held = &this_cpu(held_locks);
    if (held->irq_depth++ == 0)
        held->interrupted = held->count;
}

void lock_check_irq_exit(void)
{
    struct held_locks *held = &this_cpu(held_locks);
    if (--held->irq_depth == 0)
        held->interrupted = 0;
}

void lock_check_none_held(const char *where)
{
    const struct held_locks *held = &this_cpu(held_locks);
    if (unlikely(held->count != 0) && !read_once(locks_ignored)) {
        spin_locks_ignore();
        panic("%s: lock '%s' is still held", where, name_of(held->entry[held->count - 1].rank));
    }
}
