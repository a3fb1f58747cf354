/* SPDX-License-Identifier: GPL-2.0-only */
/* A vcpu's own timers, which end in VIRQ_TIMER: one shot, and the old periodic tick.  They follow
 * it between CPUs. */
#include "policy.h"

static void singleshot_fired(void *arg)
{
    event_send_virq(arg, VIRQ_TIMER);
}

static void periodic_fired(void *arg)
{
    struct vcpu *v = arg;
    /* Once: another vcpu may be stopping it. */
    time_ns now = time_now(), period = read_once(v->period);

    event_send_virq(v, VIRQ_TIMER);
    if (!period)
        return;
    /* Ticks that were missed are not made up for: the guest looks at the clock. */
    time_ns behind = now - v->periodic_last;
    v->periodic_last += behind - behind % period;
    timer_set(&v->periodic, v->periodic_last + period);
}

void sched_timers_init(struct vcpu *v)
{
    timer_init(&v->singleshot, singleshot_fired, v, v->processor);
    timer_init(&v->periodic, periodic_fired, v, v->processor);
}

void sched_timers_kill(struct vcpu *v)
{
    if (v->is_idle)
        return;
    timer_kill(&v->singleshot);
    timer_kill(&v->periodic);
}

void sched_timers_follow(struct vcpu *v)
{
    if (v->singleshot.cpu != v->processor)
        timer_migrate(&v->singleshot, v->processor);
    if (v->periodic.cpu != v->processor)
        timer_migrate(&v->periodic, v->processor);
    if (v->poll_timer.cpu != v->processor)
        timer_migrate(&v->poll_timer, v->processor);
}

int sched_set_timer(struct vcpu *v, time_ns deadline)
{
    if (deadline <= 0)
        timer_stop(&v->singleshot);
    else
        timer_set(&v->singleshot, deadline);
    return 0;
}

void sched_periodic_timer_set(struct vcpu *v, time_ns period)
{
    timer_stop(&v->periodic);
    write_once(v->period, period);
    v->periodic_last = time_now();
    if (period)
        timer_set(&v->periodic, v->periodic_last + period);
}
