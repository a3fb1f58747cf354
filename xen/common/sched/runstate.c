/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a vcpu was running, runnable, blocked, offline.  Under its queue's lock. */
#include <xen/assert.h>
#include <xen/trace.h>

#include "policy.h"

void runstate_change(struct vcpu *v, int state, time_ns now)
{
    time_ns spent = now - (time_ns)v->runstate.state_entry_time;

    if (spent > 0) {
        v->runstate.time[v->runstate.state] += (uint64_t)spent;
        v->runstate.state_entry_time = (uint64_t)now;
    }
    trace_runstate(v, v->runstate.state, state);
    v->runstate.state = state;
}

/* The lock keeps what belongs together together; the caller's own changes only when it does not
 * run. */
static void read_runstate(const struct vcpu *v, struct vcpu_runstate_info *info)
{
    unsigned long flags;
    struct runqueue *rq = sched_lock(v, &flags);

    *info = v->runstate;
    spin_unlock_irqrestore(&rq->lock, flags);
}

/* Up to now, so that the times sum to the present. */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *info)
{
    if (v == current)
        *info = v->runstate;
    else
        read_runstate(v, info);
    time_ns spent = time_now() - (time_ns)info->state_entry_time;
    if (spent > 0)
        info->time[info->state] += (uint64_t)spent;
}

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
    struct vcpu_runstate_info info;

    vcpu_runstate_get(v, &info);
    return info.time[RUNSTATE_running];
}

uint64_t domain_cpu_time(const struct domain *d)
{
    uint64_t total = 0;

    for_each_vcpu(d, v)
        total += vcpu_cpu_time(v);
    return total;
}
