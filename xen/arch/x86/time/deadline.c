/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The next deadline of a CPU: its local APIC's timer, in TSC-deadline mode where there is one
 * (tdt=), else one-shot.  All of it with interrupts off, on the CPU itself.
 */
#include <asm/insn.h>
#include <asm/msr.h>
#include <x86/irq.h>
#include <xen/atomic.h>
#include <xen/arch.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"

#define DIVIDE_BY_1     0xb
#define CPUID1_ECX_TSC_DEADLINE (1u << 24)

static bool tdt = true;
OPTION_BOOL(tdt, "tdt", tdt);

static bool by_tsc read_mostly;
static uint64_t counts_per_ns read_mostly;      /* 32.32 */

const char *deadline_name(void)
{
    return by_tsc ? "TSC deadline" : "local APIC, one-shot";
}

/* The counter runs down from its highest value, unheard. */
void deadline_calibration_begin(void)
{
    if (lapic_present) {
        lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
        lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED | VECTOR_LAPIC_TIMER);
        lapic_write(LAPIC_TIMER_INITIAL, 0xffffffff);
    }
}

void deadline_init_cpu(void)
{
    if (by_tsc) {
        lapic_write(LAPIC_LVT_TIMER, LAPIC_TIMER_TSC_DEADLINE | VECTOR_LAPIC_TIMER);
        smp_mb();       /* xAPIC: the mode is set before the MSR counts */
        return;
    }
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_LVT_TIMER, LAPIC_TIMER_ONE_SHOT | VECTOR_LAPIC_TIMER);
}

void deadline_init(uint64_t lapic_hz)
{
    by_tsc = tdt && (cpuid(1, 0).ecx & CPUID1_ECX_TSC_DEADLINE) != 0;
    if (!lapic_present || (!by_tsc && lapic_hz == 0))
        panic("time: no local APIC timer, and without one nothing can be scheduled");
    counts_per_ns = ratio_32_32(lapic_hz, NS_PER_S);
    deadline_init_cpu();
    log_info("timers: %s", deadline_name());
}

/* Rounded up, so that the deadline has passed when it fires. */
static bool arm_tsc(time_ns deadline)
{
    const struct cpu_time *c = &this_cpu(cpu_time);
    if (deadline <= c->base)
        return false;
    uint64_t ticks = mul_u64_u64_shr((uint64_t)(deadline - c->base), c->inverse, 32) + 2;
    wrmsr(MSR_TSC_DEADLINE, c->stamp + ticks);
    return true;
}

static bool arm_one_shot(time_ns deadline)
{
    time_ns delta = deadline - time_now();
    if (delta <= 0)
        return false;
    uint64_t counts = mul_u64_u64_shr((uint64_t)delta, counts_per_ns, 32) + 1;
    lapic_write(LAPIC_TIMER_INITIAL, (uint32_t)min_t(uint64_t, counts, UINT32_MAX));
    return true;
}

bool arch_timer_arm(time_ns deadline)
{
    return by_tsc ? arm_tsc(deadline) : arm_one_shot(deadline);
}

void lapic_timer_interrupt(void)
{
    timers_interrupt();
}
