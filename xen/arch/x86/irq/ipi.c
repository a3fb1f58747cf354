/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making other CPUs do something.
 *
 * Each CPU has a request of its own, so that callers do not wait for each other.  It is posted with
 * interrupts off, to CPUs seen online; and waited for with interrupts on, so that two CPUs that
 * call each other do not starve.  Functions of several callers run at once on different CPUs.
 */
#include <asm/insn.h>
#include <x86/cpu.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/perf.h>
#include <xen/time.h>

#include "private.h"

struct cpumask cpu_online = { .bits = { 1 } }, cpu_present = { .bits = { 1 } };
struct cpumask cpu_leaving;
unsigned int cpu_count = 1;

/* What a CPU asks of others.  It has one such request, for it waits until all have done it. */
struct call {
    void (*fn)(void *arg);
    void *arg;
    uint32_t pending;                   /* CPUs that have not finished; the release of all */
};

DEFINE_STATIC_PER_CPU(struct call, call);
DEFINE_STATIC_PER_CPU(struct cpumask, callers);     /* whose requests this CPU has yet to do */

static void do_call_of(unsigned int caller)
{
    struct call *c = &per_cpu(call, caller);
    c->fn(c->arg);
    atomic_sub(&c->pending, 1);
}

/* Taking the callers pairs with post(): their requests are whole when their bits are seen. */
void ipi_call_arrived(void)
{
    unsigned long *words = this_cpu(callers).bits;
    for (unsigned int i = 0; i < BITS_TO_LONGS(cpu_count); i++) {
        if (!read_once(words[i]))
            continue;
        unsigned long bits = atomic_xchg(&words[i], 0ul);
        for (; bits; bits &= bits - 1)
            do_call_of(i * BITS_PER_LONG + (unsigned int)__builtin_ctzl(bits));
    }
}

/* Who finds others' bits in the word leaves the interrupt to them: it has not been answered. */
static void post(unsigned int self, unsigned int cpu)
{
    unsigned long *word = &per_cpu(callers, cpu).bits[self / BITS_PER_LONG];
    atomic_add(&this_cpu(call).pending, 1);
    if (!atomic_fetch_or(word, 1ul << (self % BITS_PER_LONG)))
        lapic_send(cpu_apic_id[cpu], LAPIC_ICR_FIXED | VECTOR_CALL);
}

static void run_here(void (*fn)(void *arg), void *arg)
{
    unsigned long flags = irq_save();
    fn(arg);
    irq_restore(flags);
}

static bool names_others(const struct cpumask *mask, unsigned int self)
{
    for (unsigned int i = 0; i < BITS_TO_LONGS(cpu_count); i++) {
        unsigned long bits = mask->bits[i] & cpu_online.bits[i];
        if (i == self / BITS_PER_LONG)
            bits &= ~(1ul << (self % BITS_PER_LONG));
        if (bits)
            return true;
    }
    return false;
}

/* The caller has no request under way: it could not be here, but in a handler. */
static void call_prepare(void (*fn)(void *arg), void *arg)
{
    assert(arch_irqs_enabled() && !this_cpu(call).pending);
    this_cpu(call).fn = fn;
    this_cpu(call).arg = arg;
}

static void call_wait(void)
{
    while (load_acquire(&this_cpu(call).pending)) {
        perf_count(PERF_CALL_SPIN);
        cpu_relax();
    }
}

void smp_call(const struct cpumask *mask, void (*fn)(void *arg), void *arg)
{
    unsigned int self = smp_cpu();
    bool here = bitmap_test(mask->bits, self);
    if (!names_others(mask, self)) {
        if (here)
            run_here(fn, arg);
        return;
    }
    call_prepare(fn, arg);
    unsigned long flags = irq_save();
    unsigned int cpu;
    bitmap_for_each(cpu, mask->bits, cpu_count) {
        if (cpu != self && cpu_is_online(cpu))
            post(self, cpu);
    }
    if (here)
        fn(arg);
    irq_restore(flags);
    call_wait();
}

void smp_call_all(void (*fn)(void *arg), void *arg)
{
    smp_call(&cpu_online, fn, arg);
}

void smp_call_one(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
    unsigned int self = smp_cpu();
    if (cpu == self) {
        run_here(fn, arg);
        return;
    }
    call_prepare(fn, arg);
    unsigned long flags = irq_save();
    if (cpu_is_online(cpu))
        post(self, cpu);
    irq_restore(flags);
    call_wait();
}

static void nothing(void *arg)
{
}

/* Who saw it online has posted by the time it hears of this, and it does what was posted. */
void smp_leave(unsigned int cpu)
{
    atomic_clear_bit(cpu, cpu_online.bits);
    smp_call_all(nothing, NULL);
}

void smp_kick(unsigned int cpu)
{
    if (cpu != smp_cpu())
        lapic_send(cpu_apic_id[cpu], LAPIC_ICR_FIXED | VECTOR_KICK);
}

/* ---- The end --------------------------------------------------------------------------------- */

static uint32_t stopping;               /* somebody called smp_stop_others() */
static uint32_t stopped;                /* how many have obeyed */

bool ipi_stop_arrived(void)
{
    if (!read_once(stopping))
        return false;
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
    if (!lapic_present)
        return;
    if (atomic_xchg(&stopping, self + 1) != 0)
        return;
    for_each_online_cpu(cpu) {
        if (cpu != self) {
            others++;
            lapic_send(cpu_apic_id[cpu], LAPIC_ICR_NMI);
        }
    }
    for (unsigned int ms = 0; ms < 1000 && read_once(stopped) < others; ms++)
        udelay(1000);
}
