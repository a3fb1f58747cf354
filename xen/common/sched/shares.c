/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool's time, shared by weight, for the policies that do so; and caps.
 *
 * A domain pays a nanosecond of credit for each that one of its vcpus runs.  At intervals all that
 * was paid in the pool is given out again by weight; who would own more than SHARES_CREDIT_MAX
 * passes the rest on.  Everybody begins with that much. So the sum never changes, among those who
 * want to run somebody always has credit, what a domain gets in the long run is what its weight
 * says or what it can use, and nobody's past makes him wait for longer than he made others.
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

#define PERIOD          (30 * NS_PER_MS)        /* between two accountings */
#define FIRST_PERIOD    (1 * NS_PER_MS)         /* after a time when nobody had to wait */
#define MIN_CAP_SLICE   (200 * NS_PER_US) /* who is that near to his cap is not stopped for it yet \
                                           */
#define DEFAULT_WEIGHT  256

DEFINE_STATIC_PER_CPU(struct list_head, parked);

/* ---- Accounting ------------------------------------------------------------------------------ */

static int64_t room_of(const struct shares *s)
{
    return SHARES_CREDIT_MAX - s->mark - s->grant;
}

/* Each gets its part until it is full; the parts of the full are given out again.  Returns what is
 * left. */
static int64_t give_by_weight(struct cpupool *p, int64_t total)
{
    struct sched_domain *sd;

    while (total > NS_PER_US) {
        int64_t weights = 0, rest = total;
        list_for_each_entry(sd, &p->domains, link)
            weights += room_of(&sd->shares) > 0 ? sd->shares.weight : 0;
        if (!weights)
            break;
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
            break;
        total = rest;
    }
    return total;
}

/* What rounding left. */
static void give_rest(struct cpupool *p, int64_t total)
{
    struct sched_domain *sd;

    list_for_each_entry(sd, &p->domains, link) {
        int64_t part = min(total, room_of(&sd->shares));
        if (part > 0) {
            sd->shares.grant += part;
            total -= part;
        }
    }
}

static void settle_credit(struct cpupool *p)
{
    struct sched_domain *sd;
    int64_t total = 0;

    list_for_each_entry(sd, &p->domains, link) {
        struct shares *s = &sd->shares;
        int64_t credit = read_once(s->credit);
        total += s->mark - credit;
        s->mark = credit;
        s->grant = 0;
    }
    give_rest(p, give_by_weight(p, total));
    list_for_each_entry(sd, &p->domains, link) {
        struct shares *s = &sd->shares;
        atomic_add(&s->credit, s->grant);
        s->mark += s->grant;
    }
}

static int64_t full_budget(const struct shares *s) { return PERIOD / 100 * s->cap; }

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
        if (read_once(per_cpu(runqueue, cpu).nr_waiting))
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

/* Priorities changed: who runs may have to go, and who is parked may run.  Idle CPUs have no other
 * reason to look. */
static void tell_cpus(const struct cpupool *p, bool somebody)
{
    for_each_cpu_of(cpu, &p->cpus) {
        bool runs = !read_once(per_cpu(runqueue, cpu).running)->is_idle;
        if ((somebody && runs) || !list_empty(&per_cpu(parked, cpu)))
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
    settle_credit(p);
    refill_budgets(p, now - p->shares.last);
    p->shares.last = now;
    atomic_add(&p->shares.epoch, 1);
    bool somebody = somebody_waits(p);
    tell_cpus(p, somebody);
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

void shares_charge(struct sched_domain *sd, time_ns ns)
{
    if (ns <= 0)
        return;
    atomic_sub(&sd->shares.credit, ns);
    if (unlikely(read_once(sd->shares.cap)))
        atomic_sub(&sd->shares.budget, ns);
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
        .weight = DEFAULT_WEIGHT, .credit = SHARES_CREDIT_MAX, .mark = SHARES_CREDIT_MAX,
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
