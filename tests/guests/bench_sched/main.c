/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What scheduling costs, in TSC ticks: bench/sched runs this under icount, where a tick is an
 * instruction, on ours and on another hypervisor.  As a test it shows that 128 vcpus share a CPU.
 *
 * Rows: "one" has nobody else to run; "switch_N" is a change between N runnable vcpus that all
 * yield; "wake" from an event's sending to the handler of a vcpu that was blocked, on the sender's
 * CPU.  Named on the command line and with two CPUs: "ipi_idle" is the same to a vcpu whose CPU
 * idles, "ipi_running" to one that runs.
 *
 * options: dom0_max_vcpus=128
 * slow: yes
 * seconds: 120
 */
#include "../lib/guest.h"

#define VCPUS 128
#define ROUNDS 200

struct vcpu_block vcpu_blocks[VCPUS];
unsigned int vcpu_limit = VCPUS;
static struct vcpu_info infos[VCPUS] __attribute__((aligned(64)));

static volatile unsigned int running, last;
static volatile uint64_t switches;
static volatile bool stop;
static evtchn_port_t ping;
static volatile uint64_t woken_at;
static volatile unsigned int woken;

static void run(unsigned int id, void (*function)(void *))
{
    if (id >= XEN_LEGACY_MAX_VCPUS)
        REQUIRE_EQ(vcpu_register_info(id, infos + id), 0);
    vcpu_run(id, function, NULL);
}

/* ---- Switches ---- */

static void take_turn(unsigned int me)
{
    if (last != me) {
        last = me;
        switches++;
    }
    sched_op(SCHEDOP_yield, NULL);
}

static void yielder(void *arg)
{
    unsigned int me = current()->id;

    running++;
    while (!stop)
        take_turn(me);
}

static void row(const char *name, uint64_t ticks, uint64_t count)
{
    printf("ROW %s %lu\n", name, count ? ticks / count : 0);
}

static void measure_switches(unsigned int n, const char *name)
{
    for (unsigned int id = running + 1; id < n; id++)
        run(id, yielder);
    for (unsigned int tries = 0; running + 1 < n && tries < 1000000; tries++)
        sched_op(SCHEDOP_yield, NULL);
    REQUIRE_EQ(running + 1, n);
    /* All have had their first turn; once more, to have everything warm. */
    for (unsigned int i = 0; i < 20; i++)
        take_turn(0);
    switches = 0;
    uint64_t start = rdtsc();
    for (unsigned int i = 0; i < ROUNDS; i++)
        take_turn(0);
    row(name, rdtsc() - start, switches);
    EXPECT(switches >= ROUNDS);
}

static void measure_one(void)
{
    uint64_t start = rdtsc();

    for (unsigned int i = 0; i < ROUNDS; i++)
        sched_op(SCHEDOP_yield, NULL);
    row("one", rdtsc() - start, ROUNDS);
}

/* ---- Waking ---- */

static void arrived(void)
{
    uint64_t now = rdtsc();
    struct vcpu_info *info = vcpu_info();

    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    if (event_take(ping)) {
        woken_at = now;
        woken++;
    }
}

static void sleeper(void *arg)
{
    running++;
    while (!stop)
        sched_op(SCHEDOP_block, NULL);
}

static void spinner(void *arg)
{
    running++;
    upcalls_enable();
    while (!stop)
        cpu_relax();
}

/* From here to the handler on vcpu 1; the sender waits as it is told to. */
static void measure_wake(const char *name, bool sleeps)
{
    uint64_t total = 0;

    for (unsigned int i = 0; i < ROUNDS + 10; i++) {
        unsigned int before = woken;
        uint64_t start = rdtsc();

        event_send(ping);
        while (woken == before) {
            if (sleeps)
                sched_op(SCHEDOP_yield, NULL);
            else
                cpu_relax();
        }
        if (i >= 10)
            total += woken_at - start;
        /* It blocks, or spins, again. */
        for (unsigned int n = 0; n < 100; n++)
            sleeps ? (void)sched_op(SCHEDOP_yield, NULL) : cpu_relax();
    }
    row(name, total, ROUNDS);
}

static void measure_events(const char *name, void (*function)(void *), bool sleeps)
{
    ping = event_bind_ipi(1);
    event_hook = arrived;
    event_unmask(ping);
    stop = false;
    running = 0;
    run(1, function);
    while (!running)
        sleeps ? (void)sched_op(SCHEDOP_yield, NULL) : cpu_relax();
    measure_wake(name, sleeps);
}

TEST("bench_sched")
{
    if (told("ipi_running")) {
        measure_events("ipi_running", spinner, false);
    } else if (told("ipi_idle")) {
        measure_events("ipi_idle", sleeper, false);
    } else if (told("wake")) {
        measure_events("wake", sleeper, true);
    } else {
        measure_one();
        measure_switches(2, "switch_2");
        measure_switches(16, "switch_16");
        measure_switches(VCPUS, "switch_128");
    }
}
