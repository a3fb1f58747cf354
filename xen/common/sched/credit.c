/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The credit policy: a queue per CPU in three priorities, and time slices.
 *
 * Vcpus of domains with credit (UNDER) run before others (OVER); one with credit that wakes up
 * runs before both for a while (BOOST).  shares.c keeps the books.
 *
 * Lock: the queue's.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/options.h>

#include "policy.h"

enum { BOOST, OWED, UNDER, OVER, PRIOS };

#define TICK            (10 * NS_PER_MS)        /* a boost lasts that long */
/* who runs out of credit sooner is not interrupted for it */
#define MIN_SLICE        (2 * NS_PER_MS)
#define SLICE_MS_MAX    XEN_SYSCTL_CSCHED_TSLICE_MAX
#define RATELIMIT_US_MAX 500000

static unsigned int opt_slice_ms = 30;
OPTION_UINT(slice_ms, "sched_credit_tslice_ms", opt_slice_ms);
/* A yield gives way to vcpus of the same priority only. */
static bool opt_default_yield;
OPTION_BOOL(default_yield, "sched_credit_default_yield", opt_default_yield);

struct credit_queue {
    struct list_head prio[PRIOS];
    uint32_t epoch;                     /* of the shares, when the priorities were right */
};
DEFINE_STATIC_PER_CPU(struct credit_queue, credit_queue);

static struct sched_unit *first_of(const struct list_head *list)
{
    return list_empty(list) ? NULL : list_entry(list->next, struct sched_unit, credit.link);
}

/* What u is when it has run for `ns` that are not charged yet. */
static unsigned int prio_of(const struct sched_unit *u, time_ns ns)
{
    int64_t owed = shares_owed(u, ns);

    if (owed <= 0)
        return OVER;
    if (u->credit.boost_left > ns)
        return BOOST;
    return owed > SHARES_PERIOD ? OWED : UNDER;
}

/* ---- Queues ---------------------------------------------------------------------------------- */

static void put_on_list(struct sched_unit *u, struct credit_queue *q, unsigned int prio,
                        bool at_front)
{
    u->credit.prio = (uint8_t)prio;
    if (at_front)
        list_add(&u->credit.link, &q->prio[prio]);
    else
        list_add_tail(&u->credit.link, &q->prio[prio]);
}

static void put_back(struct sched_unit *u, unsigned int cpu)
{
    put_on_list(u, &per_cpu(credit_queue, cpu), prio_of(u, 0), false);
}

static void credit_enqueue(struct sched_unit *u, unsigned int cpu, enum sched_why why, time_ns now)
{
    struct cpupool *p = u->domain->pool;
    /* Whoever was pushed out goes on where he was. */
    bool goes_on = why == SCHED_PREEMPTED && u->credit.left > 0 && !u->has_yielded;

    if (why == SCHED_WOKEN)
        u->credit.boost_left = TICK;
    else if (u->credit.left <= 0)
        u->credit.boost_left = 0;
    if (!goes_on)
        u->credit.left = p->params.slice;
    put_on_list(u, &per_cpu(credit_queue, cpu), prio_of(u, 0), goes_on);
    if (!per_cpu(runqueue, cpu).running->is_idle || read_once(u->domain->shares.cap))
        shares_arm(p, now);
}

static void credit_dequeue(struct sched_unit *u, unsigned int cpu)
{
    if (u->shares.is_parked)
        shares_unpark(u, cpu);
    else
        list_del(&u->credit.link);
}

/* After an accounting: who waits may have another priority now.  The order within each stays. */
static void sort_again(struct credit_queue *q, unsigned int cpu)
{
    struct sched_unit *u, *next;
    LIST_HEAD(all);

    q->epoch = read_once(per_cpu(runqueue, cpu).pool->shares.epoch);
    for (unsigned int prio = PRIOS; prio-- > 0; )
        list_splice_init(&q->prio[prio], &all);
    list_for_each_entry_safe(u, next, &all, credit.link)
        put_back(u, cpu);
    shares_unpark_ready(cpu, put_back);
}

