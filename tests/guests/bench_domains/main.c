/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What costs grow by with the number of domains: bench/sched runs this under icount, where a TSC
 * tick is an instruction, with 1, 10 and 100 tiny domains beside domain 0 on one CPU.  Each of them
 * sleeps, with a timer that wakes it every 20 ms.  As a test it makes ten.
 *
 * Rows, in ticks, medians: "schedule_N" a yield when all others sleep; "send_N" an event to a port
 * of its own; "send_other_N" one to another domain; "timer_N" a timer set, to fire after those of
 * half the others; "wake_N" what domain 0 loses when a timer of another fires: that one is woken,
 * runs, sets its timer, sleeps, and we run again.
 *
 * slow: yes
 * seconds: 120
 */
#include "../lib/domain.h"

#define PERIOD (20 * MS)
#define SAMPLES 101
#define BATCH 10

static struct child child;              /* the newest */
static evtchn_port_t own_port, other_port;

/* ---- As one of many -------------------------------------------------------------------------- */

static void sleep_and_wake(void)
{
    event_unmask(event_bind_virq(VIRQ_TIMER, 0));
    /* Each at a time of its own, so that two do not wake together. */
    for (uint64_t next = time_now() / PERIOD * PERIOD + child_id * PERIOD / 101;;) {
        next += PERIOD;
        set_timer_op(next);
        sched_op(SCHEDOP_block, NULL);
    }
}

/* ---- As domain 0 ----------------------------------------------------------------------------- */

static uint64_t samples[SAMPLES];

static uint64_t median(void)
{
    for (unsigned int i = 1; i < SAMPLES; i++)
        for (unsigned int k = i; k > 0 && samples[k] < samples[k - 1]; k--) {
            uint64_t smaller = samples[k];

            samples[k] = samples[k - 1];
            samples[k - 1] = smaller;
        }
    return samples[SAMPLES / 2];
}

static void yield(void)
{
    sched_op(SCHEDOP_yield, NULL);
}

static void send(void)
{
    event_send(own_port);
}

static void send_other(void)
{
    event_send(other_port);
}

static void set_timer(void)
{
    set_timer_op(time_now() + PERIOD / 2);
}

static const struct {
    const char *name;
    void (*run)(void);
} operations[] = {
    { "schedule", yield }, { "send", send }, { "send_other", send_other }, { "timer", set_timer },
};

static void row(const char *name, unsigned int domains)
{
    uint64_t value = median();

    EXPECT(value > 0);
    printf("ROW %s_%u %lu\n", name, domains, value);
}

static void measure(void (*run)(void))
{
    for (unsigned int i = 0; i < SAMPLES; i++) {
        uint64_t start = rdtsc();

        for (unsigned int k = 0; k < BATCH; k++)
            run();
        samples[i] = (rdtsc() - start) / BATCH;
    }
}

/* We spin; whenever more time passes between two looks than these take, another has run. */
static void measure_wakes(void)
{
    uint64_t before = rdtsc();

    for (unsigned int found = 0; found < SAMPLES;) {
        uint64_t now = rdtsc();

        if (now - before > 500)
            samples[found++] = now - before;
        before = now;
    }
}

static void measure_all(unsigned int domains)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
        measure(operations[i].run);
        row(operations[i].name, domains);
    }
    set_timer_op(0);
    measure_wakes();
    row("wake", domains);
}

static void add_domain(void)
{
    child_create(&child, 1);
    if (!other_port)
        other_port = event_bind_interdomain(child.id, event_alloc_unbound(child.id, DOMID_SELF));
    child_start(&child, sleep_and_wake);
}

TEST("bench_domains")
{
    unsigned int most = told("guest=many") ? 100 : 10;

    own_port = event_bind_ipi(0);
    for (unsigned int n = 1; n <= most; n++) {
        add_domain();
        if (n != 1 && n != 10 && n != 100)
            continue;
        time_spin(3 * PERIOD);          /* all have begun */
        measure_all(n);
    }
}
