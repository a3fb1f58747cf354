/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine for the scheduler, in virtual time: the very files of xen/common/sched, CPUs that take
 * softirqs, switch and idle, timers, and vcpus that run and sleep as a workload says.  Included by
 * one file of a test.
 *
 * Time stands still while the hypervisor works.  Before it goes on every CPU has done what it was
 * told, and what always holds is checked: no runnable vcpu is lost, none waits where a CPU that it
 * may use idles, each runs where it may.
 */
#ifndef SCHED_SIM_H
#define SCHED_SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lib/math.h>
#include <public/sched_params.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/console.h>
#include <xen/control.h>
#include <xen/heap.h>
#include <xen/printk.h>
#include <xen/softirq.h>

#include "xen/common/sched/policy.h"

#define DOMAINS     24
#define VCPUS       16
#define TIMERS      (SIM_CPUS + 8 + 2 * DOMAINS * VCPUS)

/* A vcpu's life: runs for about `burst`, then sleeps for about `sleep`.  No sleep: it spins. */
struct life {
    time_ns burst, sleep;
    time_ns left;                       /* of its burst */
    time_ns wakes_at;                   /* asleep until then; 0: awake */
    time_ns on_cpu_since, ran;
    time_ns waits_since, longest_wait;  /* for a CPU, while it could run */
    time_ns stranded_since;             /* waits while a CPU idles */
    time_ns woken_at, longest_latency, sum_latency;
    unsigned int wakeups;
};

static time_ns now;
unsigned int cpu_count;
struct cpumask cpu_online, cpu_present, cpu_leaving;
unsigned int fake_cpu;
struct vcpu *fake_current;
DEFINE_PER_CPU(uint32_t, softirq_pending);
struct domain *hardware_domain, *idle_domain;

static struct cpu {
    struct vcpu *vcpu;
    struct vcpu *leaving;               /* its registers are being saved, until: */
    time_ns left_at;
    time_ns still_until;                /* it stands still: whatever it runs is charged for that */
} cpus[SIM_CPUS];
static struct domain domains[DOMAINS], idle_domain_struct;
static unsigned int nr_domains;
static struct vcpu *vcpu_table[DOMAINS][VCPUS], *idle_table[SIM_CPUS];
static struct vcpu_info infos[DOMAINS][VCPUS];
static struct life lives[DOMAINS][VCPUS];
static struct timer *timers[TIMERS];
static unsigned int nr_timers;
static unsigned int queues_locked;
static void (*schedule_handler)(void);
static jmp_buf switched;
static bool
    may_idle[DOMAINS]; /* caps and the like: its vcpus may have to wait though a CPU idles */
static unsigned int threads_per_core = 1, cores_per_node = SIM_CPUS;
static time_ns switch_time;
static unsigned int nr_switches;

/* ---- Chance ---------------------------------------------------------------------------------- */

static uint64_t chance = 1;

static uint64_t below(uint64_t n)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance % n;
}

static time_ns about(time_ns t) { return t / 2 + (time_ns)below((uint64_t)t) + 1; }

/* ---- What other rooms do --------------------------------------------------------------------- */

void assertion_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}

unsigned long irq_save(void) { return 0; }
void irq_restore(unsigned long flags) { (void)flags; }
void irq_disable(void) { }
void irq_enable(void) { }
void arch_idle(void) { }
bool heap_scrub_idle(void) { return false; }
void softirq_run(void) { }
void printk_line(enum log_level level, const char *fmt, ...) { (void)level, (void)fmt; }
void *pool_zalloc(size_t size) { return calloc(1, size); }
void pool_free(void *p) { free(p); }
void event_poll_end(struct vcpu *v) { (void)v; }
void event_send_virq(struct vcpu *v, unsigned int virq) { (void)v, (void)virq; }
struct domain *domain_find(domid_t id) { return id < nr_domains ? &domains[id] : NULL; }
void domain_put(struct domain *d) { (void)d; }
time_ns time_now(void) { return now; }

void key_register(char key, void (*fn)(unsigned char key), const char *text)
{
    (void)key, (void)fn, (void)text;
}

int bitmap_to_guest(const struct xenctl_bitmap *to, const unsigned long *map, unsigned int nr_bits)
{
    (void)to, (void)map, (void)nr_bits;
    return 0;
}

