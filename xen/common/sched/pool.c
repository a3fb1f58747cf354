/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU pools: a policy, the CPUs it rules, and the domains that share them.
 *
 * A CPU is in one pool, or in pool_none, where it idles; a domain in one that has CPUs.  Pool 0 is
 * always there, and dom0 in it.  A set bit in a pool's `cpus` says that the CPU's queue is the
 * pool's, for whoever holds the queue's lock: the bit goes before the queue changes hands, and
 * comes after.
 *
 * Lock: cpupool_lock, outside of the queues' locks.
 */
#include <lib/string.h>
#include <xen/bitops.h>
#include <xen/console.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "policy.h"

DEFINE_SPINLOCK(cpupool_lock, LOCK_CPUPOOL);

static const struct sched_policy *const policies[] = {
    &sched_credit, &sched_fair, &sched_sedf, &sched_bvt,
};

/* ---- CPUs that are nobody's ---- */

static struct sched_choice none_pick(unsigned int cpu, time_ns now)
{
    return (struct sched_choice){ NULL, 0 };
}

static struct sched_unit *none_any(unsigned int cpu) { return NULL; }
static void none_dump(unsigned int cpu) { }

static const struct sched_policy policy_none = {
    .name = "none", .option = "none", .pick = none_pick, .best = none_any, .any = none_any,
    .dump = none_dump,
};

struct cpupool pool_none = { .id = ~0u, .policy = &policy_none };
struct cpupool pool0 = { .policy = &sched_credit, .domains = LIST_HEAD_INIT(pool0.domains) };
static struct list_head pools;          /* by ascending id, pool 0 first */

static int parse_sched(const char *value)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
        if (!strcmp(value, policies[i]->option) ||
            (policies[i]->alias && !strcmp(value, policies[i]->alias))) {
            pool0.policy = policies[i];
            return 0;
        }
    return -EINVAL;
}
OPTION_CUSTOM(sched, "sched", parse_sched);

static const struct sched_policy *policy_by_id(unsigned int id)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
        if (policies[i]->id == id)
            return policies[i];
    return NULL;
}

/* ---- Pools ---- */

struct cpupool *cpupool_next(unsigned int id)
{
    struct cpupool *p;

    list_for_each_entry(p, &pools, link)
        if (p->id >= id)
            return p;
    return NULL;
}

struct cpupool *cpupool_find(unsigned int id)
{
    struct cpupool *p = cpupool_next(id);
    return p && p->id == id ? p : NULL;
}

/* The lowest number that is free. */
static unsigned int free_id(void)
{
    unsigned int id = 0;

    while (cpupool_find(id))
        id++;
    return id;
}

int cpupool_create(unsigned int *id, unsigned int sched_id)
{
    const struct sched_policy *policy = policy_by_id(sched_id);

    if (!policy)
        return -EINVAL;
    if (*id == XEN_SYSCTL_CPUPOOL_PAR_ANY)
        *id = free_id();
    else if (cpupool_find(*id))
        return -EEXIST;
    struct cpupool *p = new(struct cpupool);
    if (!p)
        return -ENOMEM;
    p->id = *id;
    p->policy = policy;
    list_init(&p->domains);
    policy->pool_init(p);
    struct cpupool *after = cpupool_next(*id);
    list_add_tail(&p->link, after ? &after->link : &pools);
    return 0;
}

static int remove_cpu(struct cpupool *p, unsigned int cpu);

int cpupool_destroy(unsigned int id)
{
    struct cpupool *p = cpupool_find(id);

    if (!p)
        return -ENOENT;
    if (p == &pool0 || p->nr_domains)
        return -EBUSY;
    for_each_cpu_of(cpu, &p->cpus)
        if (remove_cpu(p, cpu))
            return -EBUSY;
    p->policy->pool_stop(p);
    list_del(&p->link);
    pool_free(p);
    return 0;
}

/* ---- CPUs come and go ---- */

static void refresh_domains(struct cpupool *p)
{
    struct sched_domain *sd;

    list_for_each_entry(sd, &p->domains, link)
        for_each_vcpu(sd->d, v)
            affinity_refresh(v);
}

static void add_cpu(struct cpupool *p, unsigned int cpu)
{
    p->policy->cpu_init(cpu);
    sched_change_pool(cpu, &pool_none, p);
    atomic_set_bit(cpu, p->cpus.bits);
    p->nr_cpus++;
    refresh_domains(p);
    /* With a second CPU, what idles and what waits begins to matter. */
    sched_rethink(&p->cpus);
}

static int remove_cpu(struct cpupool *p, unsigned int cpu)
{
    if (p->nr_cpus == 1 && (p->nr_domains || p == &pool0))
        return -EBUSY;
    atomic_clear_bit(cpu, p->cpus.bits);
    p->nr_cpus--;
    refresh_domains(p);
    sched_change_pool(cpu, p, &pool_none);
    return 0;
}

static bool is_usable(unsigned int cpu)
{
    return cpu < cpu_count && cpu_is_online(cpu) && !cpu_is_leaving(cpu);
}

int cpupool_add_cpu(unsigned int id, unsigned int cpu)
{
    struct cpupool *p = cpupool_find(id);

    if (!p)
        return -ENOENT;
    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        for (cpu = 0; cpu < cpu_count; cpu++)
            if (is_usable(cpu) && per_cpu(runqueue, cpu).pool == &pool_none)
                break;
        if (cpu == cpu_count)
            return -ENODEV;
    }
    if (!is_usable(cpu))
        return -EINVAL;
    if (per_cpu(runqueue, cpu).pool != &pool_none)
        return -ENODEV;
    add_cpu(p, cpu);
    return 0;
}

