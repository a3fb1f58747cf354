/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform_op: dom0 on behalf of the machine: wall clock, firmware's data, power, processors.
 *
 * The table of hypercalls lets nobody else in.  The argument is copied in once and, when an
 * operation has something to tell, copied back.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <public/platform.h>
#include <x86/cpu.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/bitops.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/smp.h>
#include <xen/time.h>

#include "private.h"

#define BDA_KEYBOARD_FLAGS  0x417       /* BIOS data area: shift keys and locks */

static long set_time(uint64_t sec, uint32_t nsec, uint64_t at)
{
    if (nsec >= NS_PER_S || at > INT64_MAX)
        return -EINVAL;
    wallclock_set(sec, nsec, (time_ns)at);
    return 0;
}

static unsigned int highest_present(void)
{
    unsigned int highest = 0;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (test_bit(cpu, cpu_present.bits))
            highest = cpu;
    return highest;
}

static bool is_present(unsigned int cpu)
{
    return cpu < cpu_count && test_bit(cpu, cpu_present.bits);
}

static long get_cpuinfo(struct xenpf_pcpuinfo *info)
{
    unsigned int cpu = info->xen_cpuid;

    info->max_present = highest_present();
    if (!is_present(cpu)) {
        info->flags = XEN_PCPU_FLAGS_INVALID;
        info->apic_id = info->acpi_id = 0;
        return 0;
    }
    info->flags = cpu_is_online(cpu) ? XEN_PCPU_FLAGS_ONLINE : 0;
    info->apic_id = cpu_apic_id[cpu];
    info->acpi_id = cpu_acpi_id[cpu];
    return 0;
}

/* All processors of a machine we run on are alike. */
static long get_cpu_version(struct xenpf_pcpu_version *ver)
{
    bool known = is_present(ver->xen_cpuid) && cpu_is_online(ver->xen_cpuid);

    ver->max_present = highest_present();
    memset(ver->vendor_id, 0, sizeof(ver->vendor_id));
    if (known)
        memcpy(ver->vendor_id, cpu_features.vendor, sizeof(ver->vendor_id));
    ver->family = known ? cpu_features.family : 0;
    ver->model = known ? cpu_features.model_nr : 0;
    ver->stepping = known ? cpu_features.stepping : 0;
    return 0;
}

/* The boot loader brings us no disks, no EDID and no EFI; the BIOS's data area is still there. */
static long firmware_info(struct xenpf_firmware_info *info)
{
    switch (info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
        return -ENOENT;
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH;
    case XEN_FW_EFI_INFO:
        return -ENOSYS;
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (info->index)
            return -ESRCH;
        info->u.kbd_shift_flags =
            *(const volatile uint8_t *)maddr_to_virt(maddr_of(BDA_KEYBOARD_FLAGS));
        return 0;
    default:
        return -EINVAL;
    }
}

/* dom0's AML interpreter knows what means S5; from here on, so do we. */
static long enter_sleep(const struct xenpf_enter_acpi_sleep *sleep)
{
    if (sleep->sleep_state != 5 || sleep->flags)
        return -EOPNOTSUPP;
    if (!platform.pm1a_cnt)
        return -ENODEV;
    power_off_values(sleep->val_a, sleep->val_b);
    log_always("Hardware Dom%u asks for S5: powering off\n", current->domain->id);
    arch_machine_power_off();
}

static long platform_quirk(uint32_t id)
{
    switch (id) {
    case QUIRK_NOIRQBALANCING:      /* we never move interrupts on our own */
    case QUIRK_IOAPIC_GOOD_REGSEL:
    case QUIRK_IOAPIC_BAD_REGSEL:   /* the register is selected before each access anyway */
        return 0;
    default:
        return -EINVAL;
    }
}

/* For each CPU in the map that is online, how long it has idled; the map then tells which those
 * are. */
static long get_idle_time(struct xenpf_getidletime *q)
{
    uint32_t n = min(q->cpumap_nr_cpus, cpu_count);
    uint64_t map_va = (uint64_t)q->cpumap_bitmap.p;

    for (uint32_t cpu = 0; cpu < n; cpu++) {
        uint8_t byte, bit = (uint8_t)(1u << cpu % 8);
        if (copy_from_guest_va(&byte, map_va + cpu / 8, 1))
            return -EFAULT;
        if (!(byte & bit))
            continue;
        if (cpu_is_online(cpu)) {
            uint64_t ns = vcpu_cpu_time(idle_domain->vcpu[cpu]);
            if (copy_to_guest_offset(q->idletime, cpu, &ns, 1))
                return -EFAULT;
        } else {
            byte &= (uint8_t)~bit;
            if (copy_to_guest_va(map_va + cpu / 8, &byte, 1))
                return -EFAULT;
        }
    }
    q->now = (uint64_t)time_now();
    return 0;
}

static long again_if(long rc, uint64_t arg)
{
    return rc == -ERESTART ? hypercall_continue(__HYPERVISOR_platform_op, 1, arg) : rc;
}

long do_platform_op(uint64_t arg)
{
    struct xen_platform_op op;
    long rc;

    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    switch (op.cmd) {
    case XENPF_settime32:
        return set_time(op.u.settime32.secs, op.u.settime32.nsecs, op.u.settime32.system_time);
    case XENPF_settime64:
        if (op.u.settime64.mbz)
            return -EINVAL;
        return set_time(op.u.settime64.secs, op.u.settime64.nsecs, op.u.settime64.system_time);
    case XENPF_platform_quirk:
        return platform_quirk(op.u.platform_quirk.quirk_id);
    case XENPF_enter_acpi_sleep:
        return enter_sleep(&op.u.enter_acpi_sleep);
    case XENPF_get_cpuinfo:
        rc = get_cpuinfo(&op.u.pcpu_info);
        break;
    case XENPF_get_cpu_version:
        rc = get_cpu_version(&op.u.pcpu_version);
        break;
    case XENPF_firmware_info:
        rc = firmware_info(&op.u.firmware_info);
        break;
    case XENPF_getidletime:
        rc = get_idle_time(&op.u.getidletime);
        break;
    case XENPF_set_processor_pminfo:
        return power_states_set(&op.u.set_pminfo);
    case XENPF_cpu_online:
        return arch_cpu_online(op.u.cpu_ol.cpuid);
    case XENPF_cpu_offline:
        return again_if(arch_cpu_offline(op.u.cpu_ol.cpuid), arg);
    default:    /* MTRRs, microcode, EFI, frequencies, new processors, MSRs, symbols */
        return -ENOSYS;
    }
    return rc ? rc : copy_arg_to_guest(arg, &op) ? -EFAULT : 0;
}
