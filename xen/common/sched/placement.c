/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a vcpu waits for a CPU: on its own if that is idle or nothing better is, else on the best
 * idle one.
 *
 * What is read of other CPUs here is a hint, taken without their locks; core.c repairs what it
 * turns out to miss.
 */
#include <xen/bitops.h>
#include <xen/control.h>
#include <xen/options.h>

#include "policy.h"

/* Fill the threads of a core before the next one, so that cores can sleep; else spread. */
static bool opt_smt_power_savings;
OPTION_BOOL(smt_power_savings, "sched_smt_power_savings", opt_smt_power_savings);

bool affinity_allows(const struct vcpu *v, unsigned int cpu)
{
    const struct sched_unit *u = v->sched;

    return test_bit(cpu, u->domain->pool->cpus.bits) &&
           (u->is_anywhere || test_bit(cpu, v->hard_affinity->bits));
}

static bool likes(const struct vcpu *v, unsigned int cpu)
{
    return !v->sched->has_soft || test_bit(cpu, v->soft_affinity->bits);
}

/* Idle, and nobody is on his way to it. */
static bool is_free(const struct runqueue *rq)
{
    return read_once(rq->running)->is_idle && !read_once(rq->nr_waiting);
}

static bool core_is_idle(const struct runqueue *rq)
{
    for (unsigned int i = 0; i < rq->nr_siblings; i++)
        if (!is_free(&per_cpu(runqueue, rq->sibling[i])))
            return false;
    return true;
}

enum { SCORE_SOCKET = 1, SCORE_NODE = 2, SCORE_CORE = 4, SCORE_SOFT = 8, SCORE_BEST = 15 };

static unsigned int score(const struct vcpu *v, unsigned int cpu)
{
    const struct runqueue *rq = &per_cpu(runqueue, cpu), *last = &per_cpu(runqueue, v->processor);

    return (likes(v, cpu) ? SCORE_SOFT : 0) |
           (core_is_idle(rq) != opt_smt_power_savings ? SCORE_CORE : 0) |
           (rq->node == last->node ? SCORE_NODE : 0) |
           (rq->socket == last->socket ? SCORE_SOCKET : 0);
}

int cpu_find_idle(const struct vcpu *v)
{
    const struct sched_unit *u = v->sched;
    const struct cpupool *pool = u->domain->pool;
    unsigned int best_score = 0;
    int best = -1;

    for (unsigned int i = 0; i < BITS_TO_LONGS(cpu_count); i++) {
        unsigned long bits = read_once(pool->idle.bits[i]) & read_once(pool->cpus.bits[i]);
        if (!u->is_anywhere)
            bits &= v->hard_affinity->bits[i];
        for (; bits; bits &= bits - 1) {
            unsigned int cpu = i * BITS_PER_LONG + first_bit(bits);
            if (!is_free(&per_cpu(runqueue, cpu)))
                continue;
            unsigned int s = score(v, cpu);
            if (best < 0 || s > best_score) {
                best = (int)cpu;
                best_score = s;
            }
            if (s == SCORE_BEST)
                return best;
        }
    }
    return best;
}

/* Nothing is idle and where it was it may not stay: where the fewest wait. */
static unsigned int least_crowded(const struct vcpu *v)
{
    const struct cpupool *pool = v->sched->domain->pool;
    unsigned int best = (unsigned int)bitmap_find_first(pool->cpus.bits, cpu_count), fewest = ~0u;

    for_each_cpu_of(cpu, &pool->cpus) {
        unsigned int waiting = read_once(per_cpu(runqueue, cpu).nr_waiting);
        if (waiting < fewest && affinity_allows(v, cpu)) {
            best = cpu;
            fewest = waiting;
        }
    }
    return best;
}

unsigned int cpu_choose(const struct vcpu *v, const struct runqueue *rq)
{
    unsigned int here = v->processor;
    bool is_allowed = affinity_allows(v, here);

    if (likely(is_allowed)) {
        const struct cpupool *pool = v->sched->domain->pool;
        if (!pool_is_smp(pool))
            return here;
        if (test_bit(here, pool->idle.bits) && is_free(rq) && likes(v, here))
            return here;
    }
    int idle = cpu_find_idle(v);
    if (idle >= 0)
        return (unsigned int)idle;
    return is_allowed ? here : least_crowded(v);
}

static void make_siblings(struct runqueue *a, unsigned int cpu_a, struct runqueue *b,
                          unsigned int cpu_b)
{
    if (a->nr_siblings == SIBLINGS_MAX || b->nr_siblings == SIBLINGS_MAX)
        return;
    b->sibling[b->nr_siblings] = cpu_a;
    a->sibling[a->nr_siblings] = cpu_b;
    write_once(b->nr_siblings, b->nr_siblings + 1);
    write_once(a->nr_siblings, a->nr_siblings + 1);
}

/* CPUs come up one at a time. */
void placement_init_cpu(unsigned int cpu)
{
    struct runqueue *rq = &per_cpu(runqueue, cpu);
    struct cpu_place place = arch_cpu_place(cpu);

    rq->core = place.core;
    rq->socket = place.socket;
    rq->node = place.node;
    rq->nr_siblings = 0;
    for_each_online_cpu(other) {
        struct runqueue *o = &per_cpu(runqueue, other);
        if (other != cpu && o->core == rq->core && o->socket == rq->socket)
            make_siblings(o, other, rq, cpu);
    }
}
