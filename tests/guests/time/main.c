/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System time, the wall clock and timers: that time goes on, never back, at the TSC's pace; that
 * timers never fire early, and are not lost.  A busy host may stop us for long between any two
 * instructions.
 */
#include "../lib/guest.h"

#define LATE (10 * SECOND)

static long timer_port;

static void check_records(void)
{
    const struct vcpu_time_info *info = &vcpu_info()->time;
    uint64_t last = time_now(), start, outer, inner, ns;

    section("the record is sane and time goes on");
    EXPECT_EQ(info->version & 1, 0);
    EXPECT(info->tsc_to_system_mul != 0);
    for (unsigned int i = 0; i < 100000; i++) {
        uint64_t now = time_now();

        if (now < last) {
            printf("  back by %lu ns\n", last - now);
            FAIL("time went back");
        }
        last = now;
    }

    section("pace");
    outer = rdtsc();
    start = time_now();
    inner = rdtsc();
    while (time_now() - start < 50 * MS)
        cpu_relax();
    inner = rdtsc() - inner;
    ns = time_now() - start;
    outer = rdtsc() - outer;
    /* Frequencies between 100 MHz and 10 GHz. */
    EXPECT(outer > ns / 10);
    EXPECT(inner < ns * 10);
}

static void check_wall_clock(void)
{
    uint64_t seconds;

    section("wall clock");
    EXPECT_EQ(shared_info->wc_version & 1, 0);
    seconds = ((uint64_t)shared_info->wc_sec_hi << 32 | shared_info->wc_sec) + time_now() / SECOND;
    /* The machine's clock is set, and to this century. */
    EXPECT(seconds > 1577836800UL);
    EXPECT(seconds < 4102444800UL);
    EXPECT(shared_info->wc_nsec < SECOND);
}

/* Armed by the given call, the event must come at the time or after. */
static void expect_timer(uint64_t at, const char *how)
{
    EXPECT(event_wait(timer_port, LATE));
    uint64_t now = time_now();

    if (now < at) {
        printf("  %s: %lu ns early\n", how, at - now);
        UNEXPECTED("a timer fired early");
    }
}

/* Arm for 500 ms from now, and disarm: it must not fire, unless all that took longer. */
static void expect_disarmed(void (*arm)(uint64_t at), void (*disarm)(void))
{
    uint64_t at;

    do {
        event_take(timer_port);
        at = time_now() + 500 * MS;
        arm(at);
        disarm();
    } while (time_now() >= at);
    EXPECT(!event_wait(timer_port, 600 * MS));
}

static void timer_arm(uint64_t at)
{
    EXPECT_EQ(set_timer_op(at), 0);
}

static void timer_disarm(void)
{
    EXPECT_EQ(set_timer_op(0), 0);
}

static void check_set_timer(void)
{
    section("set_timer_op");
    for (uint64_t delay = 50 * US; delay <= 20 * MS; delay *= 3) {
        uint64_t at = time_now() + delay;

        EXPECT_EQ(set_timer_op(at), 0);
        expect_timer(at, "set_timer_op");
    }
    EXPECT_EQ(set_timer_op(1), 0);
    EXPECT(event_wait(timer_port, LATE));
    expect_disarmed(timer_arm, timer_disarm);

    section("a time beyond all");
    EXPECT_EQ(set_timer_op(~0UL >> 1), 0);
    EXPECT_EQ(set_timer_op(0), 0);
    event_take(timer_port);
}

static void singleshot_arm(uint64_t at)
{
    struct vcpu_set_singleshot_timer arg = { .timeout_abs_ns = at };

    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg), 0);
}

static void singleshot_disarm(void)
{
    EXPECT_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
}

/* Only if the time has not come; it may have, on its way to the hypervisor. */
static void check_future(void)
{
    struct vcpu_set_singleshot_timer arg = { .flags = VCPU_SSHOTTMR_future };
    long rc;

    do {
        arg.timeout_abs_ns = time_now() + 3 * MS;
        rc = vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg);
    } while (rc == -XEN_ETIME && time_now() >= arg.timeout_abs_ns);
    EXPECT_EQ(rc, 0);
    expect_timer(arg.timeout_abs_ns, "single-shot, future");
    arg.timeout_abs_ns = time_now() - MS;
    EXPECT_ANY(vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg), -XEN_ETIME, 0);
    event_wait(timer_port, 5 * MS);
}

