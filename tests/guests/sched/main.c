/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched_op: yielding, blocking, polling, watchdogs, and shutdowns that are refused.
 */
#include "../lib/guest.h"

static evtchn_port_t port;

static long poll(evtchn_port_t *ports, unsigned int n, uint64_t timeout)
{
    struct sched_poll arg = { .nr_ports = n, .timeout = timeout };

    set_xen_guest_handle(arg.ports, ports);
    return sched_op(SCHEDOP_poll, &arg);
}

static void check_block(void)
{
    long timer = event_bind_virq(VIRQ_TIMER, 0);
    uint64_t at;

    REQUIRE(timer > 0);
    section("yield, block until a timer");
    EXPECT_EQ(sched_op(SCHEDOP_yield, NULL), 0);
    event_unmask(timer);
    for (unsigned int i = 1; i <= 5; i++) {
        at = time_now() + 2 * MS;
        EXPECT_EQ(set_timer_op(at), 0);
        EXPECT_EQ(sched_op(SCHEDOP_block, NULL), 0);
        /* It unmasks, so the upcall came before the call's return. */
        EXPECT_EQ(event_count[timer], i);
        EXPECT(time_now() >= at);
        upcalls_disable();
    }

    section("block with an event pending returns at once");
    EXPECT_EQ(event_send(port), 0);
    event_unmask(port);
    EXPECT_EQ(sched_op(SCHEDOP_block, NULL), 0);
    EXPECT_EQ(event_count[port], 1);
    upcalls_disable();
    event_mask(port);
    event_mask(timer);
    EXPECT_EQ(event_close(timer), 0);
}

static void check_poll(void)
{
    static evtchn_port_t ports[200];
    uint64_t start, at;

    section("poll: a port that is pending");
    EXPECT_EQ(event_send(port), 0);
    ports[0] = port;
    EXPECT_EQ(poll(ports, 1, 0), 0);
    EXPECT(event_take(port));

    section("poll: until a time");
    start = time_now();
    at = start + 5 * MS;
    EXPECT_EQ(poll(ports, 1, at), 0);
    EXPECT(time_now() >= at);
    EXPECT(time_now() < at + 10 * SECOND);
    EXPECT_EQ(poll(ports, 0, time_now() + 2 * MS), 0);

    section("poll: a time that has passed");
    EXPECT_EQ(poll(ports, 1, time_now() - MS), 0);
    EXPECT_EQ(poll(ports, 1, 1), 0);

    section("poll: too many, ports that are none, a list nowhere");
    EXPECT_EQ(poll(ports, 129, time_now() + MS), -XEN_EINVAL);
    EXPECT_EQ(poll(ports, ~0u, time_now() + MS), -XEN_EINVAL);
    EXPECT_EQ(poll((void *)HYPERVISOR_VIRT_START, 1, time_now() + MS), -XEN_EFAULT);
    EXPECT_EQ(poll((void *)0x600000000000UL, 2, time_now() + MS), -XEN_EFAULT);
    ports[0] = 1u << 20;
    EXPECT_EQ(poll(ports, 1, time_now() + MS), -XEN_EINVAL);
    EXPECT_EQ(sched_op(SCHEDOP_poll, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
}

static long watchdog(unsigned int id, unsigned int timeout)
{
    struct sched_watchdog arg = { .id = id, .timeout = timeout };

    return (int)sched_op(SCHEDOP_watchdog, &arg);
}

static void check_watchdogs(void)
{
    long id, other;

    section("watchdogs");
    id = watchdog(0, 60);
    REQUIRE(id > 0);
    EXPECT_EQ(watchdog(id, 100), 0);
    other = watchdog(0, 60);
    EXPECT(other > 0 && other != id);
    while (other > 0)
        other = watchdog(0, 60);
    EXPECT_EQ(other, -XEN_ENOSPC);
    EXPECT_EQ(watchdog(1000, 60), -XEN_EINVAL);
    EXPECT_EQ(watchdog(~0u, 60), -XEN_EINVAL);
    EXPECT_EQ(watchdog(id, 0), 0);
    EXPECT_EQ(watchdog(id, 0), -XEN_EINVAL);
    EXPECT_EQ(watchdog(id, 60), -XEN_EINVAL);
}

static void check_refusals(void)
{
    struct sched_shutdown shut = { .reason = 99 };
    struct sched_remote_shutdown remote = { .domain_id = 1234, .reason = SHUTDOWN_crash };
    struct sched_pin_override pin = { .pcpu = 0 };

    section("operations that are none");
    EXPECT_EQ(sched_op(99, NULL), -XEN_ENOSYS);
    EXPECT_EQ(sched_op(-1, NULL), -XEN_ENOSYS);

    section("shutdowns");
    EXPECT_EQ(sched_op(SCHEDOP_shutdown, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(sched_op(SCHEDOP_shutdown_code, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_ANY(sched_op(SCHEDOP_remote_shutdown, &remote), -XEN_ESRCH);
    shut.reason = SHUTDOWN_reboot;
    EXPECT_EQ(sched_op(SCHEDOP_shutdown_code, &shut), 0);
    EXPECT_ANY(sched_op(SCHEDOP_shutdown_code, &shut), 0, -XEN_EBUSY);

    section("pinning for a while");
    EXPECT_EQ(sched_op(SCHEDOP_pin_override, &pin), 0);
    EXPECT_ANY(sched_op(SCHEDOP_pin_override, &pin), 0, -XEN_EBUSY);
    pin.pcpu = -1;
    EXPECT_EQ(sched_op(SCHEDOP_pin_override, &pin), 0);
    pin.pcpu = 5000;
    EXPECT_EQ(sched_op(SCHEDOP_pin_override, &pin), -XEN_EINVAL);
}

TEST("sched")
{
    port = event_bind_ipi(0);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    check_block();
    check_poll();
    check_watchdogs();
    check_refusals();
}
