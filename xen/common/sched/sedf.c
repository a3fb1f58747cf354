/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sedf policy: simple earliest deadline first.
 *
 * In each of its periods a vcpu may run for its slice; of those who still may, the one whose
 * period ends first runs.  What is left of the CPU's time is extra, and shared by weight among
 * those who want it.
 *
 *   ready --budget used up--> extra, or parked --its period ends--> ready
 *
 * A vcpu without a slice is always extra.  Who wakes up goes on in his period if what he has left
 * fits into it as if he had run all the time, else he begins a new one: so he cannot take more
 * than his part from others.
 *
 * Lock: the queue's.  Parameters are read without one: a vcpu takes them up with its next period.
 */
#include <lib/math.h>
#include <public/sched_params.h>
#include <xen/assert.h>
#include <xen/printk.h>

#include "policy.h"

#define EXTRA_SLICE     (5 * NS_PER_MS)
#define DEFAULT_PERIOD  (100 * NS_PER_MS)
#define DOM0_PERIOD     (20 * NS_PER_MS)
#define DOM0_SLICE      (15 * NS_PER_MS)
#define MIN_PERIOD      (100 * NS_PER_US)
#define MAX_PERIOD      (10 * NS_PER_S)
#define MIN_SLICE       (10 * NS_PER_US)
#define DEBT_SLICES     10
#define DEFAULT_WEIGHT  256
#define KEY_EXTRA       (KEY_NONE / 2)          /* after all deadlines */

struct sedf_queue {
    struct rb_root ready;               /* by deadline */
    struct rb_root extra;               /* by the extra time they had */
    struct rb_root release;             /* by the end of the period: those who wait for another */
    uint64_t vtime;                     /* of the last one that got extra time */
};
DEFINE_STATIC_PER_CPU(struct sedf_queue, sedf_queue);

static const struct sedf_domain *params_of(const struct sched_unit *u) { return &u->domain->sedf; }

static struct sched_unit *unit_of(const struct rb_node *node)
{
    return node ? rb_entry(node, struct sched_unit, sedf.node) : NULL;
}

static struct sched_unit *unit_of_release(const struct rb_node *node)
{
    return node ? rb_entry(node, struct sched_unit, sedf.release) : NULL;
}

static bool deadline_before(const struct rb_node *a, const struct rb_node *b)
{
    return unit_of(a)->sedf.deadline < unit_of(b)->sedf.deadline;
}

static bool release_before(const struct rb_node *a, const struct rb_node *b)
{
    return unit_of_release(a)->sedf.deadline < unit_of_release(b)->sedf.deadline;
}

static bool had_less(const struct rb_node *a, const struct rb_node *b)
{
    return (int64_t)(unit_of(a)->sedf.vtime - unit_of(b)->sedf.vtime) < 0;
}

static bool is_parked(const struct sched_unit *u)
{
    return u->sedf.has_release && !u->sedf.is_extra;
}

/* ---- Periods --------------------------------------------------------------------------------- */

/* Those that passed meanwhile are lost.  Who was stopped too late has that less from now on, for
 * some periods at most. */
static void next_period(struct sched_unit *u, time_ns now)
{
    const struct sedf_domain *d = params_of(u);

    u->sedf.deadline += d->period;
    if (u->sedf.deadline <= now)
        u->sedf.deadline = now + d->period;
    u->sedf.budget = d->slice + clamp(u->sedf.budget, -DEBT_SLICES * d->slice, 0L);
}

static void wake_up(struct sched_unit *u, time_ns now)
{
    const struct sedf_domain *d = params_of(u);
    time_ns rest = u->sedf.deadline - now;

    /* budget / rest <= slice / period, without dividing or overflowing: all are below 2^34 ns. */
    if (rest > 0 && (u->sedf.budget <= 0 ||
                     u->sedf.budget / 16 * (d->period / 16) <= rest / 16 * (d->slice / 16)))
        return;
    bool is_short = d->latency && d->latency < d->period;
    u->sedf.deadline = now + (is_short ? d->latency : d->period);
    u->sedf.budget = is_short ? d->slice / (d->period / d->latency) : d->slice;
}

