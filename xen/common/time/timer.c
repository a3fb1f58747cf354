/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One-shot timers: a queue per CPU, ordered by time, and one hardware deadline for its head.
 *
 * The hardware is only ever moved to an earlier deadline.  Stopping or postponing the head leaves
 * it as it is: the interrupt then finds nothing due and arms what is due next.  So the usual life
 * of a guest's timer, set and set again before it fires, touches no hardware.
 *
 *   idle --set--> queued --stop--> idle      queued --due--> idle, its function running
 *   any --kill--> killed, for good
 *
 * Lock: the queue's, which a timer names by its cpu; moving a timer takes both.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>
#include <xen/time.h>

enum { TIMER_IDLE, TIMER_QUEUED, TIMER_KILLED };

struct timer_queue {
    struct spinlock lock;
    struct rb_root tree;
    time_ns armed;                      /* what the hardware was set to; TIME_NEVER: it is silent */
    struct timer *running;              /* its function runs now; never dereferenced */
};

DEFINE_STATIC_PER_CPU(struct timer_queue, timer_queue) = {
    .lock = SPINLOCK_INIT(LOCK_TIMER),
    .armed = TIME_NEVER,
};

/* Timers that are due within this of the first one may be served together, then. */
static uint32_t timer_slop = 50000;
OPTION_UINT(timer_slop, "timer_slop", timer_slop);

static bool is_before(const struct rb_node *a, const struct rb_node *b)
{
    return rb_entry(a, struct timer, node)->expires < rb_entry(b, struct timer, node)->expires;
}

/* t->cpu may change until its queue is locked. */
static struct timer_queue *queue_lock(const struct timer *t, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = read_once(t->cpu);
        struct timer_queue *q = &per_cpu(timer_queue, cpu);
        *flags = spin_lock_irqsave(&q->lock);
        if (likely(cpu == t->cpu))
            return q;
        spin_unlock_irqrestore(&q->lock, *flags);
    }
}

static void enqueue(struct timer_queue *q, struct timer *t)
{
    rb_insert(&q->tree, &t->node, is_before);
    t->state = TIMER_QUEUED;
}

static void dequeue(struct timer_queue *q, struct timer *t)
{
    rb_erase(&q->tree, &t->node);
    t->state = TIMER_IDLE;
}

/* The head changed to t.  Its CPU looks for itself if it is another one, or if t is due already. */
static void arm_for(struct timer_queue *q, const struct timer *t)
{
    if (t->expires >= q->armed)
        return;
    if (t->cpu != smp_cpu())
        softirq_raise_on(t->cpu, SOFTIRQ_TIMER);
    else if (arch_timer_arm(t->expires))
        q->armed = t->expires;
    else
        softirq_raise(SOFTIRQ_TIMER);
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, unsigned int cpu)
{
    *t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu, .state = TIMER_IDLE };
}

/* Who takes a CPU offline empties its queue after that: what is set later belongs elsewhere. */
static struct timer_queue *queue_lock_live(struct timer *t, unsigned long *flags)
{
    for (;;) {
        struct timer_queue *q = queue_lock(t, flags);
        if (likely(t->cpu == smp_cpu() || cpu_is_online(t->cpu)))
            return q;
        spin_unlock_irqrestore(&q->lock, *flags);
        timer_migrate(t, smp_cpu());
    }
}

void timer_set(struct timer *t, time_ns expires)
{
    unsigned long flags;
    struct timer_queue *q = queue_lock_live(t, &flags);
    if (t->state == TIMER_QUEUED)
        dequeue(q, t);
    if (likely(t->state != TIMER_KILLED)) {
        t->expires = expires;
        enqueue(q, t);
        if (rb_first(&q->tree) == &t->node)
            arm_for(q, t);
    }
    spin_unlock_irqrestore(&q->lock, flags);
}

void timer_stop(struct timer *t)
{
    unsigned long flags;
    struct timer_queue *q = queue_lock(t, &flags);
    if (t->state == TIMER_QUEUED)
        dequeue(q, t);
    spin_unlock_irqrestore(&q->lock, flags);
}

void timer_kill(struct timer *t)
{
    unsigned long flags;
    struct timer_queue *q = queue_lock(t, &flags);
    if (t->state == TIMER_QUEUED)
        dequeue(q, t);
    t->state = TIMER_KILLED;
    spin_unlock_irqrestore(&q->lock, flags);

    /* It may have moved while its function runs: look everywhere. */
    for_each_online_cpu(cpu) {
        while (read_once(per_cpu(timer_queue, cpu).running) == t)
            cpu_relax();
    }
}

