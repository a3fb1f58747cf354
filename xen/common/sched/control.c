/* SPDX-License-Identifier: GPL-2.0-only */
/* The control interface's part about scheduling: parameters of domains and policies, and CPU
 * pools. */
#include <xen/control.h>
#include <xen/options.h>
#include <xen/rcu.h>
#include <xen/trace.h>

#include "policy.h"

/* Microseconds; < 0: as each policy thinks best. */
static unsigned int opt_ratelimit_us = ~0u;
OPTION_UINT(ratelimit_us, "sched_ratelimit_us", opt_ratelimit_us);

time_ns ratelimit_or(time_ns otherwise)
{
    return opt_ratelimit_us <= 500000 ? opt_ratelimit_us * NS_PER_US : otherwise;
}

int domctl_scheduler(struct domain *d, struct xen_domctl *op)
{
    uint32_t id = op->u.scheduler_op.sched_id, cmd = op->u.scheduler_op.cmd;
    int rc = -EINVAL;

    spin_lock(&cpupool_lock);
    const struct sched_policy *policy = d->sched->pool->policy;
    if (id == policy->id && cmd == XEN_DOMCTL_SCHEDOP_getinfo)
        rc = policy->get(d->sched, op);
    else if (id == policy->id && cmd == XEN_DOMCTL_SCHEDOP_putinfo)
        rc = policy->put(d->sched, op);
    spin_unlock(&cpupool_lock);
    if (!rc && cmd == XEN_DOMCTL_SCHEDOP_putinfo)
        trace_1(TRC_SCHED_ADJDOM, d->id);
    return rc;
}

int sysctl_sched_id(struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = sched_policy_id();
    return 0;
}

int sysctl_scheduler(struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
    int rc = -EINVAL;

    spin_lock(&cpupool_lock);
    struct cpupool *p = cpupool_find(s->cpupool_id);
    if (!p)
        rc = -ESRCH;
    else if (s->sched_id == p->policy->id && s->cmd == XEN_SYSCTL_SCHEDOP_getinfo)
        rc = p->policy->get_global(p, s);
    else if (s->sched_id == p->policy->id && s->cmd == XEN_SYSCTL_SCHEDOP_putinfo)
        rc = p->policy->put_global(p, s);
    spin_unlock(&cpupool_lock);
    return rc;
}

/* ---- Pools ----------------------------------------------------------------------------------- */

/* The first pool from that number on. */
static int pool_info(struct xen_sysctl_cpupool_op *op)
{
    struct cpumask cpus;

    spin_lock(&cpupool_lock);
    const struct cpupool *p = cpupool_next(op->cpupool_id);
    if (p) {
        op->cpupool_id = p->id;
        op->sched_id = p->policy->id;
        op->n_dom = p->nr_domains;
        cpus = p->cpus;
    }
    spin_unlock(&cpupool_lock);
    return p ? bitmap_to_guest(&op->cpumap, cpus.bits, cpu_count) : -ENOENT;
}

static int pool_free_cpus(struct xen_sysctl_cpupool_op *op)
{
    struct cpumask cpus = { { 0 } };

    for_each_online_cpu(cpu)
        if (read_once(per_cpu(runqueue, cpu).pool) == &pool_none)
            bitmap_set(cpus.bits, cpu);
    return bitmap_to_guest(&op->cpumap, cpus.bits, cpu_count);
}

/* Its vcpus stop before the lock is taken, since to stop they may have to wait for the lock. */
static int pool_move_domain(const struct xen_sysctl_cpupool_op *op)
{
    struct domain *d = op->domid < DOMID_FIRST_RESERVED ? domain_find((domid_t)op->domid) : NULL;

    if (!d)
        return -EINVAL;
    int rc = -EINVAL;
    if (d != current->domain && d != hardware_domain) {
        domain_pause(d);
        spin_lock(&cpupool_lock);
        rc = cpupool_move_domain(d, op->cpupool_id);
        spin_unlock(&cpupool_lock);
        domain_unpause(d);
    }
    domain_put(d);
    return rc;
}

int domain_join_cpupool(struct domain *d, unsigned int id)
{
    spin_lock(&cpupool_lock);
    int rc = cpupool_move_domain(d, id);
    spin_unlock(&cpupool_lock);
    return rc;
}

unsigned int domain_cpupool(const struct domain *d)
{
    spin_lock(&cpupool_lock);
    unsigned int id = d->sched->pool->id;
    spin_unlock(&cpupool_lock);
    return id;
}

unsigned int domain_next_cpu(const struct domain *d, unsigned int cpu)
{
    spin_lock(&cpupool_lock);
    const unsigned long *cpus = d->sched->pool->cpus.bits;
    unsigned int next = (unsigned int)bitmap_find_next(cpus, cpu_count, cpu + 1);
    if (next >= cpu_count)
        next = (unsigned int)bitmap_find_first(cpus, cpu_count);
    spin_unlock(&cpupool_lock);
    return next;
}

static int pool_change(struct xen_sysctl_cpupool_op *op)
{
    int rc;

    spin_lock(&cpupool_lock);
    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE: rc = cpupool_create(&op->cpupool_id, op->sched_id); break;
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY: rc = cpupool_destroy(op->cpupool_id); break;
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU: rc = cpupool_add_cpu(op->cpupool_id, op->cpu); break;
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU: rc = cpupool_remove_cpu(op->cpupool_id, op->cpu); break;
    default: rc = -ENOSYS;
    }
    spin_unlock(&cpupool_lock);
    return rc;
}

int sysctl_cpupool(struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO: return pool_info(p);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO: return pool_free_cpus(p);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN: return pool_move_domain(p);
    default: return pool_change(p);
    }
}