/* Whoever lost his priority, or his right to run, since he was queued is put where he belongs. */
static struct sched_unit *best_of_prio(struct credit_queue *q, unsigned int cpu, unsigned int prio)
{
    struct sched_unit *u;

    while ((u = first_of(&q->prio[prio]))) {
        bool is_at_cap = shares_at_cap(u);
        unsigned int is = prio_of(u, 0);
        if (likely(!is_at_cap && is <= prio))
            break;
        list_del(&u->credit.link);
        if (is_at_cap)
            shares_park(u, cpu);
        else
            put_on_list(u, q, is, false);
    }
    return u;
}

static struct sched_unit *credit_best(unsigned int cpu)
{
    struct credit_queue *q = &per_cpu(credit_queue, cpu);
    struct sched_unit *u = NULL;

    if (unlikely(q->epoch != read_once(per_cpu(runqueue, cpu).pool->shares.epoch)))
        sort_again(q, cpu);
    for (unsigned int prio = 0; prio < PRIOS && !u; prio++)
        u = best_of_prio(q, cpu, prio);
    return u;
}

/* Who yielded lets one other pass: the next of his priority, or of any. */
static struct sched_unit *other_than(struct sched_unit *u, unsigned int cpu)
{
    struct credit_queue *q = &per_cpu(credit_queue, cpu);
    struct sched_unit *other;

    for (unsigned int prio = u->credit.prio; prio < PRIOS; prio++) {
        list_for_each_entry(other, &q->prio[prio], credit.link)
            if (other != u && !shares_at_cap(other))
                return other;
        if (opt_default_yield)
            break;
    }
    return u;
}

static struct sched_choice credit_pick(unsigned int cpu, time_ns now)
{
    struct sched_unit *u = credit_best(cpu);
    time_ns slice = 0;

    if (!u)
        return (struct sched_choice){ NULL, 0 };
    if (unlikely(u->has_yielded))
        u = other_than(u, cpu);
    list_del(&u->credit.link);

    /* Core still counts this one as waiting. */
    if (per_cpu(runqueue, cpu).nr_waiting > 1) {
        slice = u->credit.left;
        if (u->credit.prio == BOOST)
            slice = min(slice, u->credit.boost_left);
        if (u->credit.prio != OVER)
            slice = min(slice, max(shares_owed(u, 0), MIN_SLICE));
        slice = max(slice, NS_PER_MS / 2);
    }
    return (struct sched_choice){ u, shares_slice(u, slice) };
}

static void credit_ran(struct sched_unit *u, unsigned int cpu, time_ns ns, time_ns now)
{
    shares_charge(u, ns);
    u->credit.left -= ns;
    u->credit.boost_left -= ns;
}

static time_ns credit_preempts(const struct sched_unit *u, const struct sched_unit *running,
                               unsigned int cpu, time_ns now)
{
    time_ns ran = now - running->since;

    if (u->shares.is_parked)
        return TIME_NEVER;
    if (u->credit.prio < prio_of(running, ran))
        return running->began + u->domain->pool->params.ratelimit;
    /* What runs had no limit if nobody waited. */
    return now + max(running->credit.left - ran, MIN_SLICE);
}

/* A boost is for its own CPU. */
static int64_t credit_key(const struct sched_unit *u, time_ns ns)
{
    unsigned int prio = prio_of(u, ns);
    return prio == BOOST ? UNDER : (int64_t)prio;
}

static struct sched_unit *credit_steal(unsigned int from, unsigned int to, int64_t key)
{
    struct credit_queue *q = &per_cpu(credit_queue, from);
    struct sched_unit *u;

    for (unsigned int prio = 0; prio < PRIOS; prio++)
        list_for_each_entry(u, &q->prio[prio], credit.link)
            if (!read_once(u->vcpu->is_running) && !shares_at_cap(u) && credit_key(u, 0) < key &&
                affinity_allows(u->vcpu, to)) {
                list_del(&u->credit.link);
                return u;
            }
    return NULL;
}

static struct sched_unit *credit_any(unsigned int cpu)
{
    struct credit_queue *q = &per_cpu(credit_queue, cpu);

