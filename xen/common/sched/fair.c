/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fair policy: a tree per CPU, ordered by how much time each vcpu's domain is owed.
 *
 * The key is the domain's credit (shares.c), negated, less a bonus for who was just woken, which
 * it uses up by running.  So the CPU goes to whom it owes most, slices are as long as that lasts,
 * and who sleeps much runs at once, but not beyond his share.  A key grows old while its domain
 * runs elsewhere: what comes to the front with an old one is put back.
 *
 * Lock: the queue's.
 */
#include <lib/math.h>
#include <xen/assert.h>

#include "fair.h"

#define BONUS           (10 * NS_PER_MS)
#define MAX_SLICE       (10 * NS_PER_MS)
#define MIN_SLICE       (1 * NS_PER_MS)
#define RATELIMIT       (100 * NS_PER_US)
#define RATELIMIT_US_MAX 500000
#define OLD              (NS_PER_MS / 2) /* a key that is this much too good does not count */
#define STEAL_REACH     16

struct fair_queue {
    struct rb_root tree;
    uint32_t epoch;                     /* of the shares, when the keys were right */
};
DEFINE_STATIC_PER_CPU(struct fair_queue, fair_queue);

static struct sched_unit *unit_of(const struct rb_node *node)
{
    return node ? rb_entry(node, struct sched_unit, fair.node) : NULL;
}

static bool is_before(const struct rb_node *a, const struct rb_node *b)
{
    return unit_of(a)->fair.key < unit_of(b)->fair.key;
}

static int64_t key_of(const struct sched_unit *u, time_ns ns)
{
    return u->domain->pool->policy->key(u, ns);
}

static int64_t fair_key(const struct sched_unit *u, time_ns ns)
{
    return -shares_owed(u, ns) - max(u->fair.bonus - ns, 0L);
}

/* ---- The queue, for bvt.c too ---------------------------------------------------------------- */

/* One that has waited comes before others of its domain, who have the same key. */
static void put_again(struct sched_unit *u, unsigned int cpu)
{
    u->fair.key = key_of(u, 0) - OLD / 2;
    rb_insert(&per_cpu(fair_queue, cpu).tree, &u->fair.node, is_before);
}

void fair_queue_in(struct sched_unit *u, unsigned int cpu, time_ns now)
{
    u->fair.key = key_of(u, 0);
    rb_insert(&per_cpu(fair_queue, cpu).tree, &u->fair.node, is_before);
    if (!per_cpu(runqueue, cpu).running->is_idle || read_once(u->domain->shares.cap))
        shares_arm(u->domain->pool, now);
}

void fair_dequeue(struct sched_unit *u, unsigned int cpu)
{
    if (u->shares.is_parked)
        shares_unpark(u, cpu);
    else
        rb_erase(&per_cpu(fair_queue, cpu).tree, &u->fair.node);
}

/* After an accounting all keys are old. */
static void sort_again(struct fair_queue *q, unsigned int cpu)
{
    struct rb_root old = q->tree;
    struct rb_node *node;

    q->epoch = read_once(per_cpu(runqueue, cpu).pool->shares.epoch);
    q->tree = RB_ROOT;
    while ((node = rb_first(&old))) {
        rb_erase(&old, node);
        put_again(unit_of(node), cpu);
    }
    shares_unpark_ready(cpu, put_again);
}

struct sched_unit *fair_best(unsigned int cpu)
{
    struct fair_queue *q = &per_cpu(fair_queue, cpu);
    struct sched_unit *u;

    if (unlikely(q->epoch != read_once(per_cpu(runqueue, cpu).pool->shares.epoch)))
        sort_again(q, cpu);
    while ((u = unit_of(rb_first(&q->tree)))) {
        bool is_at_cap = shares_at_cap(u);
        if (likely(!is_at_cap && key_of(u, 0) - u->fair.key <= OLD))
            break;
        rb_erase(&q->tree, &u->fair.node);
        if (is_at_cap)
            shares_park(u, cpu);
        else
            put_again(u, cpu);
    }
    return u;
}

/* Until the next one is owed as much, and a little longer. */
struct sched_choice fair_pick(unsigned int cpu, time_ns now)
{
    struct sched_unit *u = fair_best(cpu);
    time_ns slice = 0;

    if (!u)
        return (struct sched_choice){ NULL, 0 };
    struct sched_unit *next = unit_of(rb_next(&u->fair.node));
    if (next) {
        if (unlikely(u->has_yielded) && !shares_at_cap(next)) {
            struct sched_unit *first = u;
            u = next;
            next = first;
        }
        slice = clamp(next->fair.key - u->fair.key + MIN_SLICE, MIN_SLICE,
                      u->domain->pool->params.slice);
    }
    rb_erase(&per_cpu(fair_queue, cpu).tree, &u->fair.node);
    return (struct sched_choice){ u, shares_slice(u, slice) };
}

