/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bvt policy: borrowed virtual time.  As fair.c, but who may go ahead of his time is said and
 * not guessed: a domain with a warp runs as if it were owed that much more, for at most its limit,
 * and then not for its unwarp time.
 *
 * Lock: the queue's; a domain's warp state is shared by its vcpus on several CPUs and only roughly
 * right.
 */
#include <lib/math.h>
#include <public/sched_params.h>
#include <xen/assert.h>

#include "fair.h"

#define WARP_MAX NS_PER_S

static int64_t bvt_key(const struct sched_unit *u, time_ns ns)
{
    return -shares_owed(u, ns) - u->fair.bonus;
}

static int64_t warp_now(const struct sched_unit *u, time_ns now)
{
    const struct bvt_domain *b = &u->domain->bvt;
    return b->warp && now >= read_once(b->unwarped_until) ? b->warp : 0;
}

static void bvt_enqueue(struct sched_unit *u, unsigned int cpu, enum sched_why why, time_ns now)
{
    u->fair.bonus = u->has_yielded ? 0 : warp_now(u, now);
    fair_queue_in(u, cpu, now);
}

static void bvt_ran(struct sched_unit *u, unsigned int cpu, time_ns ns, time_ns now)
{
    struct bvt_domain *b = &u->domain->bvt;

    shares_charge(u, ns);
    if (likely(!u->fair.bonus) || !b->warp_limit)
        return;
    b->warped += ns;
    if (b->warped >= b->warp_limit) {
        b->warped = 0;
        write_once(b->unwarped_until, now + b->unwarp);
    }
}

/* It is stopped at the end of its warp, to be queued without. */
static struct sched_choice bvt_pick(unsigned int cpu, time_ns now)
{
    struct sched_choice c = fair_pick(cpu, now);

    if (c.next && unlikely(c.next->fair.bonus) && c.next->domain->bvt.warp_limit) {
        const struct bvt_domain *b = &c.next->domain->bvt;
        time_ns rest = max(b->warp_limit - b->warped, NS_PER_MS / 10);
        c.slice = c.slice ? min(c.slice, rest) : rest;
    }
    return c;
}

static void bvt_domain_init(struct sched_domain *sd)
{
    shares_domain_init(sd);
    sd->bvt = (struct bvt_domain){ 0 };
}

static int bvt_get(const struct sched_domain *sd, struct xen_domctl *op)
{
    struct xen_domctl_sched_bvt *b = &((struct xen_domctl_sched_params *)&op->u)->u.bvt;

    *b = (struct xen_domctl_sched_bvt){
        .weight = sd->shares.weight, .warp_us = (uint32_t)(sd->bvt.warp / NS_PER_US),
        .warp_limit_us = (uint32_t)(sd->bvt.warp_limit / NS_PER_US),
        .unwarp_us = (uint32_t)(sd->bvt.unwarp / NS_PER_US),
    };
    return 0;
}

static int bvt_put(struct sched_domain *sd, const struct xen_domctl *op)
{
    const struct xen_domctl_sched_bvt *b = &((const struct xen_domctl_sched_params *)&op->u)->u.bvt;

    if (b->weight > UINT16_MAX || b->warp_us * NS_PER_US > WARP_MAX)
        return -EINVAL;
    int rc = shares_set(sd, (uint16_t)b->weight, 0);
    if (rc)
        return rc;
    sd->bvt = (struct bvt_domain){
        .warp = b->warp_us * NS_PER_US, .warp_limit = b->warp_limit_us * NS_PER_US,
        .unwarp = b->unwarp_us * NS_PER_US,
    };
    return 0;
}

static int bvt_get_global(const struct cpupool *p, struct xen_sysctl_scheduler_op *op)
{
    return -EOPNOTSUPP;
}

static int bvt_put_global(struct cpupool *p, const struct xen_sysctl_scheduler_op *op)
{
    return -EOPNOTSUPP;
}

const struct sched_policy sched_bvt = {
    .name = "Borrowed Virtual Time",
    .option = "bvt",
    .id = XEN_SCHEDULER_BVT,
    .gain = 2 * NS_PER_MS,
    .pool_init = fair_pool_init,
    .pool_stop = shares_pool_stop,
    .cpu_init = fair_cpu_init,
    .domain_init = bvt_domain_init,
    .unit_init = fair_unit_init,
    .enqueue = bvt_enqueue,
    .dequeue = fair_dequeue,
    .pick = bvt_pick,
    .ran = bvt_ran,
    .preempts = fair_preempts,
    .key = bvt_key,
    .best = fair_best,
    .steal = fair_steal,
    .any = fair_any,
    .dump = fair_dump,
    .get = bvt_get,
    .put = bvt_put,
    .get_global = bvt_get_global,
    .put_global = bvt_put_global,
};
