/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 128 vCPUs on two processors.
 *
 * The shared page has room for 32; who is beyond must register a vcpu_info of its own before it is
 * initialised, and finds there what was sent to it before.  All 128 then run at once: a token goes
 * round them by IPIs, timers wake them, polls wake only whom they shall, a flush reaches all, and
 * they go down together and come up again.  The
 * machine's clock counts instructions, so that delays do not depend on the host.
 *
 * smp: 2
 * options: dom0_max_vcpus=128
 * qemu: -icount shift=3,sleep=off
 * seconds: 60
 */
#include "../lib/guest.h"

#define VCPUS 128
#define FIRST_WITHOUT XEN_LEGACY_MAX_VCPUS
#define ROUNDS 3

struct vcpu_block vcpu_blocks[VCPUS];
unsigned int vcpu_limit = VCPUS;

static struct vcpu_info infos[VCPUS] __attribute__((aligned(64)));
static evtchn_port_t token[VCPUS];      /* an IPI of each */
static volatile unsigned int here;      /* vCPUs that have come to the next place */
static volatile unsigned int place;     /* up to which they may go */
static volatile unsigned int taken[VCPUS];      /* how often each had the token */
static volatile uint64_t turns[VCPUS];
static volatile unsigned int late;

/* ---- What each of them does ---- */

/* The PAUSE is for an emulator that runs one processor after the other. */
static void give_way(void)
{
    sched_op(SCHEDOP_yield, NULL);
    cpu_relax();
}

static void arrive(unsigned int next)
{
    __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
    while (place != next)
        give_way();
}

/* The upcall: a word of pending bits holds others' ports, which are not for us to take. */
static void take_token(void)
{
    unsigned int id = current()->id;

    xchg8(&vcpu_info()->evtchn_upcall_pending, 0);
    xchg64(&vcpu_info()->evtchn_pending_sel, 0);
    if (event_take(token[id]))
        taken[id]++;
}

/* Asleep until it has come for the nth time. */
static void await_token(unsigned int id, unsigned int n)
{
    while (taken[id] < n) {
        sched_op(SCHEDOP_block, NULL);          /* enables upcalls */
        upcalls_disable();
    }
}

static void pass_token(unsigned int id)
{
    for (unsigned int n = 1; n <= ROUNDS; n++) {
        await_token(id, n);
        event_send(token[(id + 1) % VCPUS]);
    }
}

static void sleep_until(evtchn_port_t port, uint64_t when)
{
    struct sched_poll poll = { .nr_ports = 1, .timeout = when };

    set_xen_guest_handle(poll.ports, &port);
    sched_op(SCHEDOP_poll, &poll);
}

static void take_part(void *arg)
{
    unsigned int id = current()->id;

    arrive(1);
    pass_token(id);
    arrive(2);

    uint64_t when = time_now() + 20 * MS;

    sleep_until(token[id], when);
    if (time_now() < when || time_now() > when + 5 * SECOND)
        __atomic_fetch_add(&late, 1, __ATOMIC_RELAXED);
    arrive(3);
    while (place == 3) {
        for (volatile unsigned int i = 0; i < 2000; i++)
            ;
        turns[id]++;
        cpu_relax();
    }
}

/* ---- What the first one checks ---- */

static void wait_for_all(unsigned int next)
{
    for (uint64_t end = time_now() + 20 * SECOND; here != VCPUS - 1 && time_now() < end;)
        give_way();
    REQUIRE_EQ(here, VCPUS - 1);
    here = 0;
    place = next;
}

static void check_without_info(void)
{
    static struct vcpu_guest_context context;
    unsigned int id = 100;
    long port = event_bind_ipi(id);

    section("without a vcpu_info there is no starting");
    vcpu_context(id, &context);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, id, &context), -XEN_EINVAL);
    EXPECT_ERROR(vcpu_op(VCPUOP_up, id, NULL));
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, id, NULL), 0);

    section("what was sent before waits in it");
    REQUIRE(port > 0);
    event_unmask(port);
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(vcpu_register_info(id, infos + id), 0);
    EXPECT_EQ(vcpu_register_info(id, infos + id), -XEN_EINVAL);
    EXPECT_EQ(infos[id].evtchn_upcall_pending, 1);
    EXPECT(infos[id].evtchn_pending_sel & 1UL << port / 64);
    EXPECT(event_take(port));
    EXPECT_EQ(infos[id + 1].evtchn_upcall_pending, 0);
    EXPECT_EQ(event_close(port), 0);
}

static void start_all(void)
{
    section("all start");
    for (unsigned int id = 0; id < VCPUS; id++) {
        long port = event_bind_ipi(id);

        REQUIRE(port > 0);
        token[id] = port;
        event_unmask(port);
        if (id >= FIRST_WITHOUT && !vcpu_blocks[id].vcpu.info)
            REQUIRE_EQ(vcpu_register_info(id, infos + id), 0);
        if (id > 0)
            vcpu_run(id, take_part, NULL);
    }
    wait_for_all(1);
}

static void check_token(void)
{
    uint64_t start = time_now();

    section("a token goes round");
    for (unsigned int n = 1; n <= ROUNDS; n++) {
        event_send(token[1]);
        await_token(0, n);
    }
    printf("  %u IPIs, %lu us each\n", ROUNDS * VCPUS,
           (time_now() - start) / US / (ROUNDS * VCPUS));
    for (unsigned int id = 0; id < VCPUS; id++)
        EXPECT_EQ(taken[id], ROUNDS);
    wait_for_all(2);
}

static void check_timers(void)
{
    section("each sleeps its time");
    wait_for_all(3);
    EXPECT_EQ(late, 0);
}

static bool all_had_a_turn(const uint64_t *before)
{
    for (unsigned int id = 1; id < VCPUS; id++)
        if (turns[id] == before[id])
            return false;
    return true;
}

/* Each runs again and again; a flush meanwhile reaches those on the other processor. */
static void check_running(void)
{
    static uint64_t before[VCPUS], mask[VCPUS / 64] = { ~0UL, ~0UL };
    struct mmuext_op flush = { .cmd = MMUEXT_TLB_FLUSH_MULTI };

    section("all run at once");
    set_xen_guest_handle(flush.arg2.vcpumask, mask);
    for (unsigned int round = 0; round < 2; round++) {
        for (unsigned int id = 1; id < VCPUS; id++)
            before[id] = turns[id];
        for (uint64_t end = time_now() + 30 * SECOND; !all_had_a_turn(before);) {
            REQUIRE(time_now() < end);
            EXPECT_EQ(HYPERCALL_4(mmuext_op, &flush, 1, NULL, DOMID_SELF), 0);
            give_way();
        }
    }
    place = 4;
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
}

static void note(void *arg)
{
    __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
}

static void check_again(void)
{
    section("up again");
    here = 0;
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_run(id, note, NULL);
    /* Asleep: who spins keeps the emulator from running the others. */
    for (uint64_t end = time_now() + 20 * SECOND; here != VCPUS - 1 && time_now() < end;)
        sleep_until(token[0], time_now() + MS);
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    EXPECT_EQ(here, VCPUS - 1);
}

TEST("vcpus_128")
{
    REQUIRE_EQ(vcpu_count(), VCPUS);
    check_without_info();
    event_hook = take_token;
    start_all();
    check_token();
    check_timers();
    check_running();
    check_again();
}
