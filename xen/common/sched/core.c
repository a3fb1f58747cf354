/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which vcpu runs on which CPU.
 *
 * A vcpu is exactly one of: queued on its processor's queue (runnable, not running), running, or neither (not
 * runnable).  Lock: the queue lock of v->processor, interrupts off; v->processor itself changes only under the locks of
 * both queues or while v is neither.  is_running outlives the choice of a successor until the registers are saved; who
 * wakes it meanwhile leaves the queueing to sched_switched().
 */
#include <lib/string.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/console.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/softirq.h>

#include "policy.h"

DEFINE_PER_CPU(struct runqueue, runqueue);

static const struct sched_policy *const policies[] = { &sched_credit };
static const struct sched_policy *policy = &sched_credit;

static int parse_sched(const char *value)
{
    for (unsigned int i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        if (!strcmp(value, policies[i]->option)) {
            policy = policies[i];
            return 0;
        }
    return -EINVAL;
}
OPTION_CUSTOM(sched, "sched", parse_sched);

bool vcpu_runnable(const struct vcpu *v)
{
    return !(read_once(v->pause_flags) | read_once(v->pause_count) | read_once(v->domain->pause_count));
}

/* v->processor may change until its queue is locked. */
static struct runqueue *lock_queue(struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = read_once(v->processor);
        struct runqueue *rq = &per_cpu(runqueue, cpu);
        *flags = spin_lock_irqsave(&rq->lock);
        if (likely(cpu == v->processor))
            return rq;
        spin_unlock_irqrestore(&rq->lock, *flags);
    }
}

/* An idle CPU that v may use, preferring where it was; its own when none is. */
static unsigned int choose_cpu(const struct vcpu *v)
{
    unsigned int here = v->processor;

    if (affinity_allows(v, here) && per_cpu(runqueue, here).running->is_idle)
        return here;
    for_each_online_cpu(cpu)
        if (affinity_allows(v, cpu) && read_once(per_cpu(runqueue, cpu).running)->is_idle)
            return cpu;
    if (affinity_allows(v, here))
        return here;
    for_each_online_cpu(cpu)
        if (affinity_allows(v, cpu))
            return cpu;
    return here;
}

static void enqueue_and_tell(struct vcpu *v, struct runqueue *rq, bool woken)
{
    unsigned int cpu = v->processor;

    policy->enqueue(v->sched, cpu, woken);
    if (rq->running->is_idle || policy->preempts(v->sched, rq->running, cpu))
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    else if (!timer_is_armed(&rq->slice))
        timer_set(&rq->slice, time_now() + SCHED_SLICE);    /* who ran alone ran without limit */
}

