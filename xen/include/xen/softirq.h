/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that waits until a CPU is about to leave the hypervisor: softirqs (a fixed set, a bit per
 * CPU) and tasklets (queued functions).  Handlers run with interrupts on and may take any lock.
 */
#ifndef XEN_SOFTIRQ_H
#define XEN_SOFTIRQ_H

#include <lib/list.h>
#include <xen/atomic.h>
#include <xen/percpu.h>
#include <xen/types.h>

/* In the order in which they are served. */
enum softirq {
    SOFTIRQ_TIMER,
    SOFTIRQ_SCHEDULE,           /* its handler may not return: it resets the stack */
    SOFTIRQ_CONSOLE,
    SOFTIRQ_RCU,
    SOFTIRQ_TASKLET,
    SOFTIRQ_TRACE,              /* a trace buffer fills up */
    SOFTIRQS
};

/* A bit per enum softirq; entry code tests it before leaving. */
DECLARE_PER_CPU(uint32_t, softirq_pending);

void softirq_set_handler(enum softirq nr, void (*handler)(void));
/* Elsewhere: wakes it by an IPI if need be. */
void softirq_raise_on(unsigned int cpu, enum softirq nr);
/* On this CPU; from any context, NMI included. */
static inline void softirq_raise(enum softirq nr)
{
    atomic_or(&this_cpu(softirq_pending), 1u << nr);
}

/* Called by entry code on the way out and by the idle loop, with no lock and no borrowed pointer
 * held.  Returns with interrupts off and nothing pending. */
void softirq_run(void);

struct tasklet {
    struct list_head link;
    void (*fn)(void *arg);
    void *arg;
    unsigned int cpu;                   /* where it is queued, or to be queued when it has run */
    bool scheduled, running;
};

void tasklet_init(struct tasklet *t, void (*fn)(void *arg), void *arg);
void tasklet_schedule(struct tasklet *t);           /* runs once on this CPU, soon */
/* No change if it is scheduled already. */
void tasklet_schedule_on(struct tasklet *t, unsigned int cpu);
void tasklet_kill(struct tasklet *t);       /* not queued and not running when this returns */
void softirq_init(void);

#endif
