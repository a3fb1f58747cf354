/* SPDX-License-Identifier: GPL-2.0-only */
/* Model-specific registers: access, and the numbers we use (Intel SDM vol. 4, AMD APM vol. 2). */
#ifndef ASM_MSR_H
#define ASM_MSR_H

#define MSR_TSC                 0x10
#define MSR_APIC_BASE           0x1b
#define MSR_MISC_ENABLE         0x1a0
#define MSR_MTRR_CAP            0xfe
#define MSR_SYSENTER_CS         0x174
#define MSR_SYSENTER_ESP        0x175
#define MSR_SYSENTER_EIP        0x176
#define MSR_MCG_CAP             0x179
#define MSR_MCG_STATUS          0x17a
#define MSR_MCG_CTL             0x17b
#define MSR_PAT                 0x277
#define MSR_MC0_CTL             0x400
#define MSR_MC0_STATUS          0x401
#define MSR_TSC_DEADLINE        0x6e0
#define MSR_X2APIC_FIRST        0x800
#define MSR_EFER                0xc0000080
#define MSR_STAR                0xc0000081
#define MSR_LSTAR               0xc0000082
#define MSR_CSTAR               0xc0000083
#define MSR_SYSCALL_MASK        0xc0000084
#define MSR_FS_BASE             0xc0000100
#define MSR_GS_BASE             0xc0000101
#define MSR_SHADOW_GS_BASE      0xc0000102
#define MSR_TSC_AUX             0xc0000103
#define MSR_SPEC_CTRL           0x48
#define MSR_PRED_CMD            0x49
#define MSR_PLATFORM_INFO       0xce
#define MSR_MISC_FEATURES       0x140

#define EFER_SCE    0x001
#define EFER_LME    0x100
#define EFER_LMA    0x400
#define EFER_NXE    0x800

#ifndef __ASSEMBLY__
#include <xen/types.h>

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;
    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((uint64_t)hi << 32) | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
    asm volatile("wrmsr" :: "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

/* The same, for registers that may not exist: 0 or -EIO instead of a fault. */
int rdmsr_safe(uint32_t msr, uint64_t *v);
int wrmsr_safe(uint32_t msr, uint64_t v);
#endif

#endif