bool timer_is_armed(const struct timer *t)
{
    return read_once(t->state) == TIMER_QUEUED;
}

static void lock_pair(struct timer_queue *a, struct timer_queue *b)
{
    spin_lock(a < b ? &a->lock : &b->lock);
    spin_lock_nested(a < b ? &b->lock : &a->lock);
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
    struct timer_queue *to = &per_cpu(timer_queue, cpu);
    for (;;) {
        unsigned int old = read_once(t->cpu);
        if (old == cpu)
            return;
        struct timer_queue *from = &per_cpu(timer_queue, old);
        unsigned long flags = irq_save();
        lock_pair(from, to);
        bool is_ours = t->cpu == old;
        if (is_ours) {
            bool is_queued = t->state == TIMER_QUEUED;
            if (is_queued)
                dequeue(from, t);
            t->cpu = cpu;
            if (is_queued) {
                enqueue(to, t);
                if (rb_first(&to->tree) == &t->node)
                    arm_for(to, t);
            }
        }
        spin_unlock(&from->lock);
        spin_unlock(&to->lock);
        irq_restore(flags);
        if (is_ours)
            return;
    }
}

void timers_migrate_from(unsigned int cpu)
{
    struct timer_queue *q = &per_cpu(timer_queue, cpu);
    for (;;) {
        unsigned long flags = spin_lock_irqsave(&q->lock);
        struct rb_node *first = rb_first(&q->tree);
        spin_unlock_irqrestore(&q->lock, flags);
        if (first == NULL)
            return;
        timer_migrate(rb_entry(first, struct timer, node), smp_cpu());
    }
}

void timers_interrupt(void)
{
    this_cpu(timer_queue).armed = TIME_NEVER;
    softirq_raise(SOFTIRQ_TIMER);
}

/* When to look next: at the head, or at a neighbour that follows within the slop. */
static time_ns next_deadline(const struct timer_queue *q)
{
    const struct rb_node *node = rb_first(&q->tree);
    if (node == NULL)
        return TIME_NEVER;
    time_ns first = rb_entry(node, struct timer, node)->expires, deadline = first;
    for (unsigned int i = 0; i < 4 && (node = rb_next(node)) != NULL; i++) {
        time_ns expires = rb_entry(node, struct timer, node)->expires;
        if (expires - first > (time_ns)timer_slop)
            break;
        deadline = expires;
    }
    return deadline;
}

/* With the lock; drops it while a function runs. */
static void run_due(struct timer_queue *q)
{
    time_ns now = time_now();
    for (struct rb_node *node; (node = rb_first(&q->tree)) != NULL;) {
        struct timer *t = rb_entry(node, struct timer, node);
        if (t->expires > now)
            return;
        void (*fn)(void *arg) = t->fn;
        void *arg = t->arg;
        dequeue(q, t);
        write_once(q->running, t);
        spin_unlock_irq(&q->lock);
        fn(arg);
        spin_lock_irq(&q->lock);
        write_once(q->running, NULL);
    }
}

static void timer_softirq(void)
{
    struct timer_queue *q = &this_cpu(timer_queue);

    spin_lock_irq(&q->lock);
    for (;;) {
        run_due(q);
        time_ns deadline = next_deadline(q);
        if (deadline >= q->armed)
            break;
        if (arch_timer_arm(deadline)) {
            q->armed = deadline;
            break;
        }
    }
    spin_unlock_irq(&q->lock);
}

static void dump_queue(unsigned int cpu, time_ns now)
{
    struct timer_queue *q = &per_cpu(timer_queue, cpu);
    struct rb_node *node;

    unsigned long flags = spin_lock_irqsave(&q->lock);
    if (q->armed == TIME_NEVER)
        log_always("CPU%02u: not armed", cpu);
    else
        log_always("CPU%02u: armed for %ldus from now", cpu, (q->armed - now) / NS_PER_US);
    rb_for_each(node, &q->tree) {
        const struct timer *t = rb_entry(node, struct timer, node);
        log_always("  %p ex=%12ldus fn=%p arg=%p", (const void *)t, (t->expires - now) / NS_PER_US,
                   (void *)t->fn, t->arg);
    }
    spin_unlock_irqrestore(&q->lock, flags);
}

static void key_timers(unsigned char key)
{
    time_ns now = time_now();
    log_always("'%c' pressed -> dumping timer queues (now=%ldus)", key, now / NS_PER_US);
    for_each_online_cpu(cpu)
        dump_queue(cpu, now);
}

void timers_init(void)
{
    softirq_set_handler(SOFTIRQ_TIMER, timer_softirq);
    key_register('a', key_timers, "dump timer queues");
}