time_ns fair_preempts(const struct sched_unit *u, const struct sched_unit *running,
                      unsigned int cpu, time_ns now)
{
    int64_t ahead = key_of(running, now - running->since) - u->fair.key;

    if (u->shares.is_parked)
        return TIME_NEVER;
    if (ahead > 0)
        return running->began + u->domain->pool->params.ratelimit;
    /* What runs had no limit if nobody waited. */
    return now + clamp(MIN_SLICE - ahead, MIN_SLICE, u->domain->pool->params.slice);
}

struct sched_unit *fair_steal(unsigned int from, unsigned int to, int64_t key)
{
    struct fair_queue *q = &per_cpu(fair_queue, from);
    struct rb_node *node = rb_first(&q->tree);

    for (unsigned int i = 0; node && i < STEAL_REACH; i++, node = rb_next(node)) {
        struct sched_unit *u = unit_of(node);
        if (read_once(u->vcpu->is_running) || shares_at_cap(u) || !affinity_allows(u->vcpu, to))
            continue;
        if (key != KEY_NONE && key - key_of(u, 0) <= u->domain->pool->policy->gain)
            continue;
        rb_erase(&q->tree, node);
        return u;
    }
    return NULL;
}

struct sched_unit *fair_any(unsigned int cpu)
{
    struct sched_unit *u = unit_of(rb_first(&per_cpu(fair_queue, cpu).tree));
    return u ? u : shares_first_parked(cpu);
}

void fair_cpu_init(unsigned int cpu)
{
    per_cpu(fair_queue, cpu) = (struct fair_queue){ .tree = RB_ROOT };
    shares_cpu_init(cpu);
}

void fair_pool_init(struct cpupool *p)
{
    p->params.slice = MAX_SLICE;
    p->params.ratelimit = min(ratelimit_or(RATELIMIT), MAX_SLICE);
    shares_pool_init(p);
}

void fair_unit_init(struct sched_unit *u)
{
    u->fair = (struct fair_unit){ .bonus = 0 };
}

void fair_dump(unsigned int cpu)
{
    struct rb_node *node;

    rb_for_each(node, &per_cpu(fair_queue, cpu).tree)
        shares_dump(unit_of(node), "waits");
    shares_dump_parked(cpu);
}

/* ---- The policy's own ------------------------------------------------------------------------ */

static void fair_enqueue(struct sched_unit *u, unsigned int cpu, enum sched_why why, time_ns now)
{
    if (why == SCHED_WOKEN)
        u->fair.bonus = BONUS;
    else if (u->has_yielded)
        u->fair.bonus = 0;
    fair_queue_in(u, cpu, now);
}

static void fair_ran(struct sched_unit *u, unsigned int cpu, time_ns ns, time_ns now)
{
    shares_charge(u, ns);
    u->fair.bonus = max(u->fair.bonus - ns, 0L);
}

static int fair_get(const struct sched_domain *sd, struct xen_domctl *op)
{
    op->u.scheduler_op.u.credit2 =
        (struct xen_domctl_sched_credit2){ sd->shares.weight, sd->shares.cap };
    return 0;
}

/* A weight of 0 and a cap of all ones leave what there is. */
static int fair_put_params(struct sched_domain *sd, const struct xen_domctl *op)
{
    const struct xen_domctl_sched_credit2 *c = &op->u.scheduler_op.u.credit2;

    return shares_set(sd, c->weight ? c->weight : sd->shares.weight,
                      c->cap != UINT16_MAX ? c->cap : sd->shares.cap);
}

static int fair_get_global(const struct cpupool *p, struct xen_sysctl_scheduler_op *op)
{
    op->u.sched_credit2.ratelimit_us = (uint32_t)(p->params.ratelimit / NS_PER_US);
    return 0;
}

static int fair_put_global(struct cpupool *p, const struct xen_sysctl_scheduler_op *op)
{
    if (op->u.sched_credit2.ratelimit_us > RATELIMIT_US_MAX)
        return -EINVAL;
    p->params.ratelimit = op->u.sched_credit2.ratelimit_us * NS_PER_US;
    return 0;
}

/* Tools know it by the number and the parameters of credit2. */
const struct sched_policy sched_fair = {
    .name = "SMP Fair Scheduler", .option = "fair", .alias = "credit2",
    .id = XEN_SCHEDULER_CREDIT2, .gain = 2 * NS_PER_MS,
    .pool_init = fair_pool_init, .pool_stop = shares_pool_stop, .cpu_init = fair_cpu_init,
    .domain_init = shares_domain_init, .unit_init = fair_unit_init,
    .enqueue = fair_enqueue, .dequeue = fair_dequeue, .pick = fair_pick, .ran = fair_ran,
    .preempts = fair_preempts, .key = fair_key, .best = fair_best, .steal = fair_steal,
    .any = fair_any, .dump = fair_dump,
    .get = fair_get, .put = fair_put_params,
    .get_global = fair_get_global, .put_global = fair_put_global,
};
