/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels in the two-level ABI: the life of a port in each of its kinds, sending, masks,
 * upcalls, and what is refused.
 *
 * Everything a guest does with devices and other domains goes through ports; a lost event is a
 * hang, a wrong state a way into another's channel.
 */
#include "../lib/guest.h"

static struct evtchn_status status;

static void expect_status(evtchn_port_t port, unsigned int wanted)
{
    EXPECT_EQ(event_status(port, &status), 0);
    EXPECT_EQ(status.status, wanted);
}

static void check_interdomain(void)
{
    long a, b;

    section("alloc_unbound, bind_interdomain with oneself");
    a = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    REQUIRE(a > 0);
    expect_status(a, EVTCHNSTAT_unbound);
    EXPECT_EQ(status.u.unbound.dom, 0);
    EXPECT_EQ(status.vcpu, 0);
    EXPECT_EQ(event_send(a), 0);
    EXPECT(!event_pending(a));
    b = event_bind_interdomain(DOMID_SELF, a);
    REQUIRE(b > 0);
    EXPECT(b != a);
    expect_status(a, EVTCHNSTAT_interdomain);
    EXPECT_EQ(status.u.interdomain.dom, 0);
    EXPECT_EQ(status.u.interdomain.port, b);
    expect_status(b, EVTCHNSTAT_interdomain);
    EXPECT_EQ(status.u.interdomain.port, a);
    EXPECT(event_take(b));
    EXPECT(!event_pending(a));

    section("send both ways");
    EXPECT_EQ(event_send(b), 0);
    EXPECT(event_take(a));
    EXPECT(!event_pending(b));
    EXPECT_EQ(event_send(a), 0);
    EXPECT_EQ(event_send(a), 0);
    EXPECT(event_take(b));
    EXPECT(!event_take(b));

    section("a bound port is not for binding");
    EXPECT_EQ(event_bind_interdomain(DOMID_SELF, a), -XEN_EINVAL);

    section("close: the other end waits again");
    EXPECT_EQ(event_close(b), 0);
    expect_status(b, EVTCHNSTAT_closed);
    expect_status(a, EVTCHNSTAT_unbound);
    EXPECT_EQ(event_send(b), -XEN_EINVAL);
    EXPECT_EQ(event_close(b), -XEN_EINVAL);
    EXPECT_EQ(event_close(a), 0);
    EXPECT_EQ(event_bind_interdomain(DOMID_SELF, a), -XEN_EINVAL);
}

static void check_virqs(void)
{
    long port;

    section("virtual interrupts");
    port = event_bind_virq(VIRQ_DEBUG, 0);
    REQUIRE(port > 0);
    expect_status(port, EVTCHNSTAT_virq);
    EXPECT_EQ(status.u.virq, VIRQ_DEBUG);
    EXPECT_EQ(event_bind_virq(VIRQ_DEBUG, 0), -XEN_EEXIST);
    EXPECT_EQ(event_bind_vcpu(port, 0), -XEN_EINVAL);
    EXPECT_EQ(event_send(port), -XEN_EINVAL);
    EXPECT_EQ(event_close(port), 0);
    port = event_bind_virq(VIRQ_DEBUG, 0);
    EXPECT(port > 0);
    EXPECT_EQ(event_close(port), 0);

    EXPECT_EQ(event_bind_virq(NR_VIRQS, 0), -XEN_EINVAL);
    EXPECT_EQ(event_bind_virq(~0u, 0), -XEN_EINVAL);
    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 4711), -XEN_ENOENT);
    EXPECT_EQ(event_bind_virq(VIRQ_CONSOLE, 1), -XEN_EINVAL);

    section("a global one may be moved");
    port = event_bind_virq(VIRQ_CONSOLE, 0);
    REQUIRE(port > 0);
    EXPECT_EQ(event_bind_vcpu(port, 0), 0);
    EXPECT_EQ(event_bind_vcpu(port, 4711), -XEN_ENOENT);
    EXPECT_EQ(event_close(port), 0);

    section("the timer's");
    port = event_bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    EXPECT_EQ(set_timer_op(time_now() + 2 * MS), 0);
    EXPECT(event_wait(port, 10 * SECOND));
    EXPECT_EQ(event_close(port), 0);
}