    for (unsigned int prio = 0; prio < PRIOS; prio++)
        if (!list_empty(&q->prio[prio]))
            return first_of(&q->prio[prio]);
    return shares_first_parked(cpu);
}

/* ---- Beginning, control, looking ------------------------------------------------------------- */

static void credit_pool_init(struct cpupool *p)
{
    if (!opt_slice_ms || opt_slice_ms > SLICE_MS_MAX)
        opt_slice_ms = 30;
    p->params.slice = opt_slice_ms * NS_PER_MS;
    p->params.ratelimit = min(ratelimit_or(NS_PER_MS), p->params.slice);
    shares_pool_init(p);
}

static void credit_cpu_init(unsigned int cpu)
{
    struct credit_queue *q = &per_cpu(credit_queue, cpu);

    for (unsigned int i = 0; i < PRIOS; i++)
        list_init(&q->prio[i]);
    q->epoch = 0;
    shares_cpu_init(cpu);
}

static void credit_unit_init(struct sched_unit *u)
{
    u->credit = (struct credit_unit){ .prio = UNDER };
}

static int credit_get(const struct sched_domain *sd, struct xen_domctl *op)
{
    op->u.scheduler_op.u.credit =
        (struct xen_domctl_sched_credit){ sd->shares.weight, sd->shares.cap };
    return 0;
}

/* A weight of 0 and a cap of all ones leave what there is. */
static int credit_put(struct sched_domain *sd, const struct xen_domctl *op)
{
    const struct xen_domctl_sched_credit *c = &op->u.scheduler_op.u.credit;

    return shares_set(sd, c->weight ? c->weight : sd->shares.weight,
                      c->cap != UINT16_MAX ? c->cap : sd->shares.cap);
}

static int credit_get_global(const struct cpupool *p, struct xen_sysctl_scheduler_op *op)
{
    op->u.sched_credit = (struct xen_sysctl_credit_schedule){
        .tslice_ms = (uint32_t)(p->params.slice / NS_PER_MS),
        .ratelimit_us = (uint32_t)(p->params.ratelimit / NS_PER_US),
    };
    return 0;
}

static int credit_put_global(struct cpupool *p, const struct xen_sysctl_scheduler_op *op)
{
    const struct xen_sysctl_credit_schedule *s = &op->u.sched_credit;

    if (s->tslice_ms < XEN_SYSCTL_CSCHED_TSLICE_MIN || s->tslice_ms > SLICE_MS_MAX ||
        s->ratelimit_us > RATELIMIT_US_MAX || s->ratelimit_us > 1000 * s->tslice_ms ||
        s->vcpu_migr_delay_us > XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US)
        return -EINVAL;
    p->params.slice = s->tslice_ms * NS_PER_MS;
    p->params.ratelimit = s->ratelimit_us * NS_PER_US;
    return 0;
}

static void credit_dump(unsigned int cpu)
{
    static const char *const names[] = { "boosted", "owed", "under", "over" };
    struct sched_unit *u;

    for (unsigned int prio = 0; prio < PRIOS; prio++)
        list_for_each_entry(u, &per_cpu(credit_queue, cpu).prio[prio], credit.link)
            shares_dump(u, names[prio]);
    shares_dump_parked(cpu);
}

const struct sched_policy sched_credit = {
    .name = "SMP Credit Scheduler", .option = "credit", .id = XEN_SCHEDULER_CREDIT, .gain = 0,
    .pool_init = credit_pool_init, .pool_stop = shares_pool_stop, .cpu_init = credit_cpu_init,
    .domain_init = shares_domain_init, .unit_init = credit_unit_init,
    .enqueue = credit_enqueue, .dequeue = credit_dequeue, .pick = credit_pick, .ran = credit_ran,
    .preempts = credit_preempts, .key = credit_key, .best = credit_best, .steal = credit_steal,
    .any = credit_any, .dump = credit_dump,
    .get = credit_get, .put = credit_put,
    .get_global = credit_get_global, .put_global = credit_put_global,
};
