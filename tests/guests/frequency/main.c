/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors' frequencies: dom0 hands over what ACPI says, the hypervisor's governors write the
 * control register.  Here that is a port of QEMU's test device, which can be read back: each
 * processor has two bytes of it.  What makes no sense is refused and changes nothing.
 *
 * smp: 2
 * options: dom0_max_vcpus=1 dom0_vcpus_pin
 * qemu: -device pc-testdev
 * seconds: 60
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>

#define PORT    0xe0            /* and two bytes on for the other */
#define STATES  4
#define MHZ(mhz, value) { .core_frequency = mhz, .control = value }

static struct xen_processor_px px[STATES] = {
    MHZ(3000, 0x3001), MHZ(2000, 0x2002), MHZ(1500, 0x1503), MHZ(800, 0x804),
};
static struct xen_platform_op op;
static struct xen_sysctl sop;
static uint32_t acpi_id[2];

static uint16_t in16(uint16_t port)
{
    uint16_t value;

    asm volatile("inw %w1, %w0" : "=a"(value) : "d"(port));
    return value;
}

static long sysctl(unsigned int cmd)
{
    sop.cmd = cmd;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HYPERCALL_1(sysctl, &sop);
}

static void find_ids(void)
{
    for (unsigned int cpu = 0; cpu < 2; cpu++) {
        op.cmd = XENPF_get_cpuinfo;
        op.interface_version = XENPF_INTERFACE_VERSION;
        op.u.pcpu_info.xen_cpuid = cpu;
        REQUIRE_EQ(platform_op(&op), 0);
        acpi_id[cpu] = op.u.pcpu_info.acpi_id;
    }
}

/* What is said then can be changed before tell(). */
static struct xen_processor_performance *prepare(unsigned int cpu)
{
    memset(&op, 0, sizeof(op));
    op.cmd = XENPF_set_processor_pminfo;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.set_pminfo.id = acpi_id[cpu];
    op.u.set_pminfo.type = XEN_PM_PX;
    struct xen_processor_performance *p = &op.u.set_pminfo.u.perf;

    p->flags = XEN_PX_PCT | XEN_PX_PSS | XEN_PX_PPC;
    p->state_count = STATES;
    p->control_register.space_id = 1;
    p->control_register.bit_width = 16;
    p->control_register.address = PORT + 2 * cpu;
    set_xen_guest_handle(p->states, px);
    return p;
}

static long tell(void)
{
    return platform_op(&op);
}

/* The register shows the state soon; a busy host may be late. */
static void expect_state(unsigned int cpu, unsigned int state)
{
    uint64_t end = time_now() + 10 * SECOND;
    uint16_t value;

    while ((value = in16(PORT + 2 * cpu)) != px[state].control && time_now() < end)
        cpu_relax();
    EXPECT_EQ(value, px[state].control);
}

static long max_px(unsigned int cpu)
{
    sop.u.get_pmstat.type = PMSTAT_get_max_px;
    sop.u.get_pmstat.cpuid = cpu;
    return sysctl(XEN_SYSCTL_get_pmstat);
}

static long set_governor(unsigned int cpu, const char *name)
{
    memset(&sop, 0, sizeof(sop));
    sop.u.pm_op.cmd = SET_CPUFREQ_GOV;
    sop.u.pm_op.cpuid = cpu;
    memcpy(sop.u.pm_op.u.set_gov.scaling_governor, name, strlen(name));
    return sysctl(XEN_SYSCTL_pm_op);
}

static long set_para(unsigned int cpu, unsigned int type, unsigned int value)
{
    sop.u.pm_op.cmd = SET_CPUFREQ_PARA;
    sop.u.pm_op.cpuid = cpu;
    sop.u.pm_op.u.set_para.ctrl_type = type;
    sop.u.pm_op.u.set_para.ctrl_value = value;
    return sysctl(XEN_SYSCTL_pm_op);
}

