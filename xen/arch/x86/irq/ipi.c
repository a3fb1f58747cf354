/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making other CPUs do something.
 *
 * One call at a time: call_lock is held from posting a call until all have run it.  Whoever waits
 * for it waits with interrupts on, so two callers cannot starve each other.
 */
#include <asm/insn.h>
#include <x86/cpu.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/time.h>

#include "private.h"

struct cpumask cpu_online = { .bits = { 1 } }, cpu_present = { .bits = { 1 } };
struct cpumask cpu_leaving;
unsigned int cpu_count = 1;

static DEFINE_SPINLOCK(call_lock, LOCK_TLB_FLUSH);
static void (*call_fn)(void *arg);
static void *call_arg;
static uint32_t call_pending;           /* CPUs that have not finished; the release of fn and arg */
DEFINE_STATIC_PER_CPU(bool, call_posted);

void ipi_call_arrived(void)
{
    /* Pairs with the store of call_posted in post(): fn and arg are valid when it is seen. */
    if (!load_acquire(&this_cpu(call_posted))) {
        return;
    }
    this_cpu(call_posted) = false;
    call_fn(call_arg);
    atomic_sub(&call_pending, 1);
}

static void post(unsigned int cpu)
{
    atomic_add(&call_pending, 1);
    store_release(&per_cpu(call_posted, cpu), true);
    lapic_send(cpu_apic_id[cpu], LAPIC_ICR_FIXED | VECTOR_CALL);
}

static void run_here(void (*fn)(void *arg), void *arg)
{
    unsigned long flags = arch_irq_save();
    fn(arg);
    arch_irq_restore(flags);
}

static bool names_others(const struct cpumask *mask, unsigned int self)
{
    for (unsigned int i = 0; i < BITS_TO_LONGS(cpu_count); i++) {
        unsigned long bits = mask->bits[i] & cpu_online.bits[i];
        if (i == self / BITS_PER_LONG) {
            bits &= ~(1ul << (self % BITS_PER_LONG));
        }
        if (bits) {
            return true;
        }
    }
    return false;
}

void smp_call(const struct cpumask *mask, void (*fn)(void *arg), void *arg)
{
    unsigned int self = smp_cpu();
    bool here = bitmap_test(mask->bits, self);
    if (!names_others(mask, self)) {
        if (here) {
            run_here(fn, arg);
        }
        return;
    }
    assert(arch_irqs_enabled());
    spin_lock(&call_lock);
    call_fn = fn;
    call_arg = arg;
    unsigned int cpu;
    bitmap_for_each(cpu, mask->bits, cpu_count) {
        if (cpu != self && cpu_is_online(cpu)) {
            post(cpu);
        }
    }
    if (here) {
        run_here(fn, arg);
    }
    while (load_acquire(&call_pending)) {
        cpu_relax();
    }
    spin_unlock(&call_lock);
}

void smp_call_all(void (*fn)(void *arg), void *arg)
{
    smp_call(&cpu_online, fn, arg);
}

void smp_call_one(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
    if (cpu == smp_cpu()) {
        run_here(fn, arg);
        return;
    }
    assert(arch_irqs_enabled());
    spin_lock(&call_lock);
    call_fn = fn;
    call_arg = arg;
    if (cpu_is_online(cpu)) {
        post(cpu);
    }
    while (load_acquire(&call_pending)) {
        cpu_relax();
    }
    spin_unlock(&call_lock);
}

void smp_leave(unsigned int cpu)
{
    spin_lock(&call_lock);
    atomic_clear_bit(cpu, cpu_online.bits);
    spin_unlock(&call_lock);
}

void smp_kick(unsigned int cpu)
{
    if (cpu != smp_cpu()) {
        lapic_send(cpu_apic_id[cpu], LAPIC_ICR_FIXED | VECTOR_KICK);
    }
}

/* ---- The end --------------------------------------------------------------------------------- */

static uint32_t stopping;               /* somebody called smp_stop_others() */
static uint32_t stopped;                /* how many have obeyed */

bool ipi_stop_arrived(void)
{
    if (!read_once(stopping)) {
        return false;
    }
    lapic_shutdown();
    atomic_add(&stopped, 1);
    for (;;) {
        cli();
        hlt();
    }
}

/* By NMI: those with interrupts off shall hear it too.  The second to call stops like the rest. */
void smp_stop_others(void)
{
    unsigned int self = smp_cpu(), others = 0;
    if (!lapic_present) {
        return;
    }
    if (atomic_xchg(&stopping, self + 1) != 0) {
        return;
    }
    for_each_online_cpu(cpu) {
        if (cpu != self) {
            others++;
            lapic_send(cpu_apic_id[cpu], LAPIC_ICR_NMI);
        }
    }
    for (unsigned int ms = 0; ms < 1000 && read_once(stopped) < others; ms++) {
        udelay(1000);
    }
}