struct cpu_place arch_cpu_place(unsigned int cpu)
{
    unsigned int core = cpu / threads_per_core;
    return (struct cpu_place){ core % cores_per_node, core / cores_per_node,
                               core / cores_per_node };
}

void spin_lock_init(struct spinlock *lock, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT(rank);
}

/* Of queues never two at once, but by trying; and no queue's while waiting for the pools'. */
void spin_lock(struct spinlock *lock)
{
    check(!lock->owner && !queues_locked);
    lock->owner = 1;
    queues_locked += lock->rank == LOCK_SCHED;
}

void spin_unlock(struct spinlock *lock)
{
    check(lock->owner);
    lock->owner = 0;
    queues_locked -= lock->rank == LOCK_SCHED;
}

/* Sometimes another CPU has it. */
bool spin_trylock(struct spinlock *lock)
{
    check(!lock->owner);
    if (below(8) == 0)
        return false;
    lock->owner = 1;
    queues_locked++;
    return true;
}

unsigned long spin_lock_irqsave(struct spinlock *lock) { spin_lock(lock); return 0; }
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
    (void)flags;
    spin_unlock(lock);
}

/* ---- Timers and softirqs --------------------------------------------------------------------- */

enum { TIMER_IDLE, TIMER_ARMED, TIMER_KILLED };

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, unsigned int cpu)
{
    *t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu };
}

void timer_set(struct timer *t, time_ns expires)
{
    if (t->state == TIMER_KILLED)
        return;
    t->expires = expires;
    if (t->state == TIMER_ARMED)
        return;
    check(nr_timers < TIMERS);
    timers[nr_timers++] = t;
    t->state = TIMER_ARMED;
}

void timer_stop(struct timer *t)
{
    for (unsigned int i = 0; i < nr_timers && t->state == TIMER_ARMED; i++)
        if (timers[i] == t) {
            timers[i] = timers[--nr_timers];
            t->state = TIMER_IDLE;
        }
}

void timer_kill(struct timer *t)
{
    timer_stop(t);
    t->state = TIMER_KILLED;
}

void timer_migrate(struct timer *t, unsigned int cpu) { t->cpu = cpu; }
bool timer_is_armed(const struct timer *t) { return t->state == TIMER_ARMED; }

void softirq_set_handler(enum softirq nr, void (*handler)(void))
{
    check(nr == SOFTIRQ_SCHEDULE);
    schedule_handler = handler;
}

void softirq_raise_on(unsigned int cpu, enum softirq nr)
{
    check(cpu_is_online(cpu));
    percpu_softirq_pending[cpu] |= 1u << nr;
}

/* ---- Vcpus live ------------------------------------------------------------------------------ */

static struct life *life_of(const struct vcpu *v)
{
    return &lives[v->domain->id][v->vcpu_id];
}

static void on_cpu(unsigned int cpu)
{
    fake_cpu = cpu;
    fake_current = cpus[cpu].vcpu;
}

/* It saves registers, or stands still. */
static bool is_away(unsigned int cpu) { return cpus[cpu].leaving || now < cpus[cpu].still_until; }

static void begin_wait(struct vcpu *v)
{
    if (!life_of(v)->waits_since)
        life_of(v)->waits_since = now;
}

static void enter(struct vcpu *v)
{
    struct life *l = life_of(v);

    l->on_cpu_since = now;
    l->longest_wait = max(l->longest_wait, l->waits_since ? now - l->waits_since : 0L);
    l->waits_since = 0;
    if (l->woken_at) {
        l->longest_latency = max(l->longest_latency, now - l->woken_at);
        l->sum_latency += now - l->woken_at;
        l->wakeups++;
        l->woken_at = 0;
    }
}

static void leave_cpu(struct vcpu *v)
{
    struct life *l = life_of(v);

    l->ran += now - l->on_cpu_since;
    l->left -= now - l->on_cpu_since;
    l->on_cpu_since = now;
    if (vcpu_runnable(v))
        begin_wait(v);
}

