/* SPDX-License-Identifier: GPL-2.0-only */
/* The x86 part of the page shared for performance counters. Included by pmu.h. */
#ifndef PUBLIC_ARCH_X86_PMU_H
#define PUBLIC_ARCH_X86_PMU_H

#include "../xen.h"

/* xen_pmu_arch.pmu_flags */
/* The guest changed its copy of the registers, see XENPMU_flush */
#define PMU_CACHED      (1<<0)
#define PMU_SAMPLE_USER (1<<1)      /* in user mode, */
#define PMU_SAMPLE_REAL (1<<2)      /* in real mode, */
#define PMU_SAMPLE_PV   (1<<3)      /* of a PV guest */

#define XENPMU_REGS_PAD_SZ 64
#define XENPMU_CTXT_PAD_SZ 128

#ifndef __ASSEMBLY__

/* Registers lie behind the structure; these are offsets of the two lists in the page. */
struct xen_pmu_amd_ctxt {
    uint32_t counters;
    uint32_t ctrls;
    uint64_t regs[XEN_FLEX_ARRAY_DIM];
};
XEN_ABI_STRUCT(xen_pmu_amd_ctxt);

struct xen_pmu_cntr_pair {
    uint64_t counter;
    uint64_t control;
};
XEN_ABI_STRUCT(xen_pmu_cntr_pair);

struct xen_pmu_intel_ctxt {
    uint32_t fixed_counters;        /* of uint64_t */
    uint32_t arch_counters;         /* of xen_pmu_cntr_pair */
    uint64_t global_ctrl;
    uint64_t global_ovf_ctrl;
    uint64_t global_status;
    uint64_t fixed_ctrl;
    uint64_t ds_area;
    uint64_t pebs_enable;
    uint64_t debugctl;
    uint64_t regs[XEN_FLEX_ARRAY_DIM];
};
XEN_ABI_STRUCT(xen_pmu_intel_ctxt);

/* Where the interrupt hit. */
struct xen_pmu_regs {
    uint64_t ip;
    uint64_t sp;
    uint64_t flags;
    uint16_t cs;
    uint16_t ss;
    uint8_t cpl;
    uint8_t pad[3];
};
XEN_ABI_STRUCT(xen_pmu_regs);

struct xen_pmu_arch {
    union {
        xen_pmu_regs_t regs;
        uint8_t pad[XENPMU_REGS_PAD_SZ];
    } r;
    uint64_t pmu_flags;             /* PMU_* */
    union {
        uint32_t lapic_lvtpc;       /* written by the guest, see XENPMU_lvtpc_set */
        uint64_t pad;
    } l;
    union {
        xen_pmu_amd_ctxt_t amd;
        xen_pmu_intel_ctxt_t intel;
        uint8_t pad[XENPMU_CTXT_PAD_SZ];
    } c;
};
XEN_ABI_STRUCT(xen_pmu_arch);

#endif /* __ASSEMBLY__ */
#endif
