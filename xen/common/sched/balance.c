/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs take waiting vcpus from each other: an idle one any, a busy one those that are more urgent
 * than what it has.
 *
 * The CPU that takes has its own queue locked and only tries for the other's, so none waits for
 * two.  One that failed to get a lock when it has nothing else to do tries again.
 */
#include <xen/bitops.h>
#include <xen/softirq.h>

#include "policy.h"

/* How many other CPUs one look takes in, but for those who have nothing else to do. */
#define REACH 8

/* Keys may wrap: only their distance counts. */
static bool is_better(int64_t key, int64_t than, int64_t gain)
{
    return (int64_t)((uint64_t)than - (uint64_t)key) > gain;
}

/* The next CPU after `cpu`, round about, that has vcpus waiting; `end` when there is none before
 * it. */
static unsigned int next_crowded(const struct cpupool *pool, unsigned int cpu, unsigned int end)
{
    unsigned int n = (unsigned int)bitmap_find_next(pool->waiting.bits, cpu_count, cpu + 1);

    if (cpu >= end) {
        if (n < cpu_count)
            return n;
        n = (unsigned int)bitmap_find_first(pool->waiting.bits, cpu_count);
    }
    return n < end ? n : end;
}

static bool is_worth_it(const struct runqueue *rq, const struct runqueue *other, int64_t key)
{
    int64_t best = read_once(other->waiting_key);

    if (best == KEY_NONE)
        return false;
    if (key != KEY_NONE)
        return is_better(best, key, rq->pool->policy->gain);
    /* A single one on an idle CPU is about to run there. */
    return !read_once(other->running)->is_idle || read_once(other->nr_waiting) > 1;
}

/* With both locks. */
static struct sched_unit *take(struct runqueue *rq, unsigned int cpu, struct runqueue *other,
                               unsigned int from, int64_t key)
{
    const struct sched_policy *policy = rq->pool->policy;

    if (other->pool != rq->pool || !other->nr_waiting)
        return NULL;
    struct sched_unit *u = policy->steal(from, cpu, key);
    if (!u)
        return NULL;
    u->queued = false;
    if (--other->nr_waiting == 0)
        atomic_clear_bit(from, rq->pool->waiting.bits);
    struct sched_unit *best = other->nr_waiting ? policy->best(from) : NULL;
    write_once(other->waiting_key, best ? policy->key(best, 0) : KEY_NONE);
    write_once(u->vcpu->processor, cpu);
    return u;
}

struct sched_unit *balance_pull(struct runqueue *rq, unsigned int cpu, int64_t key)
{
    bool has_missed = false;
    unsigned int seen = 0;

    for (unsigned int other = next_crowded(rq->pool, cpu, cpu); other != cpu;
         other = next_crowded(rq->pool, other, cpu)) {
        if (key != KEY_NONE && seen++ == REACH)
            break;
        struct runqueue *o = &per_cpu(runqueue, other);
        if (!is_worth_it(rq, o, key))
            continue;
        if (!spin_trylock(&o->lock)) {
            has_missed = true;
            continue;
        }
        struct sched_unit *u = take(rq, cpu, o, other, key);
        spin_unlock(&o->lock);
        if (u)
            return u;
    }
    if (key == KEY_NONE && has_missed) {
        cpu_relax();                    /* whoever has the lock shall get on with it */
        softirq_raise(SOFTIRQ_SCHEDULE);
    }
    return NULL;
}

/* It is told once: its bit comes back when it has looked and found nothing. */
static bool claim(struct cpupool *pool, unsigned int cpu)
{
    if (!atomic_test_and_clear_bit(cpu, pool->idle.bits))
        return false;
    softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    return true;
}

bool balance_tell_idle(const struct sched_unit *u)
{
    int cpu;

    while ((cpu = cpu_find_idle(u->vcpu)) >= 0)
        if (claim(u->domain->pool, (unsigned int)cpu))
            return true;
    return false;
}

void balance_tell_another(struct runqueue *rq, unsigned int cpu)
{
    unsigned int seen = 0;

    for (unsigned int other = next_crowded(rq->pool, cpu, cpu); other != cpu && seen < REACH;
         other = next_crowded(rq->pool, other, cpu), seen++) {
        struct runqueue *o = &per_cpu(runqueue, other);
        if (!spin_trylock(&o->lock)) {
            softirq_raise_on(other, SOFTIRQ_SCHEDULE);      /* it looks itself (core.c, announce) */
            continue;
        }
        bool counts = o->pool == rq->pool && o->nr_waiting > o->running->is_idle;
        struct sched_unit *best = counts ? rq->pool->policy->best(other) : NULL;
        if (best)
            balance_tell_idle(best);
        spin_unlock(&o->lock);
    }
}

void balance_push(struct runqueue *rq, unsigned int cpu, const struct sched_unit *u, time_ns now)
{
    const struct cpupool *pool = rq->pool;
    const struct sched_policy *policy = pool->policy;
    int64_t key = policy->key(u, 0), worst_key = key;
    unsigned int seen = 0, worst = cpu;

    for (unsigned int i = 1; i < cpu_count && seen < REACH; i++) {
        unsigned int other = cpu + i < cpu_count ? cpu + i : cpu + i - cpu_count;
        if (!test_bit(other, pool->cpus.bits))
            continue;
        seen++;
        /* RCU keeps the vcpu there while we look. */
        const struct vcpu *running = read_once(per_cpu(runqueue, other).running);
        if (running->is_idle || running->sched->domain->pool != pool)
            continue;
        int64_t its = policy->key(running->sched, now - running->sched->since);
        if (is_better(worst_key, its, policy->gain) && affinity_allows(u->vcpu, other)) {
            worst_key = its;
            worst = other;
        }
    }
    if (worst != cpu)
        softirq_raise_on(worst, SOFTIRQ_SCHEDULE);
}