void arch_switch_to(struct vcpu *prev, struct vcpu *next)
{
    struct cpu *c = &cpus[fake_cpu];

    check(c->vcpu == prev && prev != next && !c->leaving && !queues_locked);
    nr_switches++;
    if (!prev->is_idle)
        leave_cpu(prev);
    if (!next->is_idle)
        enter(next);
    c->vcpu = next;
    on_cpu(fake_cpu);
    if (switch_time && !prev->is_idle) {
        c->leaving = prev;
        c->left_at = now + (time_ns)below((uint64_t)switch_time) + 1;
    } else {
        sched_switched(prev);
    }
    longjmp(switched, 1);
}

static void finish_switch(unsigned int cpu)
{
    struct vcpu *prev = cpus[cpu].leaving;

    cpus[cpu].leaving = NULL;
    on_cpu(cpu);
    sched_switched(prev);
}

static void do_schedule(unsigned int cpu)
{
    on_cpu(cpu);
    percpu_softirq_pending[cpu] &= ~(1u << SOFTIRQ_SCHEDULE);
    if (!setjmp(switched))
        schedule_handler();
}

static bool burst_is_over(const struct vcpu *v)
{
    if (v->is_idle)
        return false;
    const struct life *l = life_of(v);
    return l->sleep && now - l->on_cpu_since >= l->left;
}

static void fall_asleep(unsigned int cpu)
{
    struct life *l = life_of(cpus[cpu].vcpu);

    on_cpu(cpu);
    vcpu_block();
    l->left = now - l->on_cpu_since + about(l->burst);
    l->wakes_at = now + about(l->sleep);
}

static void wake_up(struct vcpu *v)
{
    struct life *l = life_of(v);

    l->wakes_at = 0;
    if (!test_bit(VPF_BLOCKED, &v->pause_flags))
        return;
    on_cpu((unsigned int)below(cpu_count));
    vcpu_unblock(v);
    if (vcpu_runnable(v)) {
        l->woken_at = now;
        begin_wait(v);
    }
}

/* ---- What always holds ----------------------------------------------------------------------- */

static void describe(const struct vcpu *v, const char *what)
{
    fprintf(stderr, "%ld: d%uv%u %s; cpu %u, queued %u, running %u, flags %x, pauses %u\n", now,
            v->domain->id, v->vcpu_id, what, v->processor, v->sched->queued, v->is_running,
            v->pause_flags, v->pause_count);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        fprintf(stderr, "cpu %u: pool %d, runs d%uv%u, %u wait, key %ld, in pool %u\n", cpu,
                (int)percpu_runqueue[cpu].pool->id, cpus[cpu].vcpu->domain->id,
                cpus[cpu].vcpu->vcpu_id, percpu_runqueue[cpu].nr_waiting,
                percpu_runqueue[cpu].waiting_key,
                bitmap_test(v->sched->domain->pool->cpus.bits, cpu));
    abort();
}

static bool an_idle_cpu_suits(const struct vcpu *v)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpus[cpu].vcpu->is_idle && !is_away(cpu) && affinity_allows(v, cpu))
            return true;
    return false;
}

static void check_vcpu(const struct vcpu *v)
{
    unsigned int on = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        on += (cpus[cpu].vcpu == v) + (cpus[cpu].leaving == v);
    if (on != v->is_running)
        describe(v, "is on another number of CPUs than it thinks");
    if (v->is_running && !vcpu_runnable(v) && !is_away(v->processor))
        describe(v, "runs though it may not");
    if (!v->is_running && vcpu_runnable(v) != v->sched->queued)
        describe(v, v->sched->queued ? "is queued though it cannot run" : "is lost");
    if ((v->sched->queued || v->is_running) && !affinity_allows(v, v->processor) &&
        !is_away(v->processor))
        describe(v, "is where it may not be");
    /* A CPU that is told may be busy with registers first. */
    struct life *l = life_of(v);
    if (!v->sched->queued || may_idle[v->domain->id] || !an_idle_cpu_suits(v))
        l->stranded_since = 0;
    else if (!l->stranded_since)
        l->stranded_since = now;
    if (l->stranded_since && now - l->stranded_since >= 2 * switch_time &&
        !is_away(v->processor))
        describe(v, "waits while a CPU idles");
}

static void check_all(void)
{
    for (unsigned int d = 0; d < nr_domains; d++)
        for (unsigned int i = 0; i < domains[d].max_vcpus; i++)
            check_vcpu(vcpu_table[d][i]);
}

