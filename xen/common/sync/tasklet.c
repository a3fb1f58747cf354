/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasklets: functions that run once, soon, on a chosen CPU, with interrupts on.
 *
 *   idle --schedule--> scheduled --(its turn)--> running --> idle
 *   running and scheduled again --(fn returns)--> scheduled
 *
 * Lock: one for all queues; tasklets are rare.
 */
#include <xen/assert.h>
#include <xen/smp.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

#include "private.h"

static DEFINE_SPINLOCK(tasklet_lock, LOCK_TASKLET);
DEFINE_STATIC_PER_CPU(struct list_head, tasklets);      /* NULL links until first used */

void tasklet_init(struct tasklet *t, void (*fn)(void *arg), void *arg)
{
    *t = (struct tasklet){ .fn = fn, .arg = arg };
    list_init(&t->link);
}

static void enqueue(struct tasklet *t)
{
    struct list_head *queue = &per_cpu(tasklets, t->cpu);
    if (queue->next == NULL)
        list_init(queue);
    list_add_tail(&t->link, queue);
}

void tasklet_schedule_on(struct tasklet *t, unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&tasklet_lock);
    bool is_new = !t->scheduled;
    if (is_new) {
        t->scheduled = true;
        t->cpu = cpu;
        if (!t->running)
            enqueue(t);
    }
    spin_unlock_irqrestore(&tasklet_lock, flags);
    if (is_new)
        softirq_raise_on(cpu, SOFTIRQ_TASKLET);
}

void tasklet_schedule(struct tasklet *t)
{
    tasklet_schedule_on(t, smp_cpu());
}

/* One at a time: the rest waits for the other softirqs to have their turn. */
void tasklet_run_one(void)
{
    struct list_head *queue = &this_cpu(tasklets);
    unsigned long flags = spin_lock_irqsave(&tasklet_lock);
    if (queue->next == NULL || list_empty(queue)) {
        spin_unlock_irqrestore(&tasklet_lock, flags);
        return;
    }
    struct tasklet *t = list_first_entry(queue, struct tasklet, link);
    list_del_init(&t->link);
    t->scheduled = false;
    t->running = true;
    if (!list_empty(queue))
        softirq_raise(SOFTIRQ_TASKLET);
    spin_unlock_irqrestore(&tasklet_lock, flags);

    t->fn(t->arg);

    flags = spin_lock_irqsave(&tasklet_lock);
    t->running = false;
    bool is_again = t->scheduled;
    unsigned int cpu = t->cpu;
    if (is_again)
        enqueue(t);
    spin_unlock_irqrestore(&tasklet_lock, flags);
    if (is_again)
        softirq_raise_on(cpu, SOFTIRQ_TASKLET);
}

void tasklet_kill(struct tasklet *t)
{
    for (;;) {
        unsigned long flags = spin_lock_irqsave(&tasklet_lock);
        if (t->scheduled && !t->running)
            list_del_init(&t->link);
        t->scheduled = false;
        bool is_running = t->running;
        spin_unlock_irqrestore(&tasklet_lock, flags);
        if (!is_running)
            return;
        cpu_relax();
    }
}
