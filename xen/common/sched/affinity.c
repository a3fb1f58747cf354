/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where vcpus may run (hard) and would rather run (soft).
 *
 * Both masks change under the lock of the vcpu's queue.  A hard mask that names none of the pool's
 * CPUs, because they left it, does not count until one comes back.
 */
#include <lib/string.h>
#include <xen/heap.h>
#include <xen/options.h>

#include "policy.h"

static bool opt_dom0_vcpus_pin;
OPTION_BOOL(dom0_vcpus_pin, "dom0_vcpus_pin", opt_dom0_vcpus_pin);

/* What affinity_allows() would work out each time. */
static void summarize(struct vcpu *v)
{
    struct sched_unit *u = v->sched;
    const struct cpumask *cpus = &u->domain->pool->cpus;
    struct cpumask usable;

    bitmap_and(usable.bits, cpus->bits, v->hard_affinity->bits, cpu_count);
    bool has_none = bitmap_is_empty(usable.bits, cpu_count);
    u->is_anywhere = has_none || bitmap_equal(usable.bits, cpus->bits, cpu_count);
    const struct cpumask *hard = has_none ? cpus : &usable;
    u->has_soft = bitmap_intersects(v->soft_affinity->bits, hard->bits, cpu_count) &&
                  !bitmap_is_subset(hard->bits, v->soft_affinity->bits, cpu_count);
}

void affinity_refresh(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = sched_lock(v, &flags);

    summarize(v);
    /* It may wait where it is but run at once elsewhere. */
    if (v->sched->queued && pool_is_smp(rq->pool))
        balance_tell_idle(v->sched);
    spin_unlock_irqrestore(&rq->lock, flags);
    if (!affinity_allows(v, v->processor))
        sched_displace(v);
}

int affinity_init(struct vcpu *v, unsigned int cpu)
{
    v->hard_affinity = new(struct cpumask);
    v->soft_affinity = new(struct cpumask);
    if (!v->hard_affinity || !v->soft_affinity) {
        affinity_free(v);
        return -ENOMEM;
    }
    memset(v->soft_affinity, 0xff, sizeof(*v->soft_affinity));
    if (v->domain->is_privileged && opt_dom0_vcpus_pin)
        bitmap_set(v->hard_affinity->bits, cpu);
    else
        memset(v->hard_affinity, 0xff, sizeof(*v->hard_affinity));
    summarize(v);
    return 0;
}

void affinity_free(struct vcpu *v)
{
    pool_free(v->hard_affinity);
    pool_free(v->soft_affinity);
    v->hard_affinity = v->soft_affinity = NULL;
}

static void change(struct vcpu *v, struct cpumask *which, const struct cpumask *mask)
{
    unsigned long flags;
    struct runqueue *rq = sched_lock(v, &flags);

    *which = *mask;
    spin_unlock_irqrestore(&rq->lock, flags);
    affinity_refresh(v);
}

int vcpu_set_hard_affinity(struct vcpu *v, const struct cpumask *mask)
{
    if (!bitmap_intersects(mask->bits, v->sched->domain->pool->cpus.bits, cpu_count))
        return -EINVAL;
    change(v, v->hard_affinity, mask);
    return 0;
}

int vcpu_set_soft_affinity(struct vcpu *v, const struct cpumask *mask)
{
    change(v, v->soft_affinity, mask);
    return 0;
}
