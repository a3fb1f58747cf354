/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenpmu_op(cmd, arg): performance counters for PV guests, and dom0's choice of who may count
 * what.
 */
#ifndef PUBLIC_PMU_H
#define PUBLIC_PMU_H

#include "xen.h"
#include "arch-x86/pmu.h"

#define XENPMU_VER_MAJ 0
#define XENPMU_VER_MIN 1

/* dom0 */
#define XENPMU_mode_get    0
#define XENPMU_mode_set    1
#define XENPMU_feature_get 2
#define XENPMU_feature_set 3
/* any guest: val is the frame of the shared page for init; the last two have no argument */
#define XENPMU_init        4
#define XENPMU_finish      5
#define XENPMU_lvtpc_set   6
#define XENPMU_flush       7

#define XENPMU_MODE_OFF    0
#define XENPMU_MODE_SELF   (1<<0)   /* guests see themselves, */
#define XENPMU_MODE_HV     (1<<1)   /* dom0 also the hypervisor, */
#define XENPMU_MODE_ALL    (1<<2)   /* dom0 everything and nobody else anything */

#define XENPMU_FEATURE_INTEL_BTS (1<<0)
#define XENPMU_FEATURE_IPC_ONLY  (1<<1)
#define XENPMU_FEATURE_ARCH_ONLY (1<<2)

#ifndef __ASSEMBLY__

struct xen_pmu_params {
    struct {
        uint32_t maj;
        uint32_t min;
    } version;                      /* in and out */
    uint64_t val;
    uint32_t vcpu;
    uint32_t pad;
};
XEN_ABI_STRUCT(xen_pmu_params);

/* The shared page of one vCPU; valid in the handler of VIRQ_XENPMU. */
struct xen_pmu_data {
    uint32_t vcpu_id;               /* who ran, and where */
    uint32_t pcpu_id;
    domid_t domain_id;
    uint8_t pad[6];
    xen_pmu_arch_t pmu;
};

#endif /* __ASSEMBLY__ */
#endif
