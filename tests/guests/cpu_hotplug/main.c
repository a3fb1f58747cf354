/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors are taken offline and back under running vcpus: those go on elsewhere, their timers
 * fire, events reach them; and what the toolstack is told agrees.
 *
 * smp: 3
 * options: watchdog watchdog_timeout=20
 * seconds: 60
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>

static struct xen_platform_op op;
static struct xen_sysctl sop;

static long platform(unsigned int cmd, unsigned int cpu)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.cpu_ol.cpuid = cpu;
    return platform_op(&op);
}

static long hotplug(unsigned int cpu, unsigned int what)
{
    sop.cmd = XEN_SYSCTL_cpu_hotplug;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sop.u.cpu_hotplug.cpu = cpu;
    sop.u.cpu_hotplug.op = what;
    return HYPERCALL_1(sysctl, &sop);
}

static bool is_online(unsigned int cpu)
{
    op.u.pcpu_info.xen_cpuid = cpu;
    op.cmd = XENPF_get_cpuinfo;
    op.interface_version = XENPF_INTERFACE_VERSION;
    REQUIRE_EQ(platform_op(&op), 0);
    return op.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE;
}

static unsigned int nr_cpus(void)
{
    sop.cmd = XEN_SYSCTL_physinfo;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    REQUIRE_EQ(HYPERCALL_1(sysctl, &sop), 0);
    return sop.u.physinfo.nr_cpus;
}

/* ---- Two vcpus at work ----------------------------------------------------------------------- */

static volatile bool stop;
static volatile unsigned int rounds[3], lost[3];
static evtchn_port_t timer_port[3];

/* Sleep by timer, again and again.  A timer is lost that comes late by a second in which the other
 * vcpu had its own many times: the host may have stopped all of us. */
static void work(void *arg)
{
    unsigned int id = current()->id, other = 3 - id;

    while (!stop) {
        uint64_t start = time_now();
        unsigned int of_other = rounds[other];
        struct sched_poll poll = { .nr_ports = 1, .timeout = start + 2 * MS };

        set_xen_guest_handle(poll.ports, &timer_port[id]);
        EXPECT_EQ(sched_op(SCHEDOP_poll, &poll), 0);
        if (time_now() - start > SECOND && rounds[other] - of_other > 100)
            lost[id]++;
        time_spin(1 * MS);
        rounds[id]++;
    }
}

static void expect_progress(void)
{
    unsigned int before[3] = { 0, rounds[1], rounds[2] };

    for (uint64_t end = time_now() + 10 * SECOND; time_now() < end;)
        if (rounds[1] > before[1] + 3 && rounds[2] > before[2] + 3)
            break;
    EXPECT(rounds[1] > before[1] + 3);
    EXPECT(rounds[2] > before[2] + 3);
}

static void check_refusals(void)
{
    section("what cannot be");
    EXPECT_EQ(platform(XENPF_cpu_offline, 0), -XEN_EINVAL);
    EXPECT_EQ(platform(XENPF_cpu_offline, 77), -XEN_EINVAL);
    EXPECT_EQ(platform(XENPF_cpu_online, 77), -XEN_EINVAL);
    EXPECT_EQ(platform(XENPF_cpu_online, 1), 0);
    EXPECT_ERROR(hotplug(1, 99));
    EXPECT_EQ(nr_cpus(), 3);
}

static void check_rounds(void)
{
    for (unsigned int i = 0; i < 6; i++) {
        section("one, then two of three go");
        EXPECT_EQ(platform(XENPF_cpu_offline, 1 + i % 2), 0);
        EXPECT(!is_online(1 + i % 2));
        EXPECT_EQ(nr_cpus(), 2);
        expect_progress();
        EXPECT_EQ(hotplug(2 - i % 2, XEN_SYSCTL_CPU_HOTPLUG_OFFLINE), 0);
        EXPECT_EQ(nr_cpus(), 1);
        EXPECT_EQ(platform(XENPF_cpu_offline, 1), 0);       /* it is */
        expect_progress();

        section("and come back");
        EXPECT_EQ(hotplug(1, XEN_SYSCTL_CPU_HOTPLUG_ONLINE), 0);
        EXPECT(is_online(1));
        expect_progress();
        EXPECT_EQ(platform(XENPF_cpu_online, 2), 0);
        EXPECT_EQ(nr_cpus(), 3);
        expect_progress();
    }
}

static void check_idle_time(void)
{
    static uint8_t map[1];
    static uint64_t idle[8];

    section("idle times");
    EXPECT_EQ(platform(XENPF_cpu_offline, 1), 0);
    map[0] = 0xff;
    op.cmd = XENPF_getidletime;
    op.u.getidletime.cpumap_nr_cpus = 8;
    set_xen_guest_handle(op.u.getidletime.cpumap_bitmap, map);
    set_xen_guest_handle(op.u.getidletime.idletime, idle);
    EXPECT_EQ(platform_op(&op), 0);
    EXPECT_EQ(map[0] & 7, 5);
    EXPECT(idle[2] > 0 && idle[2] <= op.u.getidletime.now);
    EXPECT_EQ(idle[1], 0);
    EXPECT_EQ(platform(XENPF_cpu_online, 1), 0);
}

static void check_power_states(void)
{
    static struct xen_processor_px px[3] = { { 2000 }, { 1500 }, { 800 } };

    section("performance states are kept");
    is_online(1);
    uint32_t acpi_id = op.u.pcpu_info.acpi_id;

    memset(&op.u, 0, sizeof(op.u));
    op.cmd = XENPF_set_processor_pminfo;
    op.u.set_pminfo.id = acpi_id;
    op.u.set_pminfo.type = XEN_PM_PX;
    op.u.set_pminfo.u.perf.flags = XEN_PX_PSS;
    op.u.set_pminfo.u.perf.state_count = 3;
    set_xen_guest_handle(op.u.set_pminfo.u.perf.states, px);
    EXPECT_EQ(platform_op(&op), 0);
    op.u.set_pminfo.u.perf.state_count = 1000;
    EXPECT_EQ(platform_op(&op), -XEN_EINVAL);
    op.u.set_pminfo.u.perf.state_count = 3;
    set_xen_guest_handle(op.u.set_pminfo.u.perf.states, (void *)HYPERVISOR_VIRT_START);
    EXPECT_EQ(platform_op(&op), -XEN_EFAULT);
    op.u.set_pminfo.id = 4711;
    EXPECT_EQ(platform_op(&op), -XEN_EINVAL);

    sop.cmd = XEN_SYSCTL_get_pmstat;
    sop.u.get_pmstat.type = PMSTAT_get_max_px;
    sop.u.get_pmstat.cpuid = 1;
    EXPECT_EQ(HYPERCALL_1(sysctl, &sop), 0);
    EXPECT_EQ(sop.u.get_pmstat.u.getpx.total, 3);
    sop.u.get_pmstat.cpuid = 2;
    EXPECT_EQ(HYPERCALL_1(sysctl, &sop), -XEN_ENODEV);
}

TEST("cpu_hotplug")
{
    for (unsigned int id = 1; id < 3; id++) {
        timer_port[id] = event_bind_ipi(id);
        vcpu_run(id, work, NULL);
    }
    check_refusals();
    check_rounds();
    check_idle_time();
    check_power_states();
    stop = true;
    vcpu_join(1);
    vcpu_join(2);
    EXPECT_EQ(lost[1] + lost[2], 0);
}