int cpupool_remove_cpu(unsigned int id, unsigned int cpu)
{
    struct cpupool *p = cpupool_find(id);

    if (!p)
        return -ENOENT;
    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        for_each_cpu_of(member, &p->cpus)
            cpu = member;
        if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY)
            return -ENODEV;
    }
    if (!is_usable(cpu))
        return -EINVAL;
    if (!test_bit(cpu, p->cpus.bits))
        return -ENODEV;
    return remove_cpu(p, cpu);
}

void cpupool_first_cpu(unsigned int cpu)
{
    spin_lock(&cpupool_lock);
    add_cpu(&pool0, cpu);
    spin_unlock(&cpupool_lock);
}

/* The pool that an offline CPU was in. */
DEFINE_STATIC_PER_CPU(unsigned int, home);

int cpupool_cpu_leaves(unsigned int cpu)
{
    int rc = 0;

    spin_lock(&cpupool_lock);
    struct cpupool *p = per_cpu(runqueue, cpu).pool;
    if (p != &pool_none) {
        per_cpu(home, cpu) = p->id;
        rc = remove_cpu(p, cpu);
    }
    spin_unlock(&cpupool_lock);
    return rc;
}

void cpupool_cpu_returns(unsigned int cpu)
{
    spin_lock(&cpupool_lock);
    struct cpupool *p = cpupool_find(per_cpu(home, cpu));
    if (per_cpu(runqueue, cpu).pool == &pool_none)
        add_cpu(p ? p : &pool0, cpu);
    spin_unlock(&cpupool_lock);
}

/* ---- Domains come and go ---- */

static void join(struct cpupool *p, struct sched_domain *sd)
{
    sd->pool = p;
    p->policy->domain_init(sd);
    list_add_tail(&sd->link, &p->domains);
    p->nr_domains++;
}

static void leave(struct sched_domain *sd)
{
    list_del(&sd->link);
    sd->pool->nr_domains--;
}

void cpupool_add_domain(struct cpupool *p, struct sched_domain *sd)
{
    spin_lock(&cpupool_lock);
    join(p, sd);
    spin_unlock(&cpupool_lock);
}

void cpupool_remove_domain(struct sched_domain *sd)
{
    spin_lock(&cpupool_lock);
    leave(sd);
    spin_unlock(&cpupool_lock);
}

/* Paused, its vcpus are in nobody's queue and on no CPU. */
int cpupool_move_domain(struct domain *d, unsigned int id)
{
    struct cpupool *p = cpupool_find(id);

    if (!p)
        return -ENOENT;
    if (!p->nr_cpus)
        return -ENODEV;
    if (d->sched->pool == p)
        return 0;
    leave(d->sched);
    join(p, d->sched);
    unsigned int cpu = (unsigned int)bitmap_find_first(p->cpus.bits, cpu_count);
    for_each_vcpu(d, v) {
        unsigned long flags;
        struct runqueue *rq = sched_lock(v, &flags);
        p->policy->unit_init(v->sched);
        write_once(v->processor, cpu);
        spin_unlock_irqrestore(&rq->lock, flags);
        affinity_refresh(v);
        cpu = (unsigned int)bitmap_find_next(p->cpus.bits, cpu_count, cpu + 1);
        if (cpu >= cpu_count)
            cpu = (unsigned int)bitmap_find_first(p->cpus.bits, cpu_count);
    }
    return 0;
}

/* ---- Looking ---- */

void dump_unit(const struct sched_unit *u, const char *state)
{
    const struct vcpu *v = u->vcpu;

    log_always("    d%uv%u %s, flags %x, pauses %u+%u", v->domain->id, v->vcpu_id, state,
               v->pause_flags, v->pause_count, v->domain->pause_count);
}

static void dump_cpu(unsigned int cpu)
{
    struct runqueue *rq = &per_cpu(runqueue, cpu);
    unsigned long flags = spin_lock_irqsave(&rq->lock);
    const struct vcpu *v = rq->running;

    if (v->is_idle)
        log_always("  CPU%u: idle, %u waiting", cpu, rq->nr_waiting);
    else
        log_always("  CPU%u: runs d%uv%u, %u waiting", cpu, v->domain->id, v->vcpu_id,
                   rq->nr_waiting);
    rq->pool->policy->dump(cpu);
    spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_dump(void)
{
    struct cpupool *p;
    char list[128];

    list_for_each_entry(p, &pools, link) {
        bitmap_print_list(list, sizeof(list), p->cpus.bits, cpu_count);
        log_always("Pool %u: scheduler %s (%s), CPUs %s, %u domains, now %ld ns", p->id,
                   p->policy->name, p->policy->option, list, p->nr_domains, time_now());
        bitmap_print_list(list, sizeof(list), p->idle.bits, cpu_count);
        log_always("  idle: %s", list);
        for_each_cpu_of(cpu, &p->cpus)
            dump_cpu(cpu);
    }
}

static void dump_key(unsigned char key)
{
    sched_dump();
}

void cpupools_init(void)
{
    pool0.policy->pool_init(&pool0);
    list_init(&pools);
    list_add_tail(&pool0.link, &pools);
    key_register('r', dump_key, "dump run queues");
    log_always("Using scheduler: %s (%s)\n", pool0.policy->name, pool0.policy->option);
}

unsigned int sched_policy_id(void) { return pool0.policy->id; }
