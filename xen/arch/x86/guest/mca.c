/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mca: dom0's view of machine checks.  Errors are said on the console when they happen (cpu/mce.c)
 * and not kept, so there is never anything to fetch; which processors there are can be asked.
 */
#include <lib/string.h>
#include <public/arch-x86/xen-mca.h>
#include <x86/cpu.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/smp.h>

/* Numbers of vendors as Linux has them. */
#define VENDOR_INTEL    0
#define VENDOR_AMD      2

static long fetch(struct xen_mc_fetch *f)
{
    if (f->flags & ~(uint32_t)(XEN_MC_NONURGENT | XEN_MC_URGENT | XEN_MC_ACK))
        return -EINVAL;
    f->flags = f->flags & XEN_MC_ACK ? XEN_MC_OK : XEN_MC_NODATA;
    f->fetch_id = 0;
    return 0;
}

static void describe_cpu(unsigned int cpu, xen_mc_logical_cpu_t *info)
{
    *info = (xen_mc_logical_cpu_t){
        .mc_cpunr = cpu, .mc_chipid = cpu_socket_id(cpu), .mc_coreid = (uint16_t)cpu_core_id(cpu),
        .mc_apicid = cpu_apic_id[cpu], .mc_clusterid = cpu_apic_id[cpu],
        .mc_ncores = 1, .mc_ncores_active = 1, .mc_nthreads = 1,
        .mc_cpuid_level = (int32_t)cpuid(0, 0).eax,
        .mc_family = cpu_features.family, .mc_model = cpu_features.model_nr,
        .mc_step = cpu_features.stepping, .mc_vendor = cpu_features.amd ? VENDOR_AMD : VENDOR_INTEL,
    };
    strlcpy(info->mc_vendorid, cpu_features.vendor, sizeof(info->mc_vendorid));
    strlcpy(info->mc_brandid, cpu_features.model, sizeof(info->mc_brandid));
    info->mc_cpu_caps[MC_CAPS_STD_EDX] = cpu_features.leaf1_edx;
    info->mc_cpu_caps[MC_CAPS_STD_ECX] = cpu_features.leaf1_ecx;
    info->mc_cpu_caps[MC_CAPS_AMD_EDX] = cpu_features.ext1_edx;
    info->mc_cpu_caps[MC_CAPS_AMD_ECX] = cpu_features.ext1_ecx;
}

/* Without a list: only how many. */
static long physical_cpus(xen_mc_physcpuinfo_t *p)
{
    bool counting = guest_handle_is_null(p->info);
    uint32_t room = p->ncpus, n = 0;

    for_each_online_cpu(cpu) {
        xen_mc_logical_cpu_t info;
        if (!counting && n == room)
            break;
        describe_cpu(cpu, &info);
        if (!counting && copy_to_guest_offset(p->info, n, &info, 1))
            return -EFAULT;
        n++;
    }
    p->ncpus = n;
    return 0;
}

long do_mca(uint64_t arg)
{
    struct xen_mc op;
    long rc;

    if (copy_arg_from_guest(&op, arg))
        return -EFAULT;
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION)
        return -EACCES;
    switch (op.cmd) {
    case XEN_MC_fetch: rc = fetch(&op.u.mc_fetch); break;
    case XEN_MC_physcpuinfo: rc = physical_cpus(&op.u.mc_physcpuinfo); break;
    default: return -ENOSYS;
    }
    return rc ? rc : copy_arg_to_guest(arg, &op) ? -EFAULT : 0;
}
