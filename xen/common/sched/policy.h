/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What core.c and a policy owe each other.
 *
 * core.c owns which vcpu runs where, runstates and locks; a policy only keeps runnable vcpus that do not run, per CPU,
 * in its order.  Every operation is called with that CPU's queue lock held and interrupts off, and must not sleep.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <lib/list.h>
#include <xen/domain.h>
#include <xen/sched.h>
#include <xen/time.h>

struct sched_unit {
    struct list_head link;          /* in its CPU's queue */
    struct vcpu *vcpu;
    bool queued;
    /* The policy's. */
    int credit;
    int prio;
    time_ns start;                  /* when it began to run, for burning credit */
};

#define SCHED_SLICE (30 * NS_PER_MS)   /* for who runs when another becomes runnable */

struct sched_choice { struct vcpu *next; time_ns slice; };      /* next NULL: idle; slice 0: no limit */

struct sched_policy {
    const char *name, *option;
    unsigned int id;                /* XEN_SCHEDULER_* */
    void (*init_cpu)(unsigned int cpu);
    void (*vcpu_init)(struct sched_unit *u);
    /* u became runnable (woken) or was preempted while runnable. */
    void (*enqueue)(struct sched_unit *u, unsigned int cpu, bool woken);
    void (*dequeue)(struct sched_unit *u, unsigned int cpu);
    /* Take the best off the queue.  prev has just stopped running, is accounted for, and queued if runnable. */
    struct sched_choice (*pick)(unsigned int cpu, time_ns now);
    void (*ran)(struct sched_unit *u, unsigned int cpu, time_ns from, time_ns to);
    /* Should woken u push out what runs on cpu? */
    bool (*preempts)(const struct sched_unit *u, const struct vcpu *running, unsigned int cpu);
    /* A queued vcpu of another CPU that may run on `cpu`, off its queue; NULL: none.  Called with the other's lock. */
    struct sched_unit *(*steal)(unsigned int from, unsigned int cpu);
    void (*dump)(unsigned int cpu);
};

extern const struct sched_policy sched_credit;

/* core.c's */
struct runqueue { struct spinlock lock; struct vcpu *running, *idle; struct timer slice; };
DECLARE_PER_CPU(struct runqueue, runqueue);
void runstate_change(struct vcpu *v, int state, time_ns now);
void sched_timers_init(struct vcpu *v);
void sched_timers_kill(struct vcpu *v);
void sched_timers_follow(struct vcpu *v);       /* v now runs on this CPU: so do its timers */
bool affinity_allows(const struct vcpu *v, unsigned int cpu);
int affinity_init(struct vcpu *v, unsigned int cpu) must_check;
void affinity_free(struct vcpu *v);

#endif
