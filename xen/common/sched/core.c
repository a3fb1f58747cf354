/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which vcpu runs on which CPU.
 *
 * A vcpu that could run is exactly one of: queued on its processor's queue; running; or in
 * somebody's hands, which means neither, for a moment.  Who sees a runnable vcpu that is neither,
 * under the lock of its processor's queue, queues it. is_running outlives the choice of a
 * successor until the registers are saved; who wakes the vcpu meanwhile leaves the queueing to
 * sched_switched().
 *
 * Lock: the queue of v->processor, interrupts off; no two are ever waited for at once.
 * v->processor changes only while v is in somebody's hands, under the lock of the queue it leaves,
 * or under both (balance.c).
 */
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/heap.h>
#include <xen/perf.h>
#include <xen/softirq.h>
#include <xen/trace.h>

#include "policy.h"

/* How often a CPU looks for a better place for those that wait on it. */
#define BALANCE_INTERVAL (2 * NS_PER_MS)

DEFINE_PER_CPU(struct runqueue, runqueue);

bool vcpu_runnable(const struct vcpu *v)
{
    return !(read_once(v->pause_flags) | read_once(v->pause_count) |
             read_once(v->domain->pause_count));
}

struct runqueue *sched_lock(const struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = read_once(v->processor);
        struct runqueue *rq = &per_cpu(runqueue, cpu);
        *flags = spin_lock_irqsave(&rq->lock);
        if (likely(cpu == read_once(v->processor)))
            return rq;
        spin_unlock_irqrestore(&rq->lock, *flags);
    }
}

static const struct sched_policy *policy_of(const struct sched_unit *u)
{
    return u->domain->pool->policy;
}

/* What a vcpu that does not run is, for its runstate. */
static int state_of(const struct vcpu *v)
{
    return vcpu_runnable(v) ? RUNSTATE_runnable
           : test_bit(VPF_BLOCKED, &v->pause_flags) ? RUNSTATE_blocked : RUNSTATE_offline;
}

/* ---- A queue's members ----------------------------------------------------------------------- */

/* The bit comes before the look at who idles: an idle CPU's comes before its look at who waits. */
static void count_in(struct runqueue *rq, unsigned int cpu)
{
    rq->nr_waiting++;
    if (pool_is_smp(rq->pool) && !test_bit(cpu, rq->pool->waiting.bits))
        atomic_set_bit(cpu, rq->pool->waiting.bits);
}

static void count_out(struct runqueue *rq, unsigned int cpu)
{
    assert(rq->nr_waiting > 0);
    if (--rq->nr_waiting == 0 && test_bit(cpu, rq->pool->waiting.bits))
        atomic_clear_bit(cpu, rq->pool->waiting.bits);
}

/* The best of them, for other CPUs to see. */
static struct sched_unit *publish_best(struct runqueue *rq, unsigned int cpu)
{
    const struct sched_policy *policy = rq->pool->policy;
    struct sched_unit *best = rq->nr_waiting ? policy->best(cpu) : NULL;

    write_once(rq->waiting_key, best ? policy->key(best, 0) : KEY_NONE);
    return best;
}

static void charge(struct sched_unit *u, unsigned int cpu, time_ns now)
{
    policy_of(u)->ran(u, cpu, now - u->since, now);
    u->since = now;
}

void sched_parked(unsigned int cpu) { count_out(&per_cpu(runqueue, cpu), cpu); }
void sched_unparked(unsigned int cpu) { count_in(&per_cpu(runqueue, cpu), cpu); }

static void queue_in(struct runqueue *rq, struct sched_unit *u, enum sched_why why, time_ns now)
{
    unsigned int cpu = u->vcpu->processor;

    assert(!u->queued);
    count_in(rq, cpu);
    policy_of(u)->enqueue(u, cpu, why, now);
    u->queued = true;
}

/* The policy has let go of it. */
static void queue_left(struct runqueue *rq, struct sched_unit *u)
{
    assert(u->queued);
    u->queued = false;
    count_out(rq, u->vcpu->processor);
}

