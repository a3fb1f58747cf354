/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timer queue against a list that is searched in full: each timer fires once, on its CPU, at
 * or after its time and in order; the hardware is never armed later than the first of them, and
 * not touched when one is postponed or stopped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/lib/rbtree.c"
#include "xen/common/time/timer.c"

#define CPUS    2
#define TIMERS  40

unsigned long percpu_offset[MAX_CPUS];
DEFINE_PER_CPU(uint32_t, softirq_pending);
struct cpumask cpu_online = { .bits = { 3 } };
unsigned int cpu_count = CPUS;

static struct timer_queue second_queue;
static time_ns now, hardware[CPUS];
static unsigned int armings;
static uint32_t raised[CPUS];

unsigned long irq_save(void) { return 0; }
void irq_restore(unsigned long flags) { (void)flags; }
time_ns time_now(void) { return now; }
void softirq_set_handler(enum softirq nr, void (*handler)(void)) { (void)nr, (void)handler; }
void softirq_raise_on(unsigned int cpu, enum softirq nr) { raised[cpu] |= 1u << nr; }

bool arch_timer_arm(time_ns deadline)
{
    if (deadline <= now)
        return false;
    armings++;
    hardware[fake_cpu] = deadline;
    return true;
}

static struct timer timers[TIMERS];
static time_ns due[TIMERS];             /* the oracle: TIME_NEVER when not armed */
static unsigned int on_cpu[TIMERS];
static unsigned int fired;
static time_ns last_fired;

static void on_fire(void *arg)
{
    size_t i = (size_t)arg;
    assert_true(due[i] <= now);
    assert_true(due[i] >= last_fired);
    assert_int_equal(on_cpu[i], fake_cpu);
    last_fired = due[i];
    due[i] = TIME_NEVER;
    fired++;
}

/* Each CPU's own queue lies behind its offset; on the fake machine CPU 0's serves smp_cpu(). */
static struct timer_queue *queue_of(unsigned int cpu)
{
    return &per_cpu(timer_queue, cpu);
}

static int start(void **state)
{
    (void)state;
    percpu_timer_queue.tree = RB_ROOT;
    percpu_timer_queue.armed = TIME_NEVER;
    second_queue = percpu_timer_queue;
    percpu_offset[1] = (unsigned long)((char *)&second_queue - (char *)&percpu_timer_queue);
    now = 0;
    hardware[0] = hardware[1] = TIME_NEVER;
    for (size_t i = 0; i < TIMERS; i++) {
        timer_init(&timers[i], on_fire, (void *)i, 0);
        due[i] = TIME_NEVER;
        on_cpu[i] = 0;
    }
    return 0;
}

static time_ns first_due(void)
{
    time_ns first = TIME_NEVER;
    for (size_t i = 0; i < TIMERS; i++)
        first = min(first, on_cpu[i] == 0 ? due[i] : TIME_NEVER);
    return first;
}

static void hardware_fires(void)
{
    if (hardware[0] <= now) {
        hardware[0] = TIME_NEVER;
        timers_interrupt();
    }
    if (percpu_softirq_pending & (1u << SOFTIRQ_TIMER)) {
        percpu_softirq_pending = 0;
        last_fired = 0;
        timer_softirq();
    }
}

static void fires_in_order_and_on_time(void **state)
{
    (void)state;
    srand(1);
    for (unsigned int round = 0; round < 20000; round++) {
        size_t i = (size_t)rand() % TIMERS;
        switch (rand() % 4) {
        case 0:
        case 1:
            due[i] = now + rand() % 1000000 - 1000;
            timer_set(&timers[i], due[i]);
            break;
        case 2:
            due[i] = TIME_NEVER;
            timer_stop(&timers[i]);
            break;
        default:
            now += rand() % 200000;
            break;
        }
        assert_int_equal(timer_is_armed(&timers[i]), due[i] != TIME_NEVER);
        hardware_fires();
        time_ns first = first_due();
        assert_true(first > now - (time_ns)timer_slop);
        assert_true(first == TIME_NEVER || hardware[0] <= first + (time_ns)timer_slop);
        assert_int_equal(fake_locks_held, 0);
    }
    assert_true(fired > 1000);
}

static void postponing_touches_no_hardware(void **state)
{
    (void)state;
    timer_set(&timers[0], 1000000);
    unsigned int before = armings;
    for (time_ns t = 2000000; t < 3000000; t += 1000)
        timer_set(&timers[0], t);
    timer_stop(&timers[0]);
    assert_int_equal(armings, before);
    now = 1000000;
    hardware_fires();
    assert_int_equal(armings, before);
    assert_true(hardware[0] == TIME_NEVER);
}

static void the_past_fires_at_once(void **state)
{
    (void)state;
    now = 5000;
    due[3] = 10;
    timer_set(&timers[3], 10);
    unsigned int before = fired;
    hardware_fires();
    assert_int_equal(fired, before + 1);
    assert_true(queue_of(0)->armed == TIME_NEVER);
}

static void neighbours_within_the_slop_share_a_deadline(void **state)
{
    (void)state;
    now = 0;
    due[0] = 100000, due[1] = 100000 + timer_slop, due[2] = 100000 + 2 * timer_slop;
    for (size_t i = 0; i < 3; i++)
        timer_set(&timers[i], due[i]);
    timer_set(&timers[4], 1);
    due[4] = 1;
    now = 1;
    hardware_fires();
    assert_true(hardware[0] == due[1]);
}

static void moves_with_its_deadline(void **state)
{
    (void)state;
    raised[1] = 0;
    due[0] = 70000;
    timer_set(&timers[0], due[0]);
    timer_migrate(&timers[0], 1);
    assert_int_equal(timers[0].cpu, 1);
    assert_int_equal(raised[1], 1u << SOFTIRQ_TIMER);
    assert_null(rb_first(&queue_of(0)->tree));
    assert_ptr_equal(rb_first(&queue_of(1)->tree), &timers[0].node);
    timers_migrate_from(1);
    assert_int_equal(timers[0].cpu, 0);
    assert_null(rb_first(&queue_of(1)->tree));
    timer_stop(&timers[0]);
}

static void killed_stays_dead(void **state)
{
    (void)state;
    timer_set(&timers[0], 100);
    timer_kill(&timers[0]);
    timer_set(&timers[0], 200);
    assert_false(timer_is_armed(&timers[0]));
    assert_null(rb_first(&queue_of(0)->tree));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(postponing_touches_no_hardware, start),
        cmocka_unit_test_setup(the_past_fires_at_once, start),
        cmocka_unit_test_setup(moves_with_its_deadline, start),
        cmocka_unit_test_setup(killed_stays_dead, start),
        cmocka_unit_test_setup(neighbours_within_the_slop_share_a_deadline, start),
        cmocka_unit_test_setup(fires_in_order_and_on_time, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
