/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scheduling: which vcpu runs on which CPU.  core.c owns states and locks; a policy only orders
 * runnable vcpus.
 *
 * A vcpu is runnable when nothing blocks or pauses it (vcpu->pause_flags == 0 and its domain is not
 * paused).
 */
#ifndef XEN_SCHED_H
#define XEN_SCHED_H

#include <xen/smp.h>
#include <xen/time.h>
#include <xen/types.h>

struct domain;
struct vcpu;
struct sched_unit;                      /* a policy's data of a vcpu */

/* vcpu->pause_flags: each bit keeps it from running.  Changed atomically. */
#define VPF_BLOCKED     0               /* waits for an event */
#define VPF_DOWN        1               /* offline: VCPUOP_down, or never brought up */
#define VPF_BLOCKED_IN_XEN 2            /* waits for an I/O request server */
#define VPF_MIGRATING   3

/* boot: parses sched=, makes the idle domain's scheduler state */
void sched_init(void);
void sched_init_cpu(unsigned int cpu);
int sched_domain_init(struct domain *d) must_check;
void sched_domain_free(struct domain *d);
int sched_vcpu_init(struct vcpu *v, unsigned int cpu) must_check;
void sched_vcpu_free(struct vcpu *v);

bool vcpu_runnable(const struct vcpu *v);
void vcpu_wake(struct vcpu *v);         /* something that kept it from running went away */
void vcpu_unblock(struct vcpu *v);      /* clear VPF_BLOCKED and wake */
void vcpu_block(void);                  /* current: until an event, unless one is already pending */
void vcpu_yield(void);
/* a reason not to run was added; it may still run for a moment */
void vcpu_sleep_nosync(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v);   /* the same; returns when it is not running */
void vcpu_pause(struct vcpu *v);        /* nests; synchronous.  Not on current */
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
void domain_pause(struct domain *d);    /* nests; every vcpu; not on current's domain */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
/* -EINVAL when no online CPU would be left. */
int vcpu_set_hard_affinity(struct vcpu *v, const struct cpumask *mask) must_check;
int vcpu_set_soft_affinity(struct vcpu *v, const struct cpumask *mask) must_check;
struct vcpu_runstate_info;
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *info);
/* ns it has run, up to now; an idle vcpu's: its CPU idled */
uint64_t vcpu_cpu_time(const struct vcpu *v);
uint64_t domain_cpu_time(const struct domain *d);
void sched_dump(void);                  /* debug key 'r' */
/* singleshot timer: VIRQ_TIMER at deadline; 0 stops */
int sched_set_timer(struct vcpu *v, time_ns deadline);
void sched_periodic_timer_set(struct vcpu *v, time_ns period);
void sched_switched(struct vcpu *prev);         /* arch_switch_to()'s: prev's registers are saved */
/* CPU pools.  A domain without vcpus joins another one: 0, -ENOENT, -ENODEV: it has no CPU. */
int domain_join_cpupool(struct domain *d, unsigned int id) must_check;
unsigned int domain_cpupool(const struct domain *d);
/* The CPU of its pool that follows `cpu`, around and around. */
unsigned int domain_next_cpu(const struct domain *d, unsigned int cpu);
/* A CPU on its way offline: out of its pool (-EBUSY: it is needed there), its queue's timer
 * stopped; and back into that pool, or pool 0 if that is no more. */
int cpupool_cpu_leaves(unsigned int cpu) must_check;
void sched_cpu_parked(unsigned int cpu);
void cpupool_cpu_returns(unsigned int cpu);
unsigned int sched_policy_id(void);             /* XEN_SCHEDULER_* */
noreturn void idle_loop(void);

#endif
