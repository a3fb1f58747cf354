/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast the TSC and the local APIC's timer count, against the platform's clock.
 *
 * One window serves both.  A moment is the quickest of a few readings, so that an interruption by
 * firmware spoils none of its ends; between the two ends errors stay below some ten parts in a
 * million.  What booting takes is a second window, for the TSC alone (time_refine()).
 */
#include <asm/insn.h>
#include <x86/irq.h>
#include <xen/printk.h>

#include "private.h"

#define READINGS        5

struct moment moment_take(const struct clock_source *clock)
{
    struct moment best = { 0 };
    uint64_t best_width = UINT64_MAX;

    for (unsigned int i = 0; i < READINGS; i++) {
        uint64_t before = rdtsc_ordered();
        uint64_t ticks = clock->read();
        uint64_t after = rdtsc_ordered();
        uint32_t lapic = lapic_present ? lapic_read(LAPIC_TIMER_CURRENT) : 0;
        if (after - before < best_width) {
            best_width = after - before;
            best = (struct moment){ before + best_width / 2, ticks, lapic };
        }
    }
    return best;
}

static void wait_window(const struct clock_source *clock, uint64_t start)
{
    uint64_t window = clock->hz / WINDOW_PER_S;
    while (((clock->read() - start) & clock->mask) < window) {
    }
}

/* What the processor, or the hypervisor below us, says itself; 0 if nothing. */
uint64_t tsc_hz_told(void)
{
    if (cpuid(0, 0).eax >= 0x15) {
        struct cpuid_regs r = cpuid(0x15, 0);
        if (r.eax != 0 && r.ebx != 0 && r.ecx != 0)
            return (uint64_t)r.ecx * r.ebx / r.eax;
    }
    if ((cpuid(1, 0).ecx & (1u << 31)) != 0) {
        uint32_t last = cpuid(0x40000000, 0).eax;
        if (last >= 0x40000010 && last < 0x40010000)
            return cpuid(0x40000010, 0).eax * 1000UL;
    }
    return 0;
}

uint64_t calibrate(uint64_t *lapic_hz, struct moment *end)
{
    const struct clock_source *clock = platform_clock();

    deadline_calibration_begin();
    struct moment a = moment_take(clock);
    wait_window(clock, a.ticks);
    struct moment b = moment_take(clock);
    *end = b;

    uint64_t ticks = (b.ticks - a.ticks) & clock->mask;
    uint64_t measured = muldiv64(b.tsc - a.tsc, clock->hz, ticks);
    *lapic_hz = muldiv64(a.lapic - b.lapic, clock->hz, ticks);

    uint64_t told = tsc_hz_told();
    if (told != 0 && (told > measured ? told - measured : measured - told) < measured / 200)
        return told;
    return measured;
}