/* The timer is only ever moved to an earlier time: who comes too early finds nothing to change. */
static void slice_within(struct runqueue *rq, time_ns end)
{
    if (end != TIME_NEVER && (!timer_is_armed(&rq->slice) || rq->slice.expires > end))
        timer_set(&rq->slice, end);
}

/* ---- Waking ---------------------------------------------------------------------------------- */

/* Have somebody's schedule() look at what now waits on cpu. */
static void tell(struct runqueue *rq, struct sched_unit *u, time_ns now)
{
    unsigned int cpu = u->vcpu->processor;
    const struct vcpu *running = rq->running;

    if (pool_is_smp(rq->pool))
        publish_best(rq, cpu);
    /* One of another pool is on its way out. */
    if (running->is_idle || unlikely(running->sched->domain->pool != rq->pool)) {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
        return;
    }
    time_ns at = policy_of(u)->preempts(u, running->sched, cpu, now);
    if (at <= now)
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    else
        slice_within(rq, at);
    if (!pool_is_smp(rq->pool))
        return;
    if (!balance_tell_idle(u) && at > now)
        balance_push(rq, cpu, u, now);
}

/*
 * v is in our hands and its queue locked: it waits where it does best.  The choice is made again
 * under the lock of the queue chosen, since anything may have changed; but only for one that left
 * the pool more than a few times. Returns the queue that is locked now.
 */
static struct runqueue *settle(struct vcpu *v, struct runqueue *rq, enum sched_why why, time_ns now)
{
    const struct cpupool *pool = v->sched->domain->pool;

    for (unsigned int tries = 0; tries < 4 || !test_bit(v->processor, pool->cpus.bits); tries++) {
        unsigned int cpu = cpu_choose(v, rq);
        if (likely(cpu == v->processor))
            break;
        write_once(v->processor, cpu);
        spin_unlock(&rq->lock);
        rq = &per_cpu(runqueue, cpu);
        spin_lock(&rq->lock);
        /* Without a lock it was anybody's, whose care it is now. */
        if (v->processor != cpu || v->sched->queued || v->is_running)
            return rq;
        if (!vcpu_runnable(v)) {
            runstate_change(v, state_of(v), now);
            return rq;
        }
    }
    queue_in(rq, v->sched, why, now);
    tell(rq, v->sched, now);
    return rq;
}

