/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors' frequencies: ACPI's performance states, as dom0 told them, and who chooses
 * (cpufreq=).
 */
#ifndef X86_FREQUENCY_H
#define X86_FREQUENCY_H

#include <lib/governor.h>
#include <public/platform.h>
#include <xen/spinlock.h>
#include <xen/time.h>
#include <xen/types.h>

struct frequency {
    struct spinlock lock;
    unsigned int cpu;
    bool is_driven;                     /* its control register is one that we can write */
    bool is_set;                        /* the current state is in force */
    struct xen_pct_register control;
    uint32_t control_value[GOVERNOR_STATES];
    struct governor_policy policy;
    uint32_t sampling_us;               /* ondemand's period */
    struct timer timer;
    time_ns sampled;                    /* when ondemand looked last, */
    uint64_t idle;                      /* and how long the CPU had idled by then */
    /* What was used. */
    uint32_t last;
    time_ns since;                      /* in the current state */
    uint64_t residency[GOVERNOR_STATES], entered[GOVERNOR_STATES];
    uint64_t moves[GOVERNOR_STATES][GOVERNOR_STATES];   /* from, to */
};

#define FREQUENCY_SAMPLING_MIN_US 1000
#define FREQUENCY_SAMPLING_MAX_US 1000000

/* What dom0 says of a CPU: flags say which parts; px has state_count entries.  -EINVAL: it makes no
 * sense, and nothing has changed. */
int frequency_tell(unsigned int cpu, const struct xen_processor_performance *perf,
                   const struct xen_processor_px *px) must_check;
/* A copy with the residency up to now; -ENODEV: nothing is known of that CPU. */
int frequency_get(unsigned int cpu, struct frequency *copy) must_check;
/* Of a driven CPU: another policy, by a function that says 0 or why not; -ENODEV: there is none. */
int frequency_change(unsigned int cpu, int (*fn)(struct frequency *f, uint64_t arg),
                     uint64_t arg) must_check;
void frequency_forget_use(unsigned int cpu);
/* This CPU came back online. */
void frequency_start_here(void);

#endif