void vcpu_wake(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = lock_queue(v, &flags);

    if (!vcpu_runnable(v) || v->sched->queued || v->is_running) {
        if (!v->sched->queued && !v->is_running && v->runstate.state == RUNSTATE_blocked &&
            !test_bit(VPF_BLOCKED, &v->pause_flags))
            runstate_change(v, RUNSTATE_offline, time_now());
        spin_unlock_irqrestore(&rq->lock, flags);
        return;
    }
    runstate_change(v, RUNSTATE_runnable, time_now());
    unsigned int cpu = choose_cpu(v);
    if (cpu != v->processor) {
        /* Neither queued nor running: it moves freely. */
        v->processor = cpu;
        spin_unlock(&rq->lock);
        rq = &per_cpu(runqueue, cpu);
        spin_lock(&rq->lock);
        if (cpu != v->processor || v->sched->queued || v->is_running || !vcpu_runnable(v)) {
            spin_unlock_irqrestore(&rq->lock, flags);
            return;
        }
    }
    enqueue_and_tell(v, rq, true);
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_unblock(struct vcpu *v)
{
    if (test_bit(VPF_BLOCKED, &v->pause_flags) && atomic_test_and_clear_bit(VPF_BLOCKED, &v->pause_flags))
        vcpu_wake(v);
}

void vcpu_block(void)
{
    struct vcpu *v = current;

    atomic_set_bit(VPF_BLOCKED, &v->pause_flags);
    /* Pairs with the sender, who sets pending before it looks at VPF_BLOCKED. */
    smp_mb();
    if (vcpu_event_pending(v)) {
        atomic_clear_bit(VPF_BLOCKED, &v->pause_flags);
        return;
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_yield(void)
{
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = lock_queue(v, &flags);

    if (!vcpu_runnable(v)) {
        if (v->sched->queued) {
            policy->dequeue(v->sched, v->processor);
            runstate_change(v, RUNSTATE_offline, time_now());
        }
        if (rq->running == v)
            softirq_raise_on(v->processor, SOFTIRQ_SCHEDULE);
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
        vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
    if (!atomic_sub_return(&d->pause_count, 1))
        for_each_vcpu(d, v)
            vcpu_wake(v);
}

/* Nothing to do here: perhaps another CPU has more than it can run. */
static struct vcpu *steal_work(unsigned int cpu)
{
    for_each_online_cpu(other) {
        struct runqueue *rq = &per_cpu(runqueue, other);
        if (other == cpu || read_once(rq->running)->is_idle || !spin_trylock(&rq->lock))
            continue;
        struct sched_unit *u = policy->steal(other, cpu);
        if (u)
            u->vcpu->processor = cpu;
        spin_unlock(&rq->lock);
        if (u)
            return u->vcpu;
    }
    return NULL;
}

static void schedule(void)
{
    struct runqueue *rq = &this_cpu(runqueue);
    struct vcpu *prev = current;
    unsigned int cpu = smp_cpu();

    arch_irq_disable();
    spin_lock(&rq->lock);
    time_ns now = time_now();
    if (!prev->is_idle) {
        policy->ran(prev->sched, cpu, prev->sched->start, now);
        if (vcpu_runnable(prev) && affinity_allows(prev, cpu))
            policy->enqueue(prev->sched, cpu, false);
    }
    struct sched_choice choice = policy->pick(cpu, now);
    if (!choice.next)
        choice = (struct sched_choice){ steal_work(cpu), 0 };
    struct vcpu *next = choice.next ? choice.next : rq->idle;

    rq->running = next;
    next->sched->start = now;
    if (choice.slice)
        timer_set(&rq->slice, now + choice.slice);
    else
        timer_stop(&rq->slice);
    if (next != prev) {
        if (prev->is_idle)
            runstate_change(prev, RUNSTATE_runnable, now);
        else
            runstate_change(prev, vcpu_runnable(prev) ? RUNSTATE_runnable
                                  : test_bit(VPF_BLOCKED, &prev->pause_flags) ? RUNSTATE_blocked : RUNSTATE_offline, now);
        runstate_change(next, RUNSTATE_running, now);
        next->is_running = true;
    }
    spin_unlock(&rq->lock);
    if (next == prev)
        return;
    if (!next->is_idle)
        sched_timers_follow(next);
    arch_switch_to(prev, next);
}

/* From arch_switch_to: prev's registers are saved, so it may run elsewhere. */
void sched_switched(struct vcpu *prev)
{
    store_release(&prev->is_running, false);
    smp_mb();
    if (!prev->is_idle && !read_once(prev->sched->queued) && vcpu_runnable(prev))
        vcpu_wake(prev);
}

static void slice_over(void *arg)
{
    softirq_raise(SOFTIRQ_SCHEDULE);
}

int sched_domain_init(struct domain *d)
{
    return 0;
}

void sched_domain_free(struct domain *d)
{
}

int sched_vcpu_init(struct vcpu *v, unsigned int cpu)
{
    struct sched_unit *u = new(struct sched_unit);
    if (!u)
        return -ENOMEM;
    u->vcpu = v;
    v->sched = u;
    v->processor = cpu;
    v->runstate.state = v->is_idle ? RUNSTATE_running : RUNSTATE_offline;
    v->runstate.state_entry_time = (uint64_t)time_now();
    if (v->is_idle)
        return 0;
    int rc = affinity_init(v, cpu);
    if (rc) {
        pool_free(u);
        return rc;
    }
    policy->vcpu_init(u);
    sched_timers_init(v);
    return 0;
}

void sched_vcpu_free(struct vcpu *v)
{
    sched_timers_kill(v);
    affinity_free(v);
    pool_free(v->sched);
}

void sched_init_cpu(unsigned int cpu)
{
    struct runqueue *rq = &per_cpu(runqueue, cpu);

    spin_lock_init(&rq->lock, LOCK_SCHED);
    rq->idle = rq->running = idle_domain->vcpu[cpu];
    rq->idle->is_running = true;
    timer_init(&rq->slice, slice_over, NULL, cpu);
    policy->init_cpu(cpu);
}

static void dump_key(unsigned char key)
{
    sched_dump();
}

void sched_init(void)
{
    softirq_set_handler(SOFTIRQ_SCHEDULE, schedule);
    key_register('r', dump_key, "dump run queues");
    log_always("Using scheduler: %s (%s)\n", policy->name, policy->option);
}

unsigned int sched_policy_id(void) { return policy->id; }

void sched_dump(void)
{
    log_always("Scheduler: %s (%s), now %ld ns\n", policy->name, policy->option, time_now());
    for_each_online_cpu(cpu) {
        struct runqueue *rq = &per_cpu(runqueue, cpu);
        unsigned long flags = spin_lock_irqsave(&rq->lock);
        const struct vcpu *v = rq->running;
        if (v->is_idle)
            log_always("CPU%u: idle\n", cpu);
        else
            log_always("CPU%u: runs d%uv%u\n", cpu, v->domain->id, v->vcpu_id);
        policy->dump(cpu);
        spin_unlock_irqrestore(&rq->lock, flags);
    }
}

void idle_loop(void)
{
    for (;;) {
        softirq_run();
        if (heap_scrub_idle())
            continue;
        arch_irq_disable();
        if (!this_cpu(softirq_pending))
            arch_idle();
        arch_irq_enable();
    }
}
