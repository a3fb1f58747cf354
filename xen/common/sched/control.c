/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control interface's questions about scheduling.
 *
 * There is one pool, number 0, with every processor and domain.  Domains share time equally: weight and cap are told as
 * what that amounts to, and other values are refused.
 */
#include <xen/control.h>
#include <xen/rcu.h>

#include "policy.h"

#define DEFAULT_WEIGHT  256
#define NO_CAP          0
#define SLICE_MS        30

static int credit_domain_op(struct xen_domctl_scheduler_op *s)
{
    struct xen_domctl_sched_credit *c = &s->u.credit;

    switch (s->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        *c = (struct xen_domctl_sched_credit){ .weight = DEFAULT_WEIGHT, .cap = NO_CAP };
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        return (c->weight && c->weight != DEFAULT_WEIGHT) || c->cap != NO_CAP ? -EOPNOTSUPP : 0;
    default:
        return -EINVAL;
    }
}

int domctl_scheduler(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

    (void)d;
    if (s->sched_id != sched_policy_id())
        return -EINVAL;
    return s->sched_id == XEN_SCHEDULER_CREDIT ? credit_domain_op(s) : -EOPNOTSUPP;
}

int sysctl_sched_id(struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = sched_policy_id();
    return 0;
}

int sysctl_scheduler(struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

    if (s->cpupool_id)
        return -ESRCH;
    if (s->sched_id != sched_policy_id() || s->cmd > XEN_SYSCTL_SCHEDOP_getinfo)
        return -EINVAL;
    if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo || s->sched_id != XEN_SCHEDULER_CREDIT)
        return -EOPNOTSUPP;
    s->u.sched_credit = (struct xen_sysctl_credit_schedule){ .tslice_ms = SLICE_MS };
    return 0;
}

/* ---- Pools ----------------------------------------------------------------------------------- */

static int pool_info(struct xen_sysctl_cpupool_op *p)
{
    if (p->cpupool_id)
        return -ENOENT;
    p->sched_id = sched_policy_id();
    p->n_dom = 0;
    rcu_read_lock();
    for_each_domain(d)
        p->n_dom++;
    rcu_read_unlock();
    return bitmap_to_guest(&p->cpumap, cpu_online.bits, cpu_count);
}

static int pool_free_cpus(struct xen_sysctl_cpupool_op *p)
{
    static const struct cpumask none;
    return bitmap_to_guest(&p->cpumap, none.bits, cpu_count);
}

static int pool_move_domain(const struct xen_sysctl_cpupool_op *p)
{
    if (p->domid == 0 || p->domid == current->domain->id)
        return -EPERM;
    struct domain *d = domain_find((domid_t)p->domid);
    if (!d)
        return -ESRCH;
    domain_put(d);
    return p->cpupool_id ? -ENOENT : 0;
}

/* All processors are in the pool already, and it needs them. */
static int pool_change_cpu(const struct xen_sysctl_cpupool_op *p)
{
    if (p->cpupool_id)
        return -ENOENT;
    if (p->cpu != XEN_SYSCTL_CPUPOOL_PAR_ANY && p->cpu >= cpu_count)
        return -EINVAL;
    return p->op == XEN_SYSCTL_CPUPOOL_OP_ADDCPU ? -ENODEV : -EOPNOTSUPP;
}

int sysctl_cpupool(struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE: return -EOPNOTSUPP;
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY: return p->cpupool_id ? -ENOENT : -EBUSY;
    case XEN_SYSCTL_CPUPOOL_OP_INFO: return pool_info(p);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU: return pool_change_cpu(p);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN: return pool_move_domain(p);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO: return pool_free_cpus(p);
    default: return -ENOSYS;
    }
}
