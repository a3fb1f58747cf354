/* SPDX-License-Identifier: GPL-2.0-only */
/* What the clocks of this room share. */
#ifndef X86_TIME_PRIVATE_H
#define X86_TIME_PRIVATE_H

#include <lib/math.h>
#include <xen/percpu.h>
#include <xen/time.h>
#include <xen/types.h>

/* A counter of the machine, which ticks evenly and the same for all CPUs. */
struct clock_source {
    const char *name;               /* as in clocksource= */
    bool (*init)(void);             /* false: there is none */
    uint64_t (*read)(void);
    uint64_t hz;                    /* known after init() */
    uint64_t mask;                  /* of the bits that count */
};

extern struct clock_source pit_source, pmtimer_source, hpet_source;

/* tsc.c: how this CPU's counter becomes system time.  ns = ((tsc - stamp) * mul >> 32) + base. */
struct cpu_time {
    uint64_t stamp;
    time_ns base;
    uint64_t mul;                   /* ns per tick, 32.32 */
    uint64_t inverse;               /* ticks per ns, 32.32 */
};

DECLARE_PER_CPU(struct cpu_time, cpu_time);

extern uint64_t tsc_hz;

/* platform.c */
const struct clock_source *platform_clock(void);
void platform_clock_init(void);
void platform_clock_start(void);            /* platform_time() is system time from here */
time_ns platform_time(void);                /* at least twice per turn of the counter */
time_ns platform_max_gap(void);             /* how long a turn is */

/* calibrate.c: a moment, seen by two counters (and the local APIC's timer, counting down). */
struct moment {
    uint64_t tsc, ticks;
    uint32_t lapic;
};
#define WINDOW_PER_S    100         /* 10 ms */
struct moment moment_take(const struct clock_source *clock);
/* Returns the TSC's frequency, and the moment when its window ended. */
uint64_t calibrate(uint64_t *lapic_hz, struct moment *end);
uint64_t tsc_hz_told(void);         /* by the processor or the hypervisor below; 0: by nobody */

/* deadline.c */
void deadline_calibration_begin(void);
void deadline_init(uint64_t lapic_hz);
void deadline_init_cpu(void);
const char *deadline_name(void);

/* n * num / den with 32 bits of fraction; for rates. */
static inline uint64_t ratio_32_32(uint64_t num, uint64_t den)
{
    return muldiv64(num, 1ULL << 32, den);
}

#endif
