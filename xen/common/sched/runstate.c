/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a vcpu was running, runnable, blocked, offline.  Under its queue's lock. */
#include <xen/assert.h>

#include "policy.h"

void runstate_change(struct vcpu *v, int state, time_ns now)
{
    time_ns spent = now - (time_ns)v->runstate.state_entry_time;

    if (spent > 0) {
        v->runstate.time[v->runstate.state] += (uint64_t)spent;
        v->runstate.state_entry_time = (uint64_t)now;
    }
    v->runstate.state = state;
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *info)
{
    *info = v->runstate;
    /* The caller's own vcpu is running: count up to now, so that the times sum to the present. */
    if (v == current) {
        time_ns spent = time_now() - (time_ns)info->state_entry_time;
        if (spent > 0)
            info->time[info->state] += (uint64_t)spent;
    }
}

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
    struct vcpu_runstate_info info = v->runstate;
    time_ns spent = info.state == RUNSTATE_running ? time_now() - (time_ns)info.state_entry_time : 0;

    return info.time[RUNSTATE_running] + (spent > 0 ? (uint64_t)spent : 0);
}

uint64_t domain_cpu_time(const struct domain *d)
{
    uint64_t total = 0;

    for_each_vcpu(d, v)
        total += vcpu_cpu_time(v);
    return total;
}
