/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that is a load, for tests of many domains; its command line says which:
 *
 *     load=spin       all its vcpus spin
 *     load=idle       it sleeps
 *     load=ping       it sleeps for ten milliseconds again and again, and says once a second of
 *                     its time how late it was woken: "PING n of 100 later than 2 ms, worst N us"
 *
 * As a test each load runs for a moment.
 */
#include "../lib/guest.h"

#define VCPUS 128
#define PINGS 100
#define PERIOD (10 * MS)
#define LATE (2 * MS)

static struct { uint64_t word[32]; } stacks[VCPUS] __attribute__((aligned(16)));
static struct vcpu_info infos[VCPUS] __attribute__((aligned(64)));
static struct vcpu_guest_context context;
static volatile unsigned int spinning;
static bool is_test;

/*
 * An emulator that counts instructions runs one processor after the other, each until a timer of
 * any is due, and may forget about the last: it turns to them all at a PAUSE.  Each turn costs.
 */
static void spin_a_while(void)
{
    for (unsigned int i = 0; i < 4000; i++)
        barrier();
    cpu_relax();
}

static void spin(void *arg)
{
    __atomic_fetch_add(&spinning, 1, __ATOMIC_RELAXED);
    for (;;)
        spin_a_while();
}

/* With a stack of its own for what it calls; it takes no upcalls. */
static bool start(unsigned int id)
{
    struct vcpu_register_vcpu_info info = { .mfn = mfn_of(infos + id),
                                            .offset = (uintptr_t)(infos + id) & ~PAGE_MASK };

    if (vcpu_op(VCPUOP_is_up, id, NULL) ||
        (id >= XEN_LEGACY_MAX_VCPUS && vcpu_op(VCPUOP_register_vcpu_info, id, &info)))
        return false;
    vcpu_context(1, &context);
    context.user_regs.rip = (unsigned long)spin;
    context.user_regs.rsp = (unsigned long)(stacks + id + 1) - 8;
    return !vcpu_op(VCPUOP_initialise, id, &context) && !vcpu_op(VCPUOP_up, id, NULL);
}

static void spin_all(void)
{
    unsigned int n = 1;

    while (n < VCPUS && start(n))
        n++;
    while (spinning < n - 1)
        sched_op(SCHEDOP_yield, NULL);
    printf("SPIN %u vcpus\n", n);
    while (!is_test)
        spin_a_while();
}

static void sleep_until(uint64_t when)
{
    while (time_now() < when) {
        set_timer_op(when);
        sched_op(SCHEDOP_block, NULL);
        upcalls_disable();
    }
}

static void ping(void)
{
    do {
        uint64_t worst = 0, late = 0;

        for (unsigned int i = 0; i < PINGS; i++) {
            uint64_t when = time_now() + PERIOD;

            sleep_until(when);
            uint64_t by = time_now() - when;

            late += by > LATE;
            worst = by > worst ? by : worst;
        }
        printf("PING %lu of %u later than 2 ms, worst %lu us\n", late, PINGS, worst / US);
    } while (!is_test);
}

TEST("domu_load")
{
    long timer = event_bind_virq(VIRQ_TIMER, 0);

    REQUIRE(timer > 0);
    event_unmask(timer);
    is_test = !told("load=");
    if (is_test || told("load=ping"))
        ping();
    while (told("load=idle"))
        sleep_until(time_now() + 1000 * SECOND);
    spin_all();
}
