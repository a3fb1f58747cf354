/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool's time, shared by weight, for the policies that do so; and caps.
 *
 * A domain pays a nanosecond of credit for each that one of its vcpus runs.  At intervals all that
 * was paid in the pool is given out again, by weight, to those who ran or wanted to.  Nobody saves
 * more than he could use in two intervals: who has that gets all he asks for, and the rest of his
 * part goes to the others, the hungry.  These are then moved up or down together, so that in sum
 * they own what they will use until the next time.  That leaves the distances between them alone,
 * which is why in the long run each gets what his weight says; and among them somebody always has
 * credit.
 *
 * A cap is paid from a budget of its own, filled at the same times.  Without budget vcpus are
 * parked: queued, but not to run.
 *
 * Lock: cpupool_lock for the accounting, the queue's for the parked; credit and budget are atomic.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/printk.h>
#include <xen/softirq.h>

#include "policy.h"

#define PERIOD          SHARES_PERIOD
#define FIRST_PERIOD    (1 * NS_PER_MS)         /* after a time when nobody had to wait */
#define MIN_CAP_SLICE   (200 * NS_PER_US) /* who is that near to his cap is not stopped for it yet \
                                           */
#define FIRST_CREDIT    (PERIOD / 3)
#define LAG_MAX         (2 * PERIOD)            /* of a vcpu behind its domain's others */
#define DEFAULT_WEIGHT  256

DEFINE_STATIC_PER_CPU(struct list_head, parked);

/* ---- Accounting ------------------------------------------------------------------------------ */

/* Two periods' worth of all the CPUs it can use. */
static int64_t max_of(const struct shares *s) { return 2 * PERIOD * s->width; }

static int64_t room_of(const struct shares *s)
{
    return s->is_active ? max_of(s) - s->owned - s->grant : 0;
}

static bool is_hungry(const struct shares *s) { return room_of(s) > 0; }

/* What u ran since the last time. */
static int64_t collect_unit(struct sched_unit *u)
{
    const struct vcpu *v = u->vcpu;
    int64_t ran = read_once(u->shares.ran);

    u->shares.used = ran - u->shares.mark;
    u->shares.mark = ran;
    u->shares.competes = read_once(v->is_running) || read_once(u->queued);
    return u->shares.used;
}

/* Among a domain's vcpus that want to run all the time, who had less than the others comes before
 * them. */
static void compare_vcpus(const struct sched_domain *sd)
{
    int64_t used = 0, n = 0;

    for_each_vcpu(sd->d, v) {
        used += v->sched->shares.competes ? v->sched->shares.used : 0;
        n += v->sched->shares.competes;
    }
    for_each_vcpu(sd->d, v) {
        struct shares_unit *u = &v->sched->shares;
        int64_t lag = n > 1 && u->competes ? u->lag + used / n - u->used : u->lag * 3 / 4;
        write_once(u->lag, clamp(lag, -LAG_MAX, LAG_MAX));
    }
}

/* The sum of what everybody ran since the last time. */
static int64_t collect(struct cpupool *p)
{
    struct sched_domain *sd;
    int64_t total = 0;

    list_for_each_entry(sd, &p->domains, link) {
        struct shares *s = &sd->shares;
        s->used = s->grant = 0;
        s->is_active = false;
        for_each_vcpu(sd->d, v) {
            s->used += collect_unit(v->sched);
            s->is_active |= v->sched->shares.competes;
        }
        s->is_active |= s->used > 0;
        s->owned = read_once(s->credit);
        write_once(s->width, max(min(sd->d->max_vcpus, p->nr_cpus), 1u));
        if (s->is_active)
            compare_vcpus(sd);
        total += s->used;
    }
    return total;
}

