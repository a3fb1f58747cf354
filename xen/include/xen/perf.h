/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performance counters: how often things happened, on each CPU, since boot or the last reset.  In
 * builds with perfc=y only; in others counting is nothing at all.
 */
#ifndef XEN_PERF_H
#define XEN_PERF_H

#include <xen/lock_order.h>
#include <xen/percpu.h>
#include <xen/types.h>

/* PERF(name, how many, what it counts): with more than one, which of them is an index. */
#define PERF_COUNTERS \
    PERF(HYPERCALLS,        64, "hypercalls") \
    PERF(EXCEPTIONS,        32, "exceptions handed to guests") \
    PERF(SCHEDULE,           1, "sched: scheduling decisions") \
    PERF(SWITCH,             1, "sched: vcpu switches") \
    PERF(WAKE,               1, "sched: vcpus woken") \
    PERF(PAGE_FAULT,         1, "#PF from guests") \
    PERF(TABLE_WRITE,        1, "page-table writes emulated") \
    PERF(PRIVILEGED,         1, "privileged instructions emulated") \
    PERF(MULTICALL,          1, "calls inside multicalls") \
    PERF(GRANT_MAP,          1, "grants mapped") \
    PERF(GRANT_UNMAP,        1, "grants unmapped") \
    PERF(LOCK_WAIT, LOCK_RANKS, "locks: found taken, by rank") \
    PERF(LOCK_SPIN, LOCK_RANKS, "locks: spins, by rank") \
    PERF(TABLE_SPIN,         1, "locks: spins for a frame's type") \
    PERF(CALL_SPIN,          1, "calls of other CPUs: spins until done")

/* Where each begins in a CPU's row of values. */
enum perf_counter {
#define PERF(name, n, text) PERF_##name, PERF_##name##_LAST = PERF_##name + (n) - 1,
    PERF_COUNTERS
#undef PERF
    PERF_VALUES
};

#ifdef XEN_PERFC

DECLARE_PER_CPU(uint32_t[PERF_VALUES], perf_values);

static inline void perf_count_of(enum perf_counter c, unsigned int i)
{
    this_cpu(perf_values)[c + i]++;
}

void perf_init(void);                   /* boot: debug keys 'p' and 'P' */

#else

static inline void perf_count_of(enum perf_counter c, unsigned int i) { (void)c, (void)i; }
static inline void perf_init(void) {}

#endif

static inline void perf_count(enum perf_counter c) { perf_count_of(c, 0); }

#endif
