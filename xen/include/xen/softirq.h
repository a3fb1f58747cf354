/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that waits until a CPU is about to leave the hypervisor: softirqs (a fixed set, a bit per CPU) and
 * tasklets (queued functions).  Handlers run with interrupts on and may take any lock.
 */
#ifndef XEN_SOFTIRQ_H
#define XEN_SOFTIRQ_H

#include <lib/list.h>
#include <xen/percpu.h>
#include <xen/types.h>

enum softirq { SOFTIRQ_TIMER, SOFTIRQ_SCHEDULE, SOFTIRQ_RCU, SOFTIRQ_TASKLET, SOFTIRQ_TIME_CALIBRATION, SOFTIRQS };

DECLARE_PER_CPU(uint32_t, softirq_pending);     /* bit per enum softirq; entry code tests it before leaving */

void softirq_set_handler(enum softirq nr, void (*handler)(void));
void softirq_raise(enum softirq nr);                            /* on this CPU */
void softirq_raise_on(unsigned int cpu, enum softirq nr);       /* elsewhere: wakes it by an IPI if need be */
void softirq_run(void);                                         /* called by entry code and by the idle loop */

struct tasklet {
    struct list_head link;
    void (*fn)(void *arg);
    void *arg;
    bool scheduled, running;
};

void tasklet_init(struct tasklet *t, void (*fn)(void *arg), void *arg);
void tasklet_schedule(struct tasklet *t);           /* runs once on this CPU, soon */
void tasklet_schedule_on(struct tasklet *t, unsigned int cpu);
void tasklet_kill(struct tasklet *t);               /* not queued and not running when this returns */
void softirq_init(void);

#endif