/* Each gets his part until he is full; the parts of the full are given out again. */
static void give_by_weight(struct cpupool *p, int64_t total)
{
    struct sched_domain *sd;

    while (total > NS_PER_US) {
        int64_t weights = 0, rest = total;
        list_for_each_entry(sd, &p->domains, link)
            weights += is_hungry(&sd->shares) ? sd->shares.weight : 0;
        if (!weights)
            return;
        int64_t unit = total / weights, odd = total % weights;
        list_for_each_entry(sd, &p->domains, link) {
            struct shares *s = &sd->shares;
            int64_t part = min(unit * s->weight + odd * s->weight / weights, room_of(s));
            if (part > 0) {
                s->grant += part;
                rest -= part;
            }
        }
        if (rest == total)
            return;
        total = rest;
    }
}

/* Together the hungry own what they used in a period; nobody gets more than full by that. */
static void level(struct cpupool *p, time_ns elapsed)
{
    struct sched_domain *sd;
    int64_t used = 0, owned = 0, n = 0;

    list_for_each_entry(sd, &p->domains, link) {
        const struct shares *s = &sd->shares;
        if (!is_hungry(s))
            continue;
        used += s->used;
        owned += s->owned + s->grant;
        n += s->width;
    }
    if (!n)
        return;
    if (elapsed > PERIOD)
        used = used / (elapsed / NS_PER_US) * (PERIOD / NS_PER_US);
    int64_t shift = (used - owned) / n;
    list_for_each_entry(sd, &p->domains, link)
        if (is_hungry(&sd->shares))
            sd->shares.grant += min(shift * sd->shares.width, room_of(&sd->shares));
}

static void settle_credit(struct cpupool *p, time_ns now)
{
    struct sched_domain *sd;

    sched_charge_running(p);
    give_by_weight(p, collect(p));
    level(p, now - p->shares.last);
    list_for_each_entry(sd, &p->domains, link)
        if (sd->shares.grant)
            atomic_add(&sd->shares.credit, sd->shares.grant);
}

/* What could not be had in one period, since others ran, can be in the next. */
static int64_t full_budget(const struct shares *s) { return 2 * PERIOD / 100 * s->cap; }

static void refill_budgets(struct cpupool *p, time_ns elapsed)
{
    struct sched_domain *sd;

    list_for_each_entry(sd, &p->domains, link) {
        struct shares *s = &sd->shares;
        if (!s->cap)
            continue;
        int64_t part = min(elapsed, NS_PER_S) * s->cap / 100;
        atomic_add(&s->budget, min(part, full_budget(s) - read_once(s->budget)));
    }
}

static bool somebody_waits(const struct cpupool *p)
{
    for_each_cpu_of(cpu, &p->cpus)
        if (read_once(per_cpu(runqueue, cpu).nr_waiting) || !list_empty(&per_cpu(parked, cpu)))
            return true;
    return false;
}

static bool a_cap_counts(const struct cpupool *p)
{
    const struct sched_domain *sd;

    list_for_each_entry(sd, &p->domains, link)
        if (sd->shares.cap && read_once(sd->shares.budget) < full_budget(&sd->shares))
            return true;
    return false;
}

/* Priorities changed: who runs may have to go, and who is parked may run. */
static void tell_cpus(const struct cpupool *p)
{
    for_each_cpu_of(cpu, &p->cpus) {
        bool runs = !read_once(per_cpu(runqueue, cpu).running)->is_idle;
        if (runs || !list_empty(&per_cpu(parked, cpu)))
            softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    }
}

/* In a softirq.  Who begins to wait while is_armed is still seen arms it when he waits again, at
 * the end of a slice. */
static void account(void *arg)
{
    struct cpupool *p = arg;

    spin_lock(&cpupool_lock);
    time_ns now = time_now();
    settle_credit(p, now);
    refill_budgets(p, now - p->shares.last);
    p->shares.last = now;
    atomic_add(&p->shares.epoch, 1);
    bool somebody = somebody_waits(p);
    if (somebody)
        tell_cpus(p);
    if (!somebody && !a_cap_counts(p))
        write_once(p->shares.is_armed, 0);
    else
        timer_set(&p->shares.account, now + PERIOD);
    spin_unlock(&cpupool_lock);
}