static void check_refusals(void)
{
    static const uint64_t mhz[] = { 0, 2001, 1ULL << 40, ~0ULL };

    section("what makes no sense");
    EXPECT_EQ(max_px(0), -XEN_ENODEV);
    EXPECT_EQ(set_governor(0, "powersave"), -XEN_ENODEV);
    prepare(0)->state_count = 0;
    EXPECT_EQ(tell(), -XEN_EINVAL);
    prepare(0)->state_count = 33;
    EXPECT_EQ(tell(), -XEN_EINVAL);
    prepare(0)->state_count = ~0u;
    EXPECT_EQ(tell(), -XEN_EINVAL);
    set_xen_guest_handle(prepare(0)->states, (void *)HYPERVISOR_VIRT_START);
    EXPECT_EQ(tell(), -XEN_EFAULT);
    prepare(0);
    op.u.set_pminfo.id = 4711;
    EXPECT_EQ(tell(), -XEN_EINVAL);
    prepare(0);
    op.u.set_pminfo.type = 99;
    EXPECT_EQ(tell(), -XEN_EINVAL);
    for (unsigned int i = 0; i < ARRAY_SIZE(mhz); i++) {
        px[2].core_frequency = mhz[i];
        prepare(0);
        EXPECT_EQ(tell(), -XEN_EINVAL);
    }
    px[2].core_frequency = 1500;
    EXPECT_EQ(max_px(0), -XEN_ENODEV);
    EXPECT_EQ(in16(PORT), 0);
    EXPECT_EQ(max_px(2), -XEN_EINVAL);
}

static void check_governors(void)
{
    section("performance, unless told otherwise");
    for (unsigned int cpu = 0; cpu < 2; cpu++) {
        prepare(cpu);
        EXPECT_EQ(tell(), 0);
        expect_state(cpu, 0);
        EXPECT_EQ(max_px(cpu), 0);
        EXPECT_EQ(sop.u.get_pmstat.u.getpx.total, STATES);
    }

    section("powersave, of one processor");
    EXPECT_EQ(set_governor(1, "powersave"), 0);
    expect_state(1, 3);
    EXPECT_EQ(in16(PORT), px[0].control);

    section("userspace");
    EXPECT_EQ(set_para(1, SCALING_SETSPEED, 1500000), -XEN_EINVAL);
    EXPECT_EQ(set_governor(1, "userspace"), 0);
    EXPECT_EQ(set_para(1, SCALING_SETSPEED, 1500000), 0);
    expect_state(1, 2);
    EXPECT_EQ(set_para(1, SCALING_SETSPEED, 1500001), 0);
    expect_state(1, 1);
    EXPECT_EQ(set_para(1, SCALING_SETSPEED, 3000001), -XEN_EINVAL);

    section("limits, the administrator's and the platform's");
    EXPECT_EQ(set_para(1, SCALING_MAX_FREQ, 1500000), 0);
    expect_state(1, 2);
    EXPECT_EQ(set_para(1, SCALING_MIN_FREQ, 2000000), -XEN_EINVAL);
    EXPECT_EQ(set_para(1, SCALING_MAX_FREQ, 3000000), 0);
    EXPECT_EQ(set_para(1, SCALING_SETSPEED, 3000000), 0);
    expect_state(1, 0);
    prepare(1)->platform_limit = 1;
    op.u.set_pminfo.u.perf.flags = XEN_PX_PPC;
    EXPECT_EQ(tell(), 0);
    expect_state(1, 1);
    prepare(1)->flags = XEN_PX_PPC;
    EXPECT_EQ(tell(), 0);
    expect_state(1, 0);

    section("names that are none");
    EXPECT_EQ(set_governor(1, "sixteen-letters!"), -XEN_EINVAL);
    EXPECT_EQ(set_governor(1, ""), -XEN_EINVAL);
    EXPECT_EQ(set_para(1, 4711, 1), -XEN_EINVAL);
    EXPECT_EQ(set_para(7, SCALING_MAX_FREQ, 1500000), -XEN_EINVAL);
}

static void check_ondemand(void)
{
    static evtchn_port_t port;
    struct sched_poll poll = { .nr_ports = 1 };

    section("ondemand: slow while idle, fast when busy");
    EXPECT_EQ(set_governor(1, "ondemand"), 0);
    expect_state(1, 3);
    EXPECT_EQ(set_para(0, UP_THRESHOLD, 60), -XEN_EINVAL);
    EXPECT_EQ(set_governor(0, "ondemand"), 0);
    EXPECT_EQ(set_para(0, UP_THRESHOLD, 60), 0);
    EXPECT_EQ(set_para(0, SAMPLING_RATE, 10000), 0);
    EXPECT_EQ(set_para(0, SAMPLING_RATE, 10), -XEN_EINVAL);
    expect_state(0, 0);                         /* we spin while we look */
    port = event_bind_ipi(0);
    set_xen_guest_handle(poll.ports, &port);
    /* We are busy again while we look, so that it may be too late on a slow host. */
    uint16_t value = in16(PORT);

    for (unsigned int i = 0; i < 50 && value != px[3].control; i++) {
        poll.timeout = time_now() + 100 * MS;
        EXPECT_EQ(sched_op(SCHEDOP_poll, &poll), 0);
        value = in16(PORT);
    }
    EXPECT_EQ(value, px[3].control);
    expect_state(0, 0);
    EXPECT_EQ(set_governor(0, "performance"), 0);
    EXPECT_EQ(set_governor(1, "powersave"), 0);
}

