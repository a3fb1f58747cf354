/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Idle processors lose no timer.  Four vcpus do nothing but sleep, each by set_timer_op, by the
 * single-shot timer and by the timeout of a poll in turn, on four processors, on two, on one, and
 * again on all: none wakes early, and all wake soon.  The machine's clock counts instructions, so
 * that "soon" does not depend on the host.
 *
 * smp: 4
 * options: dom0_max_vcpus=4
 * qemu: -icount shift=0,sleep=off
 * seconds: 120
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>

#define CPUS 4
#define SLEEPS 60
#define SOON MS
#define LOST SECOND

static struct xen_sysctl op;
static evtchn_port_t timer_port[CPUS], poll_port[CPUS];
static volatile unsigned int finished;
static struct {
    uint64_t early, late, lost, worst;
} seen[CPUS];

static uint64_t random_from(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void arm(unsigned int id, unsigned int how, uint64_t when)
{
    struct vcpu_set_singleshot_timer timer = { .timeout_abs_ns = when };
    struct sched_poll poll = { .nr_ports = 1, .timeout = when };

    switch (how) {
    case 0:
        EXPECT_EQ(set_timer_op(when), 0);
        break;
    case 1:
        EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, id, &timer), 0);
        break;
    default:
        set_xen_guest_handle(poll.ports, &poll_port[id]);
        EXPECT_EQ(sched_op(SCHEDOP_poll, &poll), 0);
        return;
    }
    sched_op(SCHEDOP_block, NULL);
    upcalls_disable();
    event_take(timer_port[id]);
}

static void sleep(unsigned int id, unsigned int how, uint64_t ns)
{
    uint64_t when = time_now() + ns;

    arm(id, how, when);
    uint64_t now = time_now();

    if (now < when) {
        seen[id].early++;
        return;
    }
    seen[id].late += now - when > SOON;
    seen[id].lost += now - when > LOST;
    if (now - when > seen[id].worst)
        seen[id].worst = now - when;
}

static void sleep_much(void *arg)
{
    unsigned int id = current()->id;
    uint64_t random = 88172645463325252 + id;

    for (unsigned int i = 0; i < SLEEPS; i++)
        sleep(id, (i + id) % 3, 50 * US + random_from(&random) % (40 * MS));
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELAXED);
}

static void check(const char *where)
{
    section(where);
    memset(seen, 0, sizeof(seen));
    finished = 0;
    for (unsigned int id = 1; id < CPUS; id++)
        vcpu_run(id, sleep_much, NULL);
    sleep_much(NULL);
    /* Who spins here keeps the emulator from running the others. */
    while (finished < CPUS)
        arm(0, 2, time_now() + MS);
    for (unsigned int id = 1; id < CPUS; id++)
        vcpu_join(id);
    for (unsigned int id = 0; id < CPUS; id++) {
        printf("  vcpu %u: %lu of %u early, %lu late, worst %lu us\n", id, seen[id].early, SLEEPS,
               seen[id].late, seen[id].worst / US);
        EXPECT_EQ(seen[id].early, 0);
        EXPECT_EQ(seen[id].lost, 0);
        EXPECT_EQ(seen[id].late, 0);
    }
}

static void hotplug(unsigned int cpu, unsigned int what)
{
    op.cmd = XEN_SYSCTL_cpu_hotplug;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.cpu_hotplug.cpu = cpu;
    op.u.cpu_hotplug.op = what;
    EXPECT_EQ(HYPERCALL_1(sysctl, &op), 0);
}

TEST("idle_timers")
{
    for (unsigned int id = 0; id < CPUS; id++) {
        long timer = event_bind_virq(VIRQ_TIMER, id), poll = event_bind_ipi(id);

        REQUIRE(timer > 0 && poll > 0);
        timer_port[id] = timer;
        poll_port[id] = poll;
        event_unmask(timer);
        vcpu_op(VCPUOP_stop_periodic_timer, id, NULL);
    }
    check("on four processors");
    hotplug(3, XEN_SYSCTL_CPU_HOTPLUG_OFFLINE);
    hotplug(1, XEN_SYSCTL_CPU_HOTPLUG_OFFLINE);
    check("on two");
    hotplug(2, XEN_SYSCTL_CPU_HOTPLUG_OFFLINE);
    check("on one");
    for (unsigned int cpu = 1; cpu < CPUS; cpu++)
        hotplug(cpu, XEN_SYSCTL_CPU_HOTPLUG_ONLINE);
    check("on all four that are back");
}
