/* SPDX-License-Identifier: GPL-2.0-only */
/* The credit policy: a queue per CPU, in three priorities, with time slices. */
#include <public/domctl.h>
#include <xen/printk.h>

#include "policy.h"

enum { PRIO_BOOST, PRIO_UNDER, PRIO_OVER, PRIOS };

struct credit_queue { struct list_head prio[PRIOS]; unsigned int count; };
DEFINE_STATIC_PER_CPU(struct credit_queue, queue);

static void credit_init_cpu(unsigned int cpu)
{
    for (unsigned int i = 0; i < PRIOS; i++)
        list_init(&per_cpu(queue, cpu).prio[i]);
}

static void credit_vcpu_init(struct sched_unit *u)
{
    u->prio = PRIO_UNDER;
}

static void credit_enqueue(struct sched_unit *u, unsigned int cpu, bool woken)
{
    struct credit_queue *q = &per_cpu(queue, cpu);

    u->prio = woken ? PRIO_BOOST : PRIO_UNDER;
    list_add_tail(&u->link, &q->prio[u->prio]);
    u->queued = true;
    q->count++;
}

static void credit_dequeue(struct sched_unit *u, unsigned int cpu)
{
    list_del(&u->link);
    u->queued = false;
    per_cpu(queue, cpu).count--;
}

static struct sched_choice credit_pick(unsigned int cpu, time_ns now)
{
    struct credit_queue *q = &per_cpu(queue, cpu);

    for (unsigned int i = 0; i < PRIOS; i++) {
        struct sched_unit *u;
        list_for_each_entry(u, &q->prio[i], link) {
            if (u->vcpu->is_running && u->vcpu != current)
                continue;               /* its registers are not saved yet elsewhere */
            credit_dequeue(u, cpu);
            return (struct sched_choice){ u->vcpu, q->count ? SCHED_SLICE : 0 };
        }
    }
    return (struct sched_choice){ NULL, 0 };
}

static void credit_ran(struct sched_unit *u, unsigned int cpu, time_ns from, time_ns to)
{
    u->credit -= (int)((to - from) / NS_PER_US);
}

static bool credit_preempts(const struct sched_unit *u, const struct vcpu *running, unsigned int cpu)
{
    return u->prio < running->sched->prio || (u->prio == PRIO_BOOST && running->sched->prio != PRIO_BOOST);
}

static struct sched_unit *credit_steal(unsigned int from, unsigned int cpu)
{
    struct credit_queue *q = &per_cpu(queue, from);

    for (unsigned int i = 0; i < PRIOS; i++) {
        struct sched_unit *u;
        list_for_each_entry(u, &q->prio[i], link)
            if (!u->vcpu->is_running && affinity_allows(u->vcpu, cpu)) {
                credit_dequeue(u, from);
                return u;
            }
    }
    return NULL;
}

static void credit_dump(unsigned int cpu)
{
    for (unsigned int i = 0; i < PRIOS; i++) {
        struct sched_unit *u;
        list_for_each_entry(u, &per_cpu(queue, cpu).prio[i], link)
            log_always("    d%uv%u prio %u\n", u->vcpu->domain->id, u->vcpu->vcpu_id, i);
    }
}

const struct sched_policy sched_credit = {
    .name = "SMP Credit Scheduler", .option = "credit", .id = XEN_SCHEDULER_CREDIT,
    .init_cpu = credit_init_cpu, .vcpu_init = credit_vcpu_init, .enqueue = credit_enqueue, .dequeue = credit_dequeue,
    .pick = credit_pick, .ran = credit_ran, .preempts = credit_preempts, .steal = credit_steal, .dump = credit_dump,
};
