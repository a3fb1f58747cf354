/* SPDX-License-Identifier: GPL-2.0-only */
/* Other processors: who is there, and how to make them do something. */
#ifndef XEN_SMP_H
#define XEN_SMP_H

#include <lib/bitmap.h>
#include <xen/percpu.h>
#include <xen/types.h>

struct cpumask { unsigned long bits[MAX_CPUS / 64]; };

extern struct cpumask cpu_online, cpu_present;
/* CPUs are numbered 0..cpu_count-1; present ones, in MADT order */
extern unsigned int cpu_count;

static inline bool cpu_is_online(unsigned int cpu)
{
    return (cpu_online.bits[cpu / 64] >> (cpu % 64)) & 1;
}

/* About to go offline: nothing new is put there.  (x86/cpu/hotplug.c) */
extern struct cpumask cpu_leaving;
static inline bool cpu_is_leaving(unsigned int cpu)
{
    return (cpu_leaving.bits[cpu / 64] >> (cpu % 64)) & 1;
}

#define for_each_online_cpu(cpu) \
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) \
        if (cpu_is_online(cpu))

/* Run fn(arg) on the CPUs in mask (or all online) with interrupts off, this one included if named;
 * returns when all have finished.  Called with interrupts on. */
void smp_call(const struct cpumask *mask, void (*fn)(void *arg), void *arg);
void smp_call_all(void (*fn)(void *arg), void *arg);
void smp_call_one(unsigned int cpu, void (*fn)(void *arg), void *arg);
/* Make `cpu` pass through its exit path (softirqs, pending events) soon. */
void smp_kick(unsigned int cpu);
/* Everyone else stops for good: panic and reboot.  Safe from any context. */
void smp_stop_others(void);

#endif
