/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Model-specific registers of PV guests.
 *
 * A guest sees its own segment bases, constants where its kernel only wants to know, and, if it is
 * dom0, a few of the machine's for reading.  Writes that a kernel makes by habit and that belong to
 * us are swallowed.  Everything else is #GP, which kernels expect of registers they probe.
 */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <public/arch-x86/cpuid.h>
#include <x86/cpu.h>
#include <x86/guest.h>
#include <xen/printk.h>

#include "private.h"

#define MSR_PLATFORM_ID         0x17
#define MSR_UCODE_REV           0x8b
#define MSR_MC0_CTL2            0x280
#define MSR_MC_LAST_CTL2        0x29f
#define MSR_MTRR_DEF_TYPE       0x2ff
#define MSR_MC_LAST             0x47f
#define MSR_AMD_SYSCFG          0xc0010010
#define MSR_AMD_HWCR            0xc0010015
#define MSR_AMD_NB_CFG          0xc001001f
#define MSR_AMD_INT_PENDING     0xc0010055
#define MSR_AMD_MMIO_CFG        0xc0010058
#define MSR_AMD_OSVW_LENGTH     0xc0010140
#define MSR_AMD_OSVW_STATUS     0xc0010141
#define MSR_AMD_DE_CFG          0xc0011029
#define MSR_HYPERCALL_PAGE      0x40000000

#define APIC_BASE_BSP           0x00000100u
#define APIC_BASE_ENABLE        0x00000800u
#define APIC_BASE_ADDRESS       0xfee00000u

#define MISC_ENABLE_PERFMON     (1UL << 7)
#define MISC_ENABLE_NO_BTS      (1UL << 11)
#define MISC_ENABLE_NO_PEBS     (1UL << 12)
#define MISC_ENABLE_MWAIT       (1UL << 18)

static bool host_value(uint32_t msr, uint64_t *value)
{
    return !rdmsr_safe(msr, value);
}

static bool is_machine_check(uint32_t msr)
{
    return (msr >= MSR_MCG_CAP && msr <= MSR_MCG_CTL) ||
           (msr >= MSR_MC0_CTL && msr <= MSR_MC_LAST) ||
           (msr >= MSR_MC0_CTL2 && msr <= MSR_MC_LAST_CTL2);
}

/* System-call entry is set by callbacks; kernels write these all the same. */
static bool is_syscall_entry(uint32_t msr)
{
    return (msr >= MSR_STAR && msr <= MSR_SYSCALL_MASK) ||
           (msr >= MSR_SYSENTER_CS && msr <= MSR_SYSENTER_EIP);
}

/* The northbridge's and core's configuration: dom0 looks and, in vain, corrects. */
static bool is_amd_config(uint32_t msr)
{
    switch (msr) {
    case MSR_AMD_SYSCFG:
    case MSR_AMD_HWCR:
    case MSR_AMD_NB_CFG:
    case MSR_AMD_INT_PENDING:
    case MSR_AMD_MMIO_CFG:
    case MSR_AMD_OSVW_LENGTH:
    case MSR_AMD_OSVW_STATUS:
    case MSR_AMD_DE_CFG:
        return cpu_features.amd;
    default:
        return false;
    }
}

static bool read_misc_enable(uint64_t *value)
{
    if (!host_value(MSR_MISC_ENABLE, value))
        return false;
    *value &= ~(MISC_ENABLE_PERFMON | MISC_ENABLE_MWAIT);
    *value |= MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS;
    return true;
}

static bool refuse_access(const struct vcpu *v, uint32_t msr, const char *how)
{
    glog_debug("d%uv%u: %s MSR %08x: refused\n", v->domain->id, v->vcpu_id, how, msr);
    return false;
}

bool pv_guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = 0;
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_SHADOW_GS_BASE:
    case MSR_PAT:
        *value = rdmsr(msr);
        return true;
    case MSR_TSC:
        *value = v->domain->arch.tsc_is_emulated ? guest_tsc(v->domain) : rdtsc();
        return true;
    case MSR_TSC_AUX:
        *value = v->arch.tsc_aux;
        return cpu_features.rdtscp;
    case MSR_EFER:
        *value = rdmsr(MSR_EFER) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
        return true;
    case MSR_APIC_BASE:
        *value = APIC_BASE_ADDRESS | APIC_BASE_ENABLE | (v->vcpu_id ? 0 : APIC_BASE_BSP);
        return true;
    case MSR_MISC_ENABLE:
        return read_misc_enable(value);
    case MSR_PLATFORM_INFO:
    case MSR_MTRR_CAP:
    case MSR_MTRR_DEF_TYPE:
        return true;
    case MSR_PLATFORM_ID:
    case MSR_UCODE_REV:
        return host_value(msr, value);
    }
    if (is_machine_check(msr) || is_syscall_entry(msr))
        return true;
    if (is_amd_config(msr) && v->domain->is_privileged)
        return host_value(msr, value);
    return v->domain->arch.msr_relaxed || refuse_access(v, msr, "reads");
}

/* A guest that knows us from CPUID alone has its hypercall page filled so. */
static bool fill_hypercall_page(struct vcpu *v, uint64_t value)
{
    mfn_t mfn = mfn_of(value >> PAGE_SHIFT);
    if ((value & (PAGE_SIZE - 1)) || frame_is_io(mfn) ||
        frame_get_and_type(mfn_to_frame(mfn), v->domain, FRAME_KIND_WRITABLE))
        return false;
    hypercall_page_fill(mfn_to_virt(mfn));
    frame_put_and_type(mfn_to_frame(mfn));
    return true;
}

static bool write_base(uint32_t msr, uint64_t value)
{
    if (!va_is_canonical(value))
        return false;
    wrmsr(msr, value);
    return true;
}

static bool write_tsc_aux(struct vcpu *v, uint64_t value)
{
    if (!cpu_features.rdtscp || value >> 32)
        return false;
    v->arch.tsc_aux = value;
    wrmsr(MSR_TSC_AUX, value);
    return true;
}

static bool is_unchanged(struct vcpu *v, uint32_t msr, uint64_t value)
{
    uint64_t now;
    return pv_guest_rdmsr(v, msr, &now) && now == value;
}

bool pv_guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_SHADOW_GS_BASE:
        return write_base(msr, value);
    case MSR_TSC_AUX:
        return write_tsc_aux(v, value);
    case MSR_HYPERCALL_PAGE:
        return fill_hypercall_page(v, value);
    case MSR_EFER:
    case MSR_PAT:
        return is_unchanged(v, msr, value) || refuse_access(v, msr, "changes");
    case MSR_APIC_BASE:
    case MSR_MISC_ENABLE:
    case MSR_UCODE_REV:
        return true;
    }
    if (is_machine_check(msr) || is_syscall_entry(msr))
        return true;
    if (is_amd_config(msr) && v->domain->is_privileged)
        return true;
    return refuse_access(v, msr, "writes");
}