void shares_arm(struct cpupool *p, time_ns now)
{
    if (likely(read_once(p->shares.is_armed)) || atomic_xchg(&p->shares.is_armed, 1))
        return;
    timer_set(&p->shares.account, max(now + FIRST_PERIOD, p->shares.last + PERIOD));
}

void shares_charge(struct sched_unit *u, time_ns ns)
{
    struct shares *s = &u->domain->shares;

    if (ns <= 0)
        return;
    u->shares.ran += ns;
    atomic_sub(&s->credit, ns);
    if (unlikely(read_once(s->cap)))
        atomic_sub(&s->budget, ns);
}

time_ns shares_slice(const struct sched_unit *u, time_ns slice)
{
    const struct shares *s = &u->domain->shares;

    if (likely(!read_once(s->cap)))
        return slice;
    time_ns budget = max(read_once(s->budget), MIN_CAP_SLICE);
    return slice ? min(slice, budget) : budget;
}

/* ---- The parked ------------------------------------------------------------------------------ */

void shares_park(struct sched_unit *u, unsigned int cpu)
{
    list_add_tail(&u->shares.link, &per_cpu(parked, cpu));
    u->shares.is_parked = true;
    sched_parked(cpu);
}

void shares_unpark(struct sched_unit *u, unsigned int cpu)
{
    list_del(&u->shares.link);
    u->shares.is_parked = false;
    sched_unparked(cpu);
}

void shares_unpark_ready(unsigned int cpu, void (*put_back)(struct sched_unit *u, unsigned int cpu))
{
    struct sched_unit *u, *next;

    list_for_each_entry_safe(u, next, &per_cpu(parked, cpu), shares.link) {
        if (shares_at_cap(u))
            continue;
        shares_unpark(u, cpu);
        put_back(u, cpu);
    }
}

struct sched_unit *shares_first_parked(unsigned int cpu)
{
    const struct list_head *list = &per_cpu(parked, cpu);
    return list_empty(list) ? NULL : list_entry(list->next, struct sched_unit, shares.link);
}

/* ---- Beginning, control, looking ------------------------------------------------------------- */

void shares_pool_init(struct cpupool *p)
{
    timer_init(&p->shares.account, account, p, smp_cpu());
    p->shares.is_armed = 0;
    p->shares.last = time_now();
}

void shares_pool_stop(struct cpupool *p)
{
    timer_kill(&p->shares.account);
}

void shares_cpu_init(unsigned int cpu)
{
    list_init(&per_cpu(parked, cpu));
}

void shares_domain_init(struct sched_domain *sd)
{
    sd->shares = (struct shares){
        .weight = DEFAULT_WEIGHT, .credit = FIRST_CREDIT, .width = 1,
    };
}

int shares_set(struct sched_domain *sd, uint16_t weight, uint16_t cap)
{
    struct shares *s = &sd->shares;

    if (!weight || cap > 100 * sd->d->max_vcpus)
        return -EINVAL;
    write_once(s->weight, weight);
    if (cap == s->cap)
        return 0;
    write_once(s->budget, PERIOD / 100 * cap);
    write_once(s->cap, cap);
    /* Who runs has no such limit yet, and who is parked perhaps none any more. */
    atomic_add(&sd->pool->shares.epoch, 1);
    shares_arm(sd->pool, time_now());
    sched_rethink(&sd->pool->cpus);
    return 0;
}

void shares_dump(const struct sched_unit *u, const char *state)
{
    const struct shares *s = &u->domain->shares;

    dump_unit(u, state);
    log_always("      credit %ld us, weight %u, cap %u", s->credit / NS_PER_US, s->weight, s->cap);
}

void shares_dump_parked(unsigned int cpu)
{
    struct sched_unit *u;

    list_for_each_entry(u, &per_cpu(parked, cpu), shares.link)
        shares_dump(u, "parked");
}