/* ---- Time goes on ---------------------------------------------------------------------------- */

static bool settle_softirqs(void)
{
    bool did = false;

    for (unsigned int rounds = 0; rounds < 1000; rounds++) {
        bool again = false;
        unsigned int first = (unsigned int)below(cpu_count);
        for (unsigned int i = 0; i < cpu_count; i++) {
            unsigned int cpu = (first + i) % cpu_count;
            if (!percpu_softirq_pending[cpu] || is_away(cpu))
                continue;
            do_schedule(cpu);
            again = true;
        }
        if (!again)
            return did;
        did = true;
    }
    fprintf(stderr, "CPUs never come to rest\n");
    abort();
}

static time_ns next_event(time_ns end)
{
    for (unsigned int i = 0; i < nr_timers; i++)
        if (!is_away(timers[i]->cpu))
            end = min(end, timers[i]->expires);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        const struct vcpu *v = cpus[cpu].vcpu;
        if (now < cpus[cpu].still_until)
            end = min(end, cpus[cpu].still_until);
        else if (cpus[cpu].leaving)
            end = min(end, cpus[cpu].left_at);
        else if (!v->is_idle && life_of(v)->sleep)
            end = min(end, life_of(v)->on_cpu_since + life_of(v)->left);
    }
    for (unsigned int d = 0; d < nr_domains; d++)
        for (unsigned int i = 0; i < domains[d].max_vcpus; i++)
            if (lives[d][i].wakes_at)
                end = min(end, lives[d][i].wakes_at);
    return max(end, now);
}

static void fire_timers(void)
{
    for (unsigned int i = 0; i < nr_timers; i++) {
        struct timer *t = timers[i];
        if (t->expires > now || is_away(t->cpu))
            continue;
        timer_stop(t);
        on_cpu(t->cpu);
        t->fn(t->arg);
        i = ~0u;                        /* from the start: anything may have changed */
    }
}

static void do_events(void)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpus[cpu].leaving && cpus[cpu].left_at <= now)
            finish_switch(cpu);
    fire_timers();
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (!percpu_softirq_pending[cpu] && !is_away(cpu) && burst_is_over(cpus[cpu].vcpu))
            fall_asleep(cpu);
    for (unsigned int d = 0; d < nr_domains; d++)
        for (unsigned int i = 0; i < domains[d].max_vcpus; i++)
            if (lives[d][i].wakes_at && lives[d][i].wakes_at <= now)
                wake_up(vcpu_table[d][i]);
}

static void sim_run(time_ns duration)
{
    time_ns end = now + duration;

    for (;;) {
        settle_softirqs();
        check_all();
        if (now >= end)
            return;
        now = next_event(end);
        do_events();
    }
}

/* ---- Building it ----------------------------------------------------------------------------- */

static void new_idle_vcpu(unsigned int cpu)
{
    struct vcpu *v = calloc(1, sizeof(*v));

    v->domain = &idle_domain_struct;
    v->vcpu_id = v->processor = cpu;
    v->is_idle = true;
    idle_table[cpu] = cpus[cpu].vcpu = v;
    check(!sched_vcpu_init(v, cpu));
}

/* As its option says, with that many CPUs online. */
static void sim_start(const struct sched_policy *policy, unsigned int nr_cpus, uint64_t seed)
{
    chance = seed * 0x9e3779b97f4a7c15u + 1;
    now = NS_PER_S;
    cpu_count = nr_cpus;
    nr_domains = nr_timers = nr_switches = 0;
    memset(&cpu_online, 0, sizeof(cpu_online));
    memset(cpus, 0, sizeof(cpus));
    memset(lives, 0, sizeof(lives));
    memset(may_idle, 0, sizeof(may_idle));
    memset(percpu_runqueue, 0, sizeof(percpu_runqueue));
    memset(percpu_softirq_pending, 0, sizeof(percpu_softirq_pending));
    pool0 = (struct cpupool){ .policy = policy, .domains = LIST_HEAD_INIT(pool0.domains) };
    memset(&pool_none.idle, 0, sizeof(pool_none.idle));
    idle_domain = &idle_domain_struct;
    idle_domain->id = DOMID_IDLE;
    idle_domain->vcpu = idle_table;
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        new_idle_vcpu(cpu);
    on_cpu(0);
    sched_init();
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        bitmap_set(cpu_online.bits, cpu);
        on_cpu(cpu);
        sched_init_cpu(cpu);
    }
}

