/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other domains' vcpus: made, placed, given a context, looked at.
 *
 * A context is read and written while the domain is paused; its own vcpus nobody can do this to.
 */
#include <lib/bitmap.h>
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/bitops.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/hypercall.h>
#include <xen/sched.h>

#include "private.h"

struct vcpu *domain_vcpu(struct domain *d, uint32_t vcpu_id)
{
    return vcpu_id < d->max_vcpus ? d->vcpu[vcpu_id] : NULL;
}

/* 0, or -EINVAL: there can be no such vcpu;  -ESRCH: there is none yet. */
static int find_vcpu(struct domain *d, uint32_t vcpu_id, struct vcpu **v)
{
    if (vcpu_id >= d->max_vcpus)
        return -EINVAL;
    *v = domain_vcpu(d, vcpu_id);
    return *v ? 0 : -ESRCH;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* Which of them there are is progress enough for a preempted call. */
int domctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
    if (op->u.max_vcpus.max != d->max_vcpus || d == current->domain)
        return -EINVAL;
    /* Vcpus begin spread over the pool's processors, each domain where the last one ended. */
    static unsigned int cpu;
    domain_pause(d);
    int rc = 0;
    for (unsigned int i = 0; i < d->max_vcpus && !rc; i++) {
        if (d->vcpu[i])
            continue;
        cpu = domain_next_cpu(d, cpu);
        rc = vcpu_create(d, i, cpu);
        if (!rc && hypercall_preempt_check())
            rc = -ERESTART;
    }
    domain_follow_vcpus(d);
    domain_unpause(d);
    return rc;
}

/* ---- Placing --------------------------------------------------------------------------------- */

static int set_one(struct vcpu *v, const struct xenctl_bitmap *map,
                   int (*set)(struct vcpu *v, const struct cpumask *mask),
                   const struct cpumask *in_force)
{
    struct cpumask mask = { { 0 } }, effective;

    int rc = bitmap_from_guest(mask.bits, cpu_count, map);
    /* All that the caller could name may mean all there will be. */
    if (!rc && bitmap_is_full(mask.bits, cpu_count))
        memset(&mask, 0xff, sizeof(mask));
    if (!rc)
        rc = set(v, &mask);
    if (rc)
        return rc;
    bitmap_and(effective.bits, in_force->bits, cpu_online.bits, cpu_count);
    return bitmap_to_guest(map, effective.bits, cpu_count);
}

int domctl_set_affinity(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v;

    int rc = find_vcpu(d, a->vcpu, &v);
    if (rc)
        return rc;
    if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)) ||
        (a->flags & ~(XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT | XEN_VCPUAFFINITY_FORCE)))
        return -EINVAL;
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = set_one(v, &a->cpumap_hard, vcpu_set_hard_affinity, v->hard_affinity);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = set_one(v, &a->cpumap_soft, vcpu_set_soft_affinity, v->soft_affinity);
    domain_follow_vcpus(d);
    return rc;
}

int domctl_get_affinity(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v;

    int rc = find_vcpu(d, a->vcpu, &v);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_HARD))
        rc = bitmap_to_guest(&a->cpumap_hard, v->hard_affinity->bits, cpu_count);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = bitmap_to_guest(&a->cpumap_soft, v->soft_affinity->bits, cpu_count);
    return rc;
}

/* ---- Contexts -------------------------------------------------------------------------------- */

int domctl_set_context(struct domain *d, struct xen_domctl *op)
{
    uint64_t from = (uint64_t)op->u.vcpucontext.ctxt.p;
    struct vcpu *v;

    if (d == current->domain)
        return -EINVAL;
    int rc = find_vcpu(d, op->u.vcpucontext.vcpu, &v);
    if (rc)
        return rc;
    domain_pause(d);
    rc = arch_vcpu_reset(v);
    if (!rc && from)
        rc = arch_vcpu_set_context(v, from);
    domain_unpause(d);
    return rc;
}

int domctl_get_context(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v;

    if (d == current->domain)
        return -EINVAL;
    int rc = find_vcpu(d, op->u.vcpucontext.vcpu, &v);
    if (rc)
        return rc;
    if (!v->is_initialised)
        return -ENODATA;
    vcpu_pause(v);
    rc = arch_vcpu_get_context(v, (uint64_t)op->u.vcpucontext.ctxt.p);
    vcpu_unpause(v);
    return rc;
}

int domctl_vcpu_info(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu *v;

    int rc = find_vcpu(d, info->vcpu, &v);
    if (rc)
        return rc;
    info->online = !test_bit(VPF_DOWN, &v->pause_flags);
    info->blocked = test_bit(VPF_BLOCKED, &v->pause_flags);
    info->running = v->is_running;
    info->cpu_time = vcpu_cpu_time(v);
    info->cpu = v->processor;
    return 0;
}

/* Buttons of the machine: a PV guest has only one. */
int domctl_send_trigger(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v;

    int rc = find_vcpu(d, op->u.sendtrigger.vcpu, &v);
    if (rc)
        return rc;
    if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
        return -EINVAL;
    arch_vcpu_send_nmi(v);
    return 0;
}