void vcpu_wake(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = sched_lock(v, &flags);

    if (likely(!v->sched->queued && !read_once(v->is_running))) {
        time_ns now = time_now();
        int state = state_of(v);
        trace_vcpu(TRC_SCHED_WAKE, v);
        perf_count(PERF_WAKE);
        runstate_change(v, state, now);
        if (likely(state == RUNSTATE_runnable))
            rq = settle(v, rq, SCHED_WOKEN, now);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_unblock(struct vcpu *v)
{
    if (!test_bit(VPF_BLOCKED, &v->pause_flags) ||
        !atomic_test_and_clear_bit(VPF_BLOCKED, &v->pause_flags))
        return;
    /* Whatever woke it ended its polling. */
    if (unlikely(read_once(v->poll_port)))
        event_poll_end(v);
    vcpu_wake(v);
}

void vcpu_block(void)
{
    struct vcpu *v = current;

    /* A full barrier; pairs with the sender, who sets pending before it looks at VPF_BLOCKED. */
    atomic_set_bit(VPF_BLOCKED, &v->pause_flags);
    if (vcpu_event_pending(v)) {
        atomic_clear_bit(VPF_BLOCKED, &v->pause_flags);
        return;
    }
    trace_vcpu(TRC_SCHED_BLOCK, v);
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_yield(void)
{
    trace_vcpu(TRC_SCHED_YIELD, current);
    if (!read_once(this_cpu(runqueue).nr_waiting))
        return;
    current->sched->has_yielded = true;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

/* ---- Sleeping -------------------------------------------------------------------------------- */

void vcpu_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = sched_lock(v, &flags);

    trace_vcpu(TRC_SCHED_SLEEP, v);
    if (likely(!vcpu_runnable(v))) {
        if (v->sched->queued) {
            policy_of(v->sched)->dequeue(v->sched, v->processor);
            queue_left(rq, v->sched);
            runstate_change(v, state_of(v), time_now());
        } else if (rq->running == v) {
            softirq_raise_on(v->processor, SOFTIRQ_SCHEDULE);
        } else if (!v->is_running) {
            runstate_change(v, state_of(v), time_now());
        }
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_sleep_sync(struct vcpu *v)
{
    assert(v != current);
    vcpu_sleep_nosync(v);
    while (!vcpu_runnable(v) && read_once(v->is_running))
        cpu_relax();
    smp_rmb();
}

void vcpu_pause_nosync(struct vcpu *v)
{
    atomic_add(&v->pause_count, 1);
    vcpu_sleep_nosync(v);
}

void vcpu_pause(struct vcpu *v)
{
    atomic_add(&v->pause_count, 1);
    vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
    if (!atomic_sub_return(&v->pause_count, 1))
        vcpu_wake(v);
}

void domain_pause_nosync(struct domain *d)
{
    atomic_add(&d->pause_count, 1);
    for_each_vcpu(d, v)
        vcpu_sleep_nosync(v);
}

void domain_pause(struct domain *d)
{
    assert(d != current->domain);
    atomic_add(&d->pause_count, 1);
    for_each_vcpu(d, v)
        vcpu_sleep_nosync(v);
    for_each_vcpu(d, v)
        vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
    if (!atomic_sub_return(&d->pause_count, 1))
        for_each_vcpu(d, v)
            vcpu_wake(v);
}

/* It waits somewhere else.  One whose registers are not saved yet is settled when they are. */
static struct runqueue *take_away(struct runqueue *rq, struct sched_unit *u)
{
    struct vcpu *v = u->vcpu;

    policy_of(u)->dequeue(u, v->processor);
    queue_left(rq, u);
    /* Pairs with sched_switched(), which looks at queued after it changed is_running. */
    smp_mb();
    return read_once(v->is_running) ? rq : settle(v, rq, SCHED_MOVED, time_now());
}

void sched_displace(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = sched_lock(v, &flags);
    struct sched_unit *u = v->sched;

    if (u->queued && !affinity_allows(v, v->processor))
        rq = take_away(rq, u);
    else if (rq->running == v)
        softirq_raise_on(v->processor, SOFTIRQ_SCHEDULE);
    spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_rethink(const struct cpumask *cpus)
{
    for_each_cpu_of(cpu, cpus)
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
}

void sched_change_pool(unsigned int cpu, struct cpupool *from, struct cpupool *to)
{
    struct runqueue *rq = &per_cpu(runqueue, cpu);

    for (;;) {
        unsigned long flags = spin_lock_irqsave(&rq->lock);
        struct sched_unit *u = from->policy->any(cpu);
        if (!u) {
            rq->pool = to;
            rq->waiting_key = KEY_NONE;
            atomic_clear_bit(cpu, from->idle.bits);
            spin_unlock_irqrestore(&rq->lock, flags);
            break;
        }
        struct runqueue *locked = take_away(rq, u);
        spin_unlock_irqrestore(&locked->lock, flags);
    }
    softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
}

void sched_charge_running(const struct cpupool *p)
{
    for_each_cpu_of(cpu, &p->cpus) {
        struct runqueue *rq = &per_cpu(runqueue, cpu);
        unsigned long flags = spin_lock_irqsave(&rq->lock);
        const struct vcpu *v = rq->running;
        if (!v->is_idle && v->sched->domain->pool == p)
            charge(v->sched, cpu, time_now());
        spin_unlock_irqrestore(&rq->lock, flags);
    }
}

/* ---- Switching ------------------------------------------------------------------------------- */

/* What ran is paid for, and waits if it wants to go on. */
static void retire(struct runqueue *rq, struct vcpu *prev, unsigned int cpu, time_ns now)
{
    struct sched_unit *u = prev->sched;

    charge(u, cpu, now);
    if (vcpu_runnable(prev) && affinity_allows(prev, cpu))
        queue_in(rq, u, SCHED_PREEMPTED, now);
}

static struct sched_choice choose(struct runqueue *rq, unsigned int cpu, time_ns now)
{
    const struct sched_policy *policy = rq->pool->policy;

    if (!pool_is_smp(rq->pool))
        return policy->pick(cpu, now);

    struct sched_unit *best = rq->nr_waiting ? policy->best(cpu) : NULL, *found = NULL;
    if (best)
        found = balance_pull(rq, cpu, policy->key(best, 0));
    if (found)
        queue_in(rq, found, SCHED_MOVED, now);
    struct sched_choice choice = policy->pick(cpu, now);
    if (choice.next)
        return choice;
    /* Who begins to wait looks for idle CPUs after he can be seen: one of us sees the other. */
    if (!test_bit(cpu, rq->pool->idle.bits))
        atomic_set_bit(cpu, rq->pool->idle.bits);
    found = balance_pull(rq, cpu, KEY_NONE);
    if (!found)
        return choice;
    queue_in(rq, found, SCHED_MOVED, now);
    return policy->pick(cpu, now);
}

static void change_runstates(struct vcpu *prev, struct vcpu *next, time_ns now)
{
    runstate_change(prev, prev->is_idle ? RUNSTATE_runnable : state_of(prev), now);
    runstate_change(next, RUNSTATE_running, now);
}

/* Others learn what this CPU does now.  One that was idle may have been told to come for somebody
 * else than whom it took. */
static void announce(struct runqueue *rq, unsigned int cpu, bool was_idle, time_ns now)
{
    struct cpupool *pool = rq->pool;

    if (!rq->running->is_idle) {
        if (test_bit(cpu, pool->idle.bits))
            atomic_clear_bit(cpu, pool->idle.bits);
        if (was_idle)
            balance_tell_another(rq, cpu);
    }
    const struct sched_unit *best = publish_best(rq, cpu);
    if (best && !balance_tell_idle(best) && now - rq->balanced > BALANCE_INTERVAL) {
        rq->balanced = now;
        balance_push(rq, cpu, best, now);
    }
}

/* Before the runstates change, which tell how long each was what it was. */
static void trace_choice(const struct vcpu *prev, const struct vcpu *next, time_ns slice,
                         time_ns now)
{
    uint32_t was = (uint32_t)(now - (time_ns)prev->runstate.state_entry_time);

    if (prev == next) {
        trace_put_runstate_kept(next);
        trace_4(TRC_SCHED_SWITCH_INFCONT, next->domain->id, next->vcpu_id, was, (uint32_t)slice);
        return;
    }
    uint32_t waited = next->runstate.state == RUNSTATE_runnable
                          ? (uint32_t)(now - (time_ns)next->runstate.state_entry_time) : 0;
    trace_3(TRC_SCHED_SWITCH_INFPREV, prev->domain->id, prev->vcpu_id, was);
    trace_4(TRC_SCHED_SWITCH_INFNEXT, next->domain->id, next->vcpu_id, waited, (uint32_t)slice);
    trace_4(TRC_SCHED_SWITCH, prev->domain->id, prev->vcpu_id, next->domain->id, next->vcpu_id);
}

static void schedule(void)
{
    struct runqueue *rq = &this_cpu(runqueue);
    struct vcpu *prev = current;
    unsigned int cpu = smp_cpu();

    irq_disable();
    spin_lock(&rq->lock);
    time_ns now = time_now();
    if (!prev->is_idle)
        retire(rq, prev, cpu, now);
    struct sched_choice choice = choose(rq, cpu, now);
    struct vcpu *next = rq->idle;
    if (choice.next) {
        next = choice.next->vcpu;
        queue_left(rq, choice.next);
        choice.next->since = now;
    }
    perf_count(PERF_SCHEDULE);
    if (trace_enabled())
        trace_choice(prev, next, choice.slice, now);
    rq->running = next;
    if (choice.slice)
        slice_within(rq, now + choice.slice);
    if (!prev->is_idle)
        prev->sched->has_yielded = false;
    if (next != prev) {
        assert(!next->is_running);
        next->sched->began = now;
        change_runstates(prev, next, now);
        next->is_running = true;
        perf_count(PERF_SWITCH);
    }
    if (pool_is_smp(rq->pool))
        announce(rq, cpu, prev->is_idle, now);
    spin_unlock(&rq->lock);
    if (next == prev) {
        irq_enable();
        return;
    }
    if (!next->is_idle)
        sched_timers_follow(next);
    arch_switch_to(prev, next);
}

/* From arch_switch_to: prev's registers are saved, so it may run elsewhere. */
void sched_switched(struct vcpu *prev)
{
    store_release(&prev->is_running, false);
    if (prev->is_idle)
        return;
    /* Pairs with vcpu_wake(), which makes it runnable before it looks at is_running. */
    smp_mb();
    const struct sched_unit *u = prev->sched;
    if (read_once(u->queued)) {
        /* Until now no idle CPU could take it. */
        if (pool_is_smp(u->domain->pool))
            balance_tell_idle(u);
    } else if (vcpu_runnable(prev)) {
        vcpu_wake(prev);
    }
}

static void slice_over(void *arg)
{
    softirq_raise(SOFTIRQ_SCHEDULE);
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

int sched_domain_init(struct domain *d)
{
    if (d->id >= DOMID_FIRST_RESERVED)
        return 0;
    struct sched_domain *sd = new(struct sched_domain);
    if (!sd)
        return -ENOMEM;
    sd->d = d;
    d->sched = sd;
    cpupool_add_domain(&pool0, sd);
    return 0;
}

void sched_domain_free(struct domain *d)
{
    if (!d->sched)
        return;
    cpupool_remove_domain(d->sched);
    pool_free(d->sched);
    d->sched = NULL;
}

int sched_vcpu_init(struct vcpu *v, unsigned int cpu)
{
    struct sched_unit *u = new(struct sched_unit);
    if (!u)
        return -ENOMEM;
    u->vcpu = v;
    u->domain = v->domain->sched;
    v->sched = u;
    v->processor = cpu;
    v->runstate.state = v->is_idle ? RUNSTATE_running : RUNSTATE_offline;
    v->runstate.state_entry_time = (uint64_t)time_now();
    if (v->is_idle)
        return 0;
    int rc = affinity_init(v, cpu);
    if (rc) {
        pool_free(u);
        v->sched = NULL;
        return rc;
    }
    policy_of(u)->unit_init(u);
    sched_timers_init(v);
    return 0;
}

void sched_vcpu_free(struct vcpu *v)
{
    assert(!v->sched->queued);
    sched_timers_kill(v);
    affinity_free(v);
    pool_free(v->sched);
    v->sched = NULL;
}

void sched_init_cpu(unsigned int cpu)
{
    struct runqueue *rq = &per_cpu(runqueue, cpu);

    spin_lock_init(&rq->lock, LOCK_SCHED);
    rq->idle = rq->running = idle_domain->vcpu[cpu];
    rq->idle->is_running = true;
    rq->pool = &pool_none;
    rq->waiting_key = KEY_NONE;
    timer_init(&rq->slice, slice_over, NULL, cpu);
    placement_init_cpu(cpu);
    cpupool_first_cpu(cpu);
}

void sched_cpu_parked(unsigned int cpu)
{
    timer_stop(&per_cpu(runqueue, cpu).slice);
}

void sched_init(void)
{
    softirq_set_handler(SOFTIRQ_SCHEDULE, schedule);
    cpupools_init();
}

void idle_loop(void)
{
    for (;;) {
        softirq_run();
        irq_enable();                   /* erasing takes its time, and may flush TLBs elsewhere */
        /* Who is in no pool may be wanted offline at any moment. */
        if (this_cpu(runqueue).pool != &pool_none && heap_scrub_idle())
            continue;
        irq_disable();
        if (!this_cpu(softirq_pending))
            arch_idle();
        irq_enable();
    }
}