/* ---- Queues ---------------------------------------------------------------------------------- */

static void put_extra(struct sedf_queue *q, struct sched_unit *u)
{
    if ((int64_t)(u->sedf.vtime - q->vtime) < 0)
        u->sedf.vtime = q->vtime;
    u->sedf.is_extra = true;
    rb_insert(&q->extra, &u->sedf.node, had_less);
}

/* Where it belongs; true: it is parked. */
static bool put(struct sedf_queue *q, struct sched_unit *u)
{
    const struct sedf_domain *d = params_of(u);

    u->sedf.is_extra = u->sedf.has_release = false;
    if (d->slice && u->sedf.budget > 0) {
        rb_insert(&q->ready, &u->sedf.node, deadline_before);
        return false;
    }
    if (d->slice) {
        u->sedf.has_release = true;
        rb_insert(&q->release, &u->sedf.release, release_before);
    }
    if (d->is_extra || !d->slice)
        put_extra(q, u);
    return !u->sedf.is_extra;
}

static void take_off(struct sedf_queue *q, struct sched_unit *u)
{
    if (u->sedf.has_release)
        rb_erase(&q->release, &u->sedf.release);
    if (u->sedf.is_extra)
        rb_erase(&q->extra, &u->sedf.node);
    else if (!u->sedf.has_release)
        rb_erase(&q->ready, &u->sedf.node);
    u->sedf.has_release = false;
}

static void sedf_enqueue(struct sched_unit *u, unsigned int cpu, enum sched_why why, time_ns now)
{
    if (params_of(u)->slice) {
        if (why == SCHED_WOKEN)
            wake_up(u, now);
        else if (u->sedf.deadline <= now)
            next_period(u, now);
    }
    if (put(&per_cpu(sedf_queue, cpu), u))
        sched_parked(cpu);
}

static void sedf_dequeue(struct sched_unit *u, unsigned int cpu)
{
    if (is_parked(u))
        sched_unparked(cpu);
    take_off(&per_cpu(sedf_queue, cpu), u);
}

static void release_due(struct sedf_queue *q, unsigned int cpu, time_ns now)
{
    struct sched_unit *u;

    while ((u = unit_of_release(rb_first(&q->release))) && u->sedf.deadline <= now) {
        if (is_parked(u))
            sched_unparked(cpu);
        take_off(q, u);
        next_period(u, now);
        if (put(q, u))
            sched_parked(cpu);
    }
}

static struct sched_unit *sedf_best(unsigned int cpu)
{
    const struct sedf_queue *q = &per_cpu(sedf_queue, cpu);
    struct sched_unit *u = unit_of(rb_first(&q->ready));
    return u ? u : unit_of(rb_first(&q->extra));
}

/* It was queued when its domain had no slice, or still was given extra time. */
static bool is_outdated(const struct sched_unit *u)
{
    const struct sedf_domain *d = params_of(u);
    return u->sedf.is_extra && d->slice && !(u->sedf.has_release && d->is_extra);
}

static struct sched_unit *best_now(struct sedf_queue *q, unsigned int cpu, time_ns now)
{
    struct sched_unit *u;

    release_due(q, cpu, now);
    while ((u = sedf_best(cpu)) && unlikely(is_outdated(u))) {
        take_off(q, u);
        sedf_enqueue(u, cpu, SCHED_MOVED, now);
    }
    return u;
}

static struct sched_unit *after_yield(struct sched_unit *u)
{
    struct sched_unit *next = unlikely(u->has_yielded) ? unit_of(rb_next(&u->sedf.node)) : NULL;
    return next ? next : u;
}

static struct sched_choice sedf_pick(unsigned int cpu, time_ns now)
{
    struct sedf_queue *q = &per_cpu(sedf_queue, cpu);
    struct sched_choice c = { NULL, 0 };
    time_ns end = TIME_NEVER;

