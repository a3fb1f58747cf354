/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform_op, sysctl and domctl as dom0 calls them: interface versions that are not ours, commands
 * that are none, and the harmless questions.
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>
#include <public/domctl.h>

static struct xen_platform_op op;

static long call(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return platform_op(&op);
}

static void check_platform(void)
{
    section("platform_op: version and commands");
    op.cmd = XENPF_get_cpuinfo;
    op.interface_version = XENPF_INTERFACE_VERSION + 1;
    EXPECT_EQ(platform_op(&op), -XEN_EACCES);
    EXPECT_EQ(platform_op((void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(call(9999), -XEN_ENOSYS);

    section("processors");
    memset(&op, 0, sizeof(op));
    EXPECT_EQ(call(XENPF_get_cpuinfo), 0);
    EXPECT(op.u.pcpu_info.max_present < 4096);
    EXPECT(op.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE);
    op.u.pcpu_info.xen_cpuid = 4095;
    EXPECT_ANY(call(XENPF_get_cpuinfo), 0, -XEN_EINVAL);
    EXPECT(!(op.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE));
    memset(&op, 0, sizeof(op));
    EXPECT_EQ(call(XENPF_get_cpu_version), 0);
    EXPECT(op.u.pcpu_version.family >= 6);
    op.u.cpu_ol.cpuid = 5000;
    EXPECT_ERROR(call(XENPF_cpu_online));
    op.u.cpu_ol.cpuid = 5000;
    EXPECT_ERROR(call(XENPF_cpu_offline));

    section("the wall clock");
    memset(&op, 0, sizeof(op));
    op.u.settime64.secs = 2000000000;
    op.u.settime64.nsecs = 5;
    op.u.settime64.system_time = time_now();
    EXPECT_EQ(call(XENPF_settime64), 0);

    uint64_t now = ((uint64_t)shared_info->wc_sec_hi << 32 | shared_info->wc_sec) +
                   time_now() / SECOND;

    EXPECT(now >= 1999999999 && now <= 2000000010);

    section("firmware and sleep");
    memset(&op, 0, sizeof(op));
    op.u.firmware_info.type = 999;
    EXPECT_ERROR(call(XENPF_firmware_info));
    memset(&op, 0, sizeof(op));
    op.u.enter_acpi_sleep.sleep_state = 99;
    EXPECT_ERROR(call(XENPF_enter_acpi_sleep));
}

static struct xen_sysctl sysctl;
static struct xen_domctl domctl;

static void check_control(void)
{
    section("sysctl");
    sysctl.cmd = XEN_SYSCTL_physinfo;
    sysctl.interface_version = 1;
    EXPECT_EQ(HYPERCALL_1(sysctl, &sysctl), -XEN_EACCES);
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    EXPECT_EQ(HYPERCALL_1(sysctl, &sysctl), 0);
    EXPECT(sysctl.u.physinfo.nr_cpus >= 1);
    EXPECT(sysctl.u.physinfo.total_pages > start_info->nr_pages);
    EXPECT(sysctl.u.physinfo.free_pages < sysctl.u.physinfo.total_pages);
    sysctl.cmd = 9999;
    EXPECT_ERROR(HYPERCALL_1(sysctl, &sysctl));
    EXPECT_EQ(HYPERCALL_1(sysctl, HYPERVISOR_VIRT_START), -XEN_EFAULT);

    section("domctl");
    domctl.cmd = XEN_DOMCTL_getdomaininfo;
    domctl.interface_version = 1;
    EXPECT_EQ(HYPERCALL_1(domctl, &domctl), -XEN_EACCES);
    domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl.domain = 0;
    EXPECT_EQ(HYPERCALL_1(domctl, &domctl), 0);
    EXPECT_EQ(domctl.u.getdomaininfo.domain, 0);
    EXPECT(domctl.u.getdomaininfo.tot_pages >= start_info->nr_pages);
    EXPECT_EQ(domctl.u.getdomaininfo.nr_online_vcpus, 1);
    EXPECT_EQ(domctl.u.getdomaininfo.shared_info_frame, start_info->shared_info >> PAGE_SHIFT);
    domctl.domain = 1234;
    EXPECT_ERROR(HYPERCALL_1(domctl, &domctl));
    domctl.cmd = XEN_DOMCTL_pausedomain;
    EXPECT_EQ(HYPERCALL_1(domctl, &domctl), -XEN_ESRCH);
    domctl.cmd = 9999;
    domctl.domain = 0;
    EXPECT_ERROR(HYPERCALL_1(domctl, &domctl));
    EXPECT_EQ(HYPERCALL_1(domctl, HYPERVISOR_VIRT_START), -XEN_EFAULT);

    section("not on oneself");
    domctl.cmd = XEN_DOMCTL_pausedomain;
    EXPECT_ERROR(HYPERCALL_1(domctl, &domctl));
    domctl.cmd = XEN_DOMCTL_destroydomain;
    EXPECT_ERROR(HYPERCALL_1(domctl, &domctl));
}

TEST("platform_op")
{
    check_platform();
    check_control();
}
