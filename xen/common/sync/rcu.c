/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grace periods.  One runs at a time; it has a number (`running`) and a set of CPUs that have yet
 * to pass a quiescent state.  Starting one raises SOFTIRQ_RCU everywhere, and running that
 * softirq is the quiescent state: a CPU gets there only from its exit path, where it holds no
 * borrowed pointer.
 *
 * A CPU's callbacks are in two batches, in the order of arrival: `waiting` may run when period
 * `target` is over, `fresh` becomes `waiting` after that.  A batch waits for a period that starts
 * after it was closed.
 *
 * Lock: rcu_lock for the period; each CPU's batches belong to it, and are touched with interrupts
 * off.
 */
#include <xen/assert.h>
#include <xen/rcu.h>
#include <xen/smp.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

struct batch {
    struct rcu_head *first, **last;
};

struct rcu_cpu {
    struct batch fresh, waiting;
    uint64_t target;                    /* of `waiting` */
    uint64_t queued, finished;          /* callbacks, ever; rcu_barrier compares */
};

DEFINE_STATIC_PER_CPU(struct rcu_cpu, rcu_cpu);

static DEFINE_SPINLOCK(rcu_lock, LOCK_RCU);
static uint64_t running, completed;     /* equal: none is running */
static uint64_t wanted;                 /* highest period that somebody waits for */
static struct cpumask unquiet;          /* CPUs that the running period waits for */
static struct cpumask interested;       /* CPUs with a waiting batch */

static void batch_append(struct batch *b, struct rcu_head *first, struct rcu_head **last)
{
    if (b->first == NULL)
        b->last = &b->first;
    *b->last = first;
    b->last = last;
}

void rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
    head->fn = fn;
    head->next = NULL;
    unsigned long flags = irq_save();
    struct rcu_cpu *r = &this_cpu(rcu_cpu);
    batch_append(&r->fresh, head, &head->next);
    r->queued++;
    irq_restore(flags);
    softirq_raise(SOFTIRQ_RCU);
}

/* Both under rcu_lock. */
static void period_start(void)
{
    running = completed + 1;
    unquiet = cpu_online;
    for_each_online_cpu(cpu)
        softirq_raise_on(cpu, SOFTIRQ_RCU);
}

static void cpu_is_quiet(unsigned int cpu)
{
    if (running == completed || !bitmap_test_and_clear(unquiet.bits, cpu))
        return;
    if (!bitmap_is_empty(unquiet.bits, cpu_count))
        return;
    completed = running;
    for_each_online_cpu(other) {
        if (bitmap_test(interested.bits, other))
            softirq_raise_on(other, SOFTIRQ_RCU);
    }
    if (wanted > completed)
        period_start();
}

/* Returns the callbacks whose time has come, oldest first. */
static struct rcu_head *batches_advance(unsigned int cpu, struct rcu_cpu *r)
{
    struct rcu_head *ready = NULL;
    if (r->waiting.first != NULL && r->target <= completed) {
        ready = r->waiting.first;
        r->waiting.first = NULL;
        bitmap_clear(interested.bits, cpu);
    }
    if (r->waiting.first == NULL && r->fresh.first != NULL) {
        batch_append(&r->waiting, r->fresh.first, r->fresh.last);
        r->fresh.first = NULL;
        r->target = running + 1;
        wanted = r->target;
        bitmap_set(interested.bits, cpu);
    }
    if (running == completed && wanted > completed)
        period_start();
    return ready;
}

static void rcu_process(void)
{
    struct rcu_cpu *r = &this_cpu(rcu_cpu);
    unsigned int cpu = smp_cpu();

    unsigned long flags = spin_lock_irqsave(&rcu_lock);
    cpu_is_quiet(cpu);
    struct rcu_head *ready = batches_advance(cpu, r);
    spin_unlock_irqrestore(&rcu_lock, flags);

    while (ready != NULL) {
        struct rcu_head *head = ready;
        ready = head->next;
        head->fn(head);
        r->finished++;
    }
}

/* The caller holds no borrowed pointer, so that it may count as quiescent itself. */
void rcu_barrier(void)
{
    for_each_online_cpu(cpu) {
        uint64_t until = read_once(per_cpu(rcu_cpu, cpu).queued);
        while (read_once(per_cpu(rcu_cpu, cpu).finished) < until) {
            rcu_process();
            cpu_relax();
        }
    }
}

void rcu_offline_cpu(unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&rcu_lock);
    struct rcu_cpu *gone = &per_cpu(rcu_cpu, cpu), *r = &this_cpu(rcu_cpu);
    struct batch *from[] = { &gone->waiting, &gone->fresh };
    for (unsigned int i = 0; i < 2; i++) {
        if (from[i]->first != NULL) {
            batch_append(&r->fresh, from[i]->first, from[i]->last);
            from[i]->first = NULL;
        }
    }
    r->queued += gone->queued - gone->finished;
    gone->finished = gone->queued;
    bitmap_clear(interested.bits, cpu);
    cpu_is_quiet(cpu);
    spin_unlock_irqrestore(&rcu_lock, flags);
    softirq_raise(SOFTIRQ_RCU);
}

void rcu_init(void)
{
    softirq_set_handler(SOFTIRQ_RCU, rcu_process);
}