    c.next = best_now(q, cpu, now);
    if (c.next) {
        c.next = after_yield(c.next);
        bool is_extra = c.next->sedf.is_extra, has_period = c.next->sedf.has_release;
        take_off(q, c.next);
        if (is_extra)
            q->vtime = c.next->sedf.vtime;
        if (!is_extra)
            end = now + c.next->sedf.budget;
        else if (has_period)
            end = c.next->sedf.deadline;
        if (is_extra && rb_first(&q->extra))
            end = min(end, now + EXTRA_SLICE);
    }
    const struct sched_unit *released = unit_of_release(rb_first(&q->release));
    if (released)
        end = min(end, released->sedf.deadline);
    c.slice = end == TIME_NEVER ? 0 : max(end - now, MIN_SLICE);
    return c;
}

static void sedf_ran(struct sched_unit *u, unsigned int cpu, time_ns ns, time_ns now)
{
    if (ns <= 0)
        return;
    if (u->sedf.is_extra)
        u->sedf.vtime += (uint64_t)ns * DEFAULT_WEIGHT / read_once(params_of(u)->weight);
    else
        u->sedf.budget -= ns;
}

static time_ns sedf_preempts(const struct sched_unit *u, const struct sched_unit *running,
                             unsigned int cpu, time_ns now)
{
    time_ns later = u->sedf.has_release ? u->sedf.deadline : TIME_NEVER;

    if (is_parked(u))
        return later;
    if (u->sedf.is_extra)
        return running->sedf.is_extra ? min(later, now + EXTRA_SLICE) : later;
    return running->sedf.is_extra || u->sedf.deadline < running->sedf.deadline ? now : later;
}

/* The earliest deadlines run, wherever they wait; extra time is each CPU's own. */
static int64_t sedf_key(const struct sched_unit *u, time_ns ns)
{
    return u->sedf.is_extra ? KEY_EXTRA : u->sedf.deadline;
}

static struct sched_unit *steal_from(struct sedf_queue *q, const struct rb_root *tree,
                                     unsigned int to, int64_t key)
{
    struct rb_node *node;

    rb_for_each(node, tree) {
        struct sched_unit *u = unit_of(node);
        if (sedf_key(u, 0) >= key)
            break;
        if (read_once(u->vcpu->is_running) || !affinity_allows(u->vcpu, to))
            continue;
        take_off(q, u);
        return u;
    }
    return NULL;
}

static struct sched_unit *sedf_steal(unsigned int from, unsigned int to, int64_t key)
{
    struct sedf_queue *q = &per_cpu(sedf_queue, from);
    struct sched_unit *u = steal_from(q, &q->ready, to, key);

    return u ? u : steal_from(q, &q->extra, to, key);
}

static struct sched_unit *sedf_any(unsigned int cpu)
{
    struct sched_unit *u = sedf_best(cpu);
    return u ? u : unit_of_release(rb_first(&per_cpu(sedf_queue, cpu).release));
}

/* ---- Beginning, control, looking ------------------------------------------------------------- */

static void sedf_pool_init(struct cpupool *p) { }
static void sedf_pool_stop(struct cpupool *p) { }

static void sedf_cpu_init(unsigned int cpu)
{
    per_cpu(sedf_queue, cpu) = (struct sedf_queue){
        .ready = RB_ROOT, .extra = RB_ROOT, .release = RB_ROOT,
    };
}

static void sedf_domain_init(struct sched_domain *sd)
{
    bool is_dom0 = sd->d->is_privileged;

    sd->sedf = (struct sedf_domain){
        .period = is_dom0 ? DOM0_PERIOD : DEFAULT_PERIOD, .slice = is_dom0 ? DOM0_SLICE : 0,
        .weight = DEFAULT_WEIGHT, .is_extra = true,
    };
}

static void sedf_unit_init(struct sched_unit *u)
{
    u->sedf = (struct sedf_unit){ .is_extra = false };
}