static void check_singleshot(void)
{
    struct vcpu_set_singleshot_timer arg = { .flags = 0 };

    section("single-shot timer");
    arg.timeout_abs_ns = time_now() + 3 * MS;
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg), 0);
    expect_timer(arg.timeout_abs_ns, "single-shot");
    arg.timeout_abs_ns = time_now() - MS;
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg), 0);
    EXPECT(event_wait(timer_port, LATE));
    check_future();
    expect_disarmed(singleshot_arm, singleshot_disarm);
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
}

static void check_periodic(void)
{
    struct vcpu_set_periodic_timer arg = { .period_ns = 2 * MS };
    uint64_t start = time_now();
    unsigned int n = 0;

    section("periodic timer");
    EXPECT_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &arg), 0);
    while (n < 10 && event_wait(timer_port, LATE))
        n++;
    EXPECT_EQ(n, 10);
    EXPECT(time_now() - start > 16 * MS);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    event_take(timer_port);
    EXPECT(!event_wait(timer_port, 10 * MS));
    arg.period_ns = 1000;
    EXPECT_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &arg), -XEN_EINVAL);
    arg.period_ns = ~0UL;
    EXPECT_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &arg), -XEN_EINVAL);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
}

static void check_time_area(void)
{
    static struct vcpu_time_info area;
    struct vcpu_register_time_memory_area arg = { .addr.v = &area };
    uint64_t a, b;

    section("a time record of one's own");
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &arg), 0);
    EXPECT(area.tsc_to_system_mul != 0);
    a = time_now();
    b = time_from(&area);
    EXPECT(b >= a);
    EXPECT(b - a < LATE);
    arg.addr.v = (void *)HYPERVISOR_VIRT_START;
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &arg), -XEN_EFAULT);
}

static void check_runstate(void)
{
    static struct vcpu_runstate_info area;
    struct vcpu_register_runstate_memory_area arg = { .addr.v = &area };
    struct vcpu_runstate_info now;

    section("runstate");
    EXPECT_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &now), 0);
    EXPECT_EQ(now.state, RUNSTATE_running);
    EXPECT(now.time[RUNSTATE_running] > 0);
    EXPECT(now.state_entry_time <= time_now());
    EXPECT_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &arg), 0);
    EXPECT_EQ(area.state, RUNSTATE_running);

    /* The time may have come before it blocks: not again and again. */
    uint64_t blocked = area.time[RUNSTATE_blocked];

    event_unmask(timer_port);
    for (unsigned int i = 0; i < 20 && area.time[RUNSTATE_blocked] <= blocked + 5 * MS; i++) {
        blocked = area.time[RUNSTATE_blocked];
        EXPECT_EQ(set_timer_op(time_now() + 10 * MS), 0);
        EXPECT_EQ(sched_op(SCHEDOP_block, NULL), 0);
        upcalls_disable();
        EXPECT_EQ(area.state, RUNSTATE_running);
    }
    EXPECT(area.time[RUNSTATE_blocked] > blocked + 5 * MS);
    arg.addr.v = (void *)HYPERVISOR_VIRT_START;
    EXPECT_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &arg), -XEN_EFAULT);
    arg.addr.v = NULL;
    EXPECT_ANY(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &arg), 0, -XEN_EFAULT);
    EXPECT_ERROR(vcpu_op(VCPUOP_get_runstate_info, 4711, &now));
}

TEST("time")
{
    timer_port = event_bind_virq(VIRQ_TIMER, 0);
    REQUIRE(timer_port > 0);
    /* Each vCPU begins with one. */
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    event_take(timer_port);
    check_records();
    check_wall_clock();
    check_set_timer();
    check_singleshot();
    check_periodic();
    check_time_area();
    check_runstate();
}