static void check_ipis(void)
{
    long port;

    section("IPIs");
    port = event_bind_ipi(0);
    REQUIRE(port > 0);
    expect_status(port, EVTCHNSTAT_ipi);
    EXPECT_EQ(event_send(port), 0);
    EXPECT(event_take(port));
    EXPECT_EQ(event_bind_vcpu(port, 0), -XEN_EINVAL);
    EXPECT_EQ(event_bind_interdomain(DOMID_SELF, port), -XEN_EINVAL);
    EXPECT_EQ(event_close(port), 0);
    EXPECT_EQ(event_bind_ipi(4711), -XEN_ENOENT);
}

static void check_upcalls(void)
{
    long port = event_bind_ipi(0);
    unsigned int before = upcall_count;

    REQUIRE(port > 0);
    section("upcall: port masked, upcalls masked, neither");
    upcalls_enable();
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_count[port], 0);
    EXPECT(event_pending(port));
    event_unmask(port);
    EXPECT(!event_masked(port));
    EXPECT_EQ(event_count[port], 1);
    EXPECT(!event_pending(port));
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_count[port], 2);
    upcalls_disable();
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_count[port], 2);
    EXPECT(vcpu_info()->evtchn_upcall_pending);
    EXPECT_EQ(vcpu_info()->evtchn_pending_sel, 1UL << port / 64);
    upcalls_enable();
    EXPECT_EQ(event_count[port], 3);
    EXPECT(upcall_count >= before + 3);
    upcalls_disable();

    section("what is sent while pending is one event");
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_send(port), 0);
    upcalls_enable();
    EXPECT_EQ(event_count[port], 4);
    upcalls_disable();
    event_mask(port);
    EXPECT_EQ(event_close(port), 0);

    section("the upcall's frame shows upcalls unmasked, its handler runs masked");
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 1);
}

static void check_bad_ports(void)
{
    static const evtchn_port_t bad[] = { 0, 4095, 4096, 5000, 131072, 0x7fffffff, ~0u };
    struct evtchn_unmask unmask;

    section("ports that are none");
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        EXPECT_EQ(event_close(bad[i]), -XEN_EINVAL);
        EXPECT_EQ(event_send(bad[i]), -XEN_EINVAL);
        EXPECT_EQ(event_bind_vcpu(bad[i], 0), -XEN_EINVAL);
        EXPECT_ANY(event_bind_interdomain(DOMID_SELF, bad[i]), -XEN_EINVAL);
        if (bad[i] >= 4096) {
            unmask.port = bad[i];
            EXPECT_EQ(event_channel_op(EVTCHNOP_unmask, &unmask), -XEN_EINVAL);
            EXPECT_EQ(event_status(bad[i], &status), -XEN_EINVAL);
        }
    }

    section("domains that are none");
    EXPECT_ANY(event_alloc_unbound(1234, DOMID_SELF), -XEN_ESRCH);
    EXPECT_ANY(event_bind_interdomain(1234, 1), -XEN_ESRCH);
    EXPECT_EQ(event_alloc_unbound(DOMID_INVALID, DOMID_SELF), -XEN_ESRCH);

    section("operations that are none, arguments nowhere");
    EXPECT_EQ(event_channel_op(99, &unmask), -XEN_ENOSYS);
    for (int op = 0; op <= EVTCHNOP_set_priority; op++)
        EXPECT_EQ(event_channel_op(op, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(event_channel_op(EVTCHNOP_send, (void *)0x600000000000UL), -XEN_EFAULT);

    section("pirqs that are none");
    struct evtchn_bind_pirq pirq = { .pirq = 1u << 30 };

    EXPECT_ERROR(event_channel_op(EVTCHNOP_bind_pirq, &pirq));
}

static void check_exhaustion(void)
{
    unsigned int n = 0;
    long port, last = 0;

    section("all ports, and one more");
    while ((port = event_alloc_unbound(DOMID_SELF, DOMID_SELF)) > 0) {
        EXPECT(port < 4096);
        last = port;
        n++;
    }
    EXPECT_EQ(port, -XEN_ENOSPC);
    EXPECT(n > 1000);
    EXPECT_EQ(event_close(last), 0);
    EXPECT_EQ(event_alloc_unbound(DOMID_SELF, DOMID_SELF), last);

    section("reset closes them");
    struct evtchn_reset reset = { .dom = DOMID_SELF };

    EXPECT_EQ(event_channel_op(EVTCHNOP_reset, &reset), 0);
    expect_status(last, EVTCHNSTAT_closed);
    EXPECT(event_alloc_unbound(DOMID_SELF, DOMID_SELF) > 0);
}

TEST("events")
{
    check_interdomain();
    check_virqs();
    check_ipis();
    check_upcalls();
    check_bad_ports();
    check_exhaustion();
}