static int sedf_get(const struct sched_domain *sd, struct xen_domctl *op)
{
    struct xen_domctl_sched_sedf *s = &((struct xen_domctl_sched_params *)&op->u)->u.sedf;

    *s = (struct xen_domctl_sched_sedf){
        .period = (uint64_t)sd->sedf.period, .slice = (uint64_t)sd->sedf.slice,
        .latency = (uint64_t)sd->sedf.latency, .is_extra = sd->sedf.is_extra,
        .weight = sd->sedf.weight,
    };
    return 0;
}

/* Parts per million of a CPU that all vcpus of a domain may insist on. */
static uint64_t guaranteed(const struct domain *d, uint64_t slice, uint64_t period)
{
    return slice * 1000000 / period * d->max_vcpus;
}

static bool can_guarantee(const struct sched_domain *sd, const struct xen_domctl_sched_sedf *s)
{
    uint64_t total = guaranteed(sd->d, s->slice, s->period);
    const struct sched_domain *other;

    list_for_each_entry(other, &sd->pool->domains, link)
        if (other != sd)
            total +=
                guaranteed(other->d, (uint64_t)other->sedf.slice, (uint64_t)other->sedf.period);
    return total <= 1000000UL * sd->pool->nr_cpus;
}

static int sedf_put(struct sched_domain *sd, const struct xen_domctl *op)
{
    const struct xen_domctl_sched_sedf *s =
        &((const struct xen_domctl_sched_params *)&op->u)->u.sedf;

    if (s->period < MIN_PERIOD || s->period > MAX_PERIOD || s->slice > s->period ||
        (s->slice && s->slice < MIN_SLICE) || (s->latency && s->latency < MIN_PERIOD) ||
        s->latency > s->period || !s->weight || s->weight > UINT16_MAX || s->is_extra > 1)
        return -EINVAL;
    if (s->slice && !can_guarantee(sd, s))
        return -ENOSPC;
    sd->sedf = (struct sedf_domain){
        .period = (time_ns)s->period, .slice = (time_ns)s->slice, .latency = (time_ns)s->latency,
        .weight = (uint16_t)s->weight, .is_extra = s->is_extra || !s->slice,
    };
    /* Who runs may have had no limit until now. */
    sched_rethink(&sd->pool->cpus);
    return 0;
}

static int sedf_get_global(const struct cpupool *p, struct xen_sysctl_scheduler_op *op)
{
    return -EOPNOTSUPP;
}

static int sedf_put_global(struct cpupool *p, const struct xen_sysctl_scheduler_op *op)
{
    return -EOPNOTSUPP;
}

static void dump_tree(const struct rb_root *tree, const char *state)
{
    struct rb_node *node;

    rb_for_each(node, tree)
        dump_unit(unit_of(node), state);
}

static void sedf_dump(unsigned int cpu)
{
    const struct sedf_queue *q = &per_cpu(sedf_queue, cpu);
    struct rb_node *node;

    dump_tree(&q->ready, "ready");
    dump_tree(&q->extra, "extra");
    rb_for_each(node, &q->release) {
        const struct sched_unit *u = unit_of_release(node);
        log_always("    d%uv%u: next period at %ld us", u->vcpu->domain->id, u->vcpu->vcpu_id,
                   u->sedf.deadline / NS_PER_US);
    }
}

const struct sched_policy sched_sedf = {
    .name = "Simple EDF Scheduler", .option = "sedf", .id = XEN_SCHEDULER_SEDF, .gain = 0,
    .pool_init = sedf_pool_init, .pool_stop = sedf_pool_stop, .cpu_init = sedf_cpu_init,
    .domain_init = sedf_domain_init, .unit_init = sedf_unit_init,
    .enqueue = sedf_enqueue, .dequeue = sedf_dequeue, .pick = sedf_pick, .ran = sedf_ran,
    .preempts = sedf_preempts, .key = sedf_key, .best = sedf_best, .steal = sedf_steal,
    .any = sedf_any, .dump = sedf_dump,
    .get = sedf_get, .put = sedf_put,
    .get_global = sedf_get_global, .put_global = sedf_put_global,
};
