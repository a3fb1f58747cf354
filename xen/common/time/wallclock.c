/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wall clock: what time of 1970 it was when system time was 0.
 *
 * Readers may be anywhere, NMIs included: two copies and a sequence number whose low bit names
 * the copy that is in use.  The writer fills the other one, then switches.  Lock: wallclock_lock,
 * for writers.
 */
#include <xen/arch.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/time.h>

static DEFINE_SPINLOCK(wallclock_lock, LOCK_TIME);
static struct { uint64_t sec; uint32_t nsec; } copies[2];
static uint32_t sequence;

void wallclock_get(uint64_t *sec, uint32_t *nsec)
{
    uint32_t seen;
    do {
        seen = load_acquire(&sequence);
        *sec = read_once(copies[seen & 1].sec);
        *nsec = read_once(copies[seen & 1].nsec);
        smp_rmb();      /* pairs with the release in store() */
    } while (read_once(sequence) != seen);
}

/* Dates before the machine was started at 1970 do not exist: cut to 0. */
static void store(uint64_t sec, uint32_t nsec, time_ns at)
{
    uint64_t ns = sec * NS_PER_S + nsec;
    ns = ns > (uint64_t)at ? ns - (uint64_t)at : 0;

    unsigned long flags = spin_lock_irqsave(&wallclock_lock);
    unsigned int other = (sequence + 1) & 1;
    copies[other].sec = ns / NS_PER_S;
    copies[other].nsec = (uint32_t)(ns % NS_PER_S);
    store_release(&sequence, sequence + 1);
    spin_unlock_irqrestore(&wallclock_lock, flags);
}

void wallclock_set(uint64_t sec, uint32_t nsec, time_ns at)
{
    store(sec, nsec, at);
    arch_wallclock_changed();
}

void wallclock_init(void)
{
    uint64_t sec = arch_wallclock_read();
    if (sec == 0) {
        log_warn("wall clock: no battery clock, it starts at 1970");
        return;
    }
    store(sec, 0, time_now());
}