static struct domain *sim_domain(unsigned int nr_vcpus)
{
    struct domain *d = &domains[nr_domains];

    check(nr_domains < DOMAINS && nr_vcpus <= VCPUS);
    *d = (struct domain){ .id = (domid_t)nr_domains, .max_vcpus = nr_vcpus,
                          .vcpu = vcpu_table[nr_domains] };
    check(!sched_domain_init(d));
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        struct vcpu *v = calloc(1, sizeof(*v));
        v->domain = d;
        v->vcpu_id = i;
        v->info = &infos[nr_domains][i];
        v->pause_flags = 1u << VPF_DOWN;
        timer_init(&v->poll_timer, NULL, v, 0);
        check(!sched_vcpu_init(v, (unsigned int)below(cpu_count)));
        vcpu_table[nr_domains][i] = v;
    }
    nr_domains++;
    return d;
}

/* All its vcpus begin to live like that. */
static void sim_live(struct domain *d, time_ns burst, time_ns sleep)
{
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpu[i];
        *life_of(v) = (struct life){ .burst = burst, .sleep = sleep, .left = about(burst) };
        v->pause_flags = 0;
        on_cpu((unsigned int)below(cpu_count));
        vcpu_wake(v);
        begin_wait(v);
    }
}

static struct domain *sim_spinner(unsigned int nr_vcpus)
{
    struct domain *d = sim_domain(nr_vcpus);

    sim_live(d, NS_PER_S, 0);
    return d;
}

static void sim_end(void)
{
    for (unsigned int d = 0; d < nr_domains; d++) {
        on_cpu(0);
        atomic_add(&domains[d].pause_count, 1);
        for (unsigned int i = 0; i < domains[d].max_vcpus; i++)
            vcpu_sleep_nosync(vcpu_table[d][i]);
    }
    sim_run(switch_time + 1);
    for (unsigned int d = 0; d < nr_domains; d++) {
        for (unsigned int i = 0; i < domains[d].max_vcpus; i++) {
            sched_vcpu_free(vcpu_table[d][i]);
            free(vcpu_table[d][i]);
        }
        sched_domain_free(&domains[d]);
    }
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        free(idle_table[cpu]->sched);
        free(idle_table[cpu]);
    }
    nr_domains = 0;
}

/* ---- Setting and reading --------------------------------------------------------------------- */

static int sim_weight(struct domain *d, unsigned int weight, unsigned int cap)
{
    const struct sched_policy *policy = d->sched->pool->policy;
    struct xen_domctl op = { 0 };

    op.u.scheduler_op.sched_id = policy->id;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    if (policy == &sched_bvt)
        ((struct xen_domctl_sched_params *)&op.u)->u.bvt.weight = weight;
    else
        op.u.scheduler_op.u.credit =
            (struct xen_domctl_sched_credit){ (uint16_t)weight, (uint16_t)cap };
    may_idle[d->id] = cap != 0;
    on_cpu(0);
    return domctl_scheduler(d, &op);
}

static int sim_sedf(struct domain *d, time_ns period, time_ns slice, unsigned int weight,
                    bool extra)
{
    struct xen_domctl op = { 0 };
    struct xen_domctl_sched_params *p = (struct xen_domctl_sched_params *)&op.u;

    p->sched_id = XEN_SCHEDULER_SEDF;
    p->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    p->u.sedf = (struct xen_domctl_sched_sedf){
        .period = (uint64_t)period, .slice = (uint64_t)slice, .is_extra = extra, .weight = weight,
    };
    may_idle[d->id] = !extra;
    on_cpu(0);
    return domctl_scheduler(d, &op);
}

/* What it has run, up to now. */
static time_ns ran(const struct domain *d)
{
    time_ns sum = 0;

    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        const struct vcpu *v = d->vcpu[i];
        const struct life *l = life_of(v);
        sum += l->ran + (v->is_running && cpus[v->processor].vcpu == v ? now - l->on_cpu_since : 0);
    }
    return sum;
}

#endif