static void check_use(void)
{
    static struct pm_px_val val[STATES];
    static uint64_t moves[STATES * STATES], times[2], triggers[2];
    uint64_t sum = 0;

    section("how states were used");
    sop.u.get_pmstat.cpuid = 1;
    sop.u.get_pmstat.type = PMSTAT_get_pxstat;
    sop.u.get_pmstat.u.getpx.total = STATES;
    set_xen_guest_handle(sop.u.get_pmstat.u.getpx.pt, val);
    set_xen_guest_handle(sop.u.get_pmstat.u.getpx.trans_pt, moves);
    EXPECT_EQ(sysctl(XEN_SYSCTL_get_pmstat), 0);
    EXPECT_EQ(sop.u.get_pmstat.u.getpx.total, STATES);
    EXPECT_EQ(sop.u.get_pmstat.u.getpx.usable, STATES);
    EXPECT_EQ(sop.u.get_pmstat.u.getpx.cur, 3);
    for (unsigned int i = 0; i < STATES; i++) {
        EXPECT_EQ(val[i].freq, px[i].core_frequency);
        EXPECT(val[i].count > 0 && val[i].residency > 0);
        sum += val[i].residency;
    }
    EXPECT(sum < time_now());
    EXPECT(moves[0 * STATES + 3] > 0);
    set_xen_guest_handle(sop.u.get_pmstat.u.getpx.pt, (void *)HYPERVISOR_VIRT_START);
    EXPECT_EQ(sysctl(XEN_SYSCTL_get_pmstat), -XEN_EFAULT);

    section("idle states");
    sop.u.get_pmstat.type = PMSTAT_get_cxstat;
    sop.u.get_pmstat.cpuid = 1;
    sop.u.get_pmstat.u.getcx.nr = 2;
    set_xen_guest_handle(sop.u.get_pmstat.u.getcx.residencies, times);
    set_xen_guest_handle(sop.u.get_pmstat.u.getcx.triggers, triggers);
    EXPECT_EQ(sysctl(XEN_SYSCTL_get_pmstat), 0);
    EXPECT(times[1] > times[0]);
    EXPECT(times[0] + times[1] <= time_now());
}

static void check_parameters(void)
{
    static uint32_t cpus[1], khz[STATES];
    static char names[4 * CPUFREQ_NAME_LEN];
    struct xen_get_cpufreq_para *q = &sop.u.pm_op.u.get_para;

    section("what there is");
    memset(&sop, 0, sizeof(sop));
    sop.u.pm_op.cmd = GET_CPUFREQ_PARA;
    sop.u.pm_op.cpuid = 1;
    EXPECT_EQ(sysctl(XEN_SYSCTL_pm_op), -XEN_EAGAIN);
    EXPECT_EQ(q->freq_num, STATES);
    EXPECT_EQ(q->gov_num, 4);
    set_xen_guest_handle(q->affected_cpus, cpus);
    set_xen_guest_handle(q->scaling_available_frequencies, khz);
    set_xen_guest_handle(q->scaling_available_governors, names);
    EXPECT_EQ(sysctl(XEN_SYSCTL_pm_op), 0);
    EXPECT_EQ(cpus[0], 1);
    EXPECT_EQ(khz[3], 800000);
    EXPECT_EQ(q->cpuinfo_cur_freq, 800000);
    EXPECT(strstr_in(names, "ondemand"));
    EXPECT(strstr_in(q->scaling_governor, "powersave"));
}

static void check_offline(void)
{
    section("a processor that comes back online");
    sop.u.cpu_hotplug.cpu = 1;
    sop.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE;
    EXPECT_EQ(sysctl(XEN_SYSCTL_cpu_hotplug), 0);
    EXPECT_EQ(set_governor(1, "performance"), -XEN_EINVAL);
    sop.u.cpu_hotplug.cpu = 1;
    sop.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE;
    EXPECT_EQ(sysctl(XEN_SYSCTL_cpu_hotplug), 0);
    EXPECT_EQ(set_governor(1, "performance"), 0);
    expect_state(1, 0);
}

TEST("frequency")
{
    struct physdev_set_iopl iopl = { .iopl = 1 };

    REQUIRE_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    find_ids();
    check_refusals();
    check_governors();
    check_ondemand();
    check_use();
    check_parameters();
    check_offline();
}
