/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machine checks: mca(op). Dom0 fetches what the hypervisor logged, and may inject errors for
 * tests.
 *
 * Telemetry is a chain of records in mi_data, each with its type and size in bytes.
 */
#ifndef PUBLIC_ARCH_X86_MCA_H
#define PUBLIC_ARCH_X86_MCA_H

#include "../xen.h"

#define __HYPERVISOR_mca __HYPERVISOR_arch_0
#define VIRQ_MCA VIRQ_ARCH_0

#define XEN_MCA_INTERFACE_VERSION 0x01ecc003

#define XEN_MC_fetch        1
#define XEN_MC_notifydomain 2
#define XEN_MC_physcpuinfo  3
#define XEN_MC_msrinject    4
#define XEN_MC_mceinject    5
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define XEN_MC_inject_v2    6
#endif

/* xen_mc_fetch.flags in: which queue, or done with fetch_id; out: status. */
#define XEN_MC_NONURGENT     0x0001
#define XEN_MC_URGENT        0x0002
#define XEN_MC_ACK           0x0004
#define XEN_MC_OK            0x0
#define XEN_MC_FETCHFAILED   0x1
#define XEN_MC_NODATA        0x2
#define XEN_MC_NOMATCH       0x4
#define XEN_MC_CANNOTHANDLE  0x8
#define XEN_MC_NOTDELIVERED  0x10

#define XEN_MC_VCPUID_INVALID 0xffff

/* mcinfo_common.type */
#define MC_TYPE_GLOBAL   0
#define MC_TYPE_BANK     1
#define MC_TYPE_EXTENDED 2
#define MC_TYPE_RECOVERY 3

/* mcinfo_global.mc_flags */
#define MC_FLAG_CORRECTABLE   (1 << 0)
#define MC_FLAG_UNCORRECTABLE (1 << 1)
#define MC_FLAG_RECOVERABLE   (1 << 2)
#define MC_FLAG_POLLED        (1 << 3)
#define MC_FLAG_RESET         (1 << 4)
#define MC_FLAG_CMCI          (1 << 5)
#define MC_FLAG_MCE           (1 << 6)

/* mcinfo_recovery.action_flags, .action_types */
#define REC_ACTION_RECOVERED   (0x1 << 0)
#define REC_ACTION_NONE        (0x1 << 1)
#define REC_ACTION_NEED_RESET  (0x1 << 2)
#define MC_ACTION_PAGE_OFFLINE (0x1 << 0)
#define MC_ACTION_CPU_OFFLINE  (0x1 << 1)
#define MC_ACTION_CACHE_SHRINK (0x1 << 2)
#define MAX_UNION_SIZE 16

#define MCINFO_HYPERCALLSIZE    1024
#define MCINFO_MAXSIZE          768         /* bytes of records */
#define MCINFO_FLAGS_UNCOMPLETE 0x1         /* more did not fit */

#define __MC_MSR_ARRAYSIZE 8

/* Indices of mcinfo_logical_cpu.mc_cpu_caps */
#define MC_CAPS_STD_EDX 0
#define MC_CAPS_AMD_EDX 1
#define MC_CAPS_TM      2
#define MC_CAPS_LINUX   3
#define MC_CAPS_STD_ECX 4
#define MC_CAPS_VIA     5
#define MC_CAPS_AMD_ECX 6
#define MC_NCAPS        7

#define MC_MSRINJ_MAXMSRS 8
#define MC_MSRINJ_F_INTERPOSE 0x1           /* keep the values, do not write the MSRs */
#define MC_MSRINJ_F_GPADDR    0x2           /* an address is the guest's */

#ifndef __ASSEMBLY__

/* ---- Records --------------------------------------------------------------------------------- */

struct mcinfo_common {
    uint16_t type;                          /* MC_TYPE_* */
    uint16_t size;                          /* bytes, this header included */
};
typedef struct mcinfo_common xen_mcinfo_common_t;

struct mcinfo_global {
    xen_mcinfo_common_t common;
    uint16_t mc_domid;                      /* who ran */
    uint16_t mc_vcpuid;
    uint32_t mc_socketid;
    uint16_t mc_coreid;
    uint16_t mc_core_threadid;
    uint32_t mc_apicid;
    uint32_t mc_flags;                      /* MC_FLAG_* */
    uint64_t mc_gstatus;                    /* MCG_STATUS */
};

struct mcinfo_bank {
    xen_mcinfo_common_t common;
    uint16_t mc_bank;
    uint16_t mc_domid;                      /* whose page mc_addr is in */
    uint64_t mc_status;
    uint64_t mc_addr;
    uint64_t mc_misc;
    uint64_t mc_ctrl2;
    uint64_t mc_tsc;
};

struct mcinfo_msr {
    uint64_t reg;
    uint64_t value;
};
typedef struct mcinfo_msr xen_mcinfo_msr_t;

struct mcinfo_extended {
    xen_mcinfo_common_t common;
    uint32_t mc_msrs;                       /* how many of the next are valid */
    xen_mcinfo_msr_t mc_msr[32];
};

struct page_offline_action {
    uint64_t mfn;
    uint64_t status;                        /* PG_OFFLINE_* */
};
typedef struct page_offline_action xen_page_offline_action_t;

struct cpu_offline_action {
    uint32_t mc_socketid;
    uint16_t mc_coreid;
    uint16_t mc_core_threadid;
};
typedef struct cpu_offline_action xen_cpu_offline_action_t;

struct mcinfo_recovery {
    xen_mcinfo_common_t common;
    uint16_t mc_bank;
    uint8_t action_flags;
    uint8_t action_types;
    union {
        xen_page_offline_action_t page_retire;
        xen_cpu_offline_action_t cpu_offline;
        uint8_t pad[MAX_UNION_SIZE];
    } action_info;
};

struct mc_info {
    uint32_t mi_nentries;
    uint32_t flags;                         /* MCINFO_FLAGS_* */
    uint64_t mi_data[(MCINFO_MAXSIZE - 1) / 8];
};
XEN_ABI_STRUCT(mc_info);

#define x86_mcinfo_nentries(_mi) (_mi)->mi_nentries
#define x86_mcinfo_first(_mi) ((struct mcinfo_common *)(_mi)->mi_data)
#define x86_mcinfo_next(_mic) ((struct mcinfo_common *)((uint8_t *)(_mic) + (_mic)->size))

/* The first record of a type, or NULL. */
static inline struct mcinfo_common *x86_mcinfo_find(struct mc_info *mi, uint16_t type)
{
    struct mcinfo_common *mic = x86_mcinfo_first(mi);
    for (uint32_t i = 0; i < x86_mcinfo_nentries(mi); i++, mic = x86_mcinfo_next(mic))
        if (mic->type == type)
            return mic;
    return (struct mcinfo_common *)0;
}
#define x86_mcinfo_lookup(_ret, _mi, _type) \
    ((_ret) = (void *)((_mi) ? x86_mcinfo_find(_mi, _type) : (struct mcinfo_common *)0))

/* ---- Calls ----------------------------------------------------------------------------------- */

struct mcinfo_logical_cpu {
    uint32_t mc_cpunr;
    uint32_t mc_chipid;
    uint16_t mc_coreid;
    uint16_t mc_threadid;
    uint32_t mc_apicid;
    uint32_t mc_clusterid;
    uint32_t mc_ncores;
    uint32_t mc_ncores_active;
    uint32_t mc_nthreads;
    int32_t mc_cpuid_level;
    uint32_t mc_family;
    uint32_t mc_vendor;
    uint32_t mc_model;
    uint32_t mc_step;
    char mc_vendorid[16];
    char mc_brandid[64];
    uint32_t mc_cpu_caps[MC_NCAPS];
    uint32_t mc_cache_size;
    uint32_t mc_cache_alignment;
    int32_t mc_nmsrvals;
    xen_mcinfo_msr_t mc_msrvalues[__MC_MSR_ARRAYSIZE];
};
XEN_ABI_STRUCT_AS(mcinfo_logical_cpu, xen_mc_logical_cpu_t);

struct xen_mc_fetch {
    uint32_t flags;                         /* XEN_MC_*, in and out */
    uint32_t _pad0;
    uint64_t fetch_id;                      /* out of a fetch, into its acknowledgement */
    XEN_GUEST_HANDLE(mc_info_t) data;
};
XEN_ABI_STRUCT(xen_mc_fetch);

struct xen_mc_notifydomain {
    uint16_t mc_domid;
    uint16_t mc_vcpuid;
    uint32_t flags;
};
XEN_ABI_STRUCT(xen_mc_notifydomain);

struct xen_mc_physcpuinfo {
    uint32_t ncpus;                         /* in: room, out: there are */
    uint32_t _pad0;
    XEN_GUEST_HANDLE(xen_mc_logical_cpu_t) info;
};
typedef struct xen_mc_physcpuinfo xen_mc_physcpuinfo_t;

struct xen_mc_msrinject {
    uint32_t mcinj_cpunr;
    uint32_t mcinj_flags;                   /* MC_MSRINJ_F_* */
    uint32_t mcinj_count;
    domid_t mcinj_domid;
    uint16_t _pad0;
    xen_mcinfo_msr_t mcinj_msr[MC_MSRINJ_MAXMSRS];
};
typedef struct xen_mc_msrinject xen_mc_msrinject_t;

struct xen_mc_mceinject {
    unsigned int mceinj_cpunr;
};
typedef struct xen_mc_mceinject xen_mc_mceinject_t;

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* flags: a type in 2:0, bit 3 for all processors */
#define XEN_MC_INJECT_TYPE_MASK     0x7
#define XEN_MC_INJECT_TYPE_MCE      0x0
#define XEN_MC_INJECT_TYPE_CMCI     0x1
#define XEN_MC_INJECT_TYPE_LMCE     0x2
#define XEN_MC_INJECT_CPU_BROADCAST 0x8

struct xen_mc_inject_v2 {
    uint32_t flags;
    xenctl_bitmap_t cpumap;
};
typedef struct xen_mc_inject_v2 xen_mc_inject_v2_t;
#endif

struct xen_mc {
    uint32_t cmd;                           /* XEN_MC_* */
    uint32_t interface_version;             /* XEN_MCA_INTERFACE_VERSION */
    union {
        xen_mc_fetch_t mc_fetch;
        xen_mc_notifydomain_t mc_notifydomain;
        xen_mc_physcpuinfo_t mc_physcpuinfo;
        xen_mc_msrinject_t mc_msrinject;
        xen_mc_mceinject_t mc_mceinject;
#if defined(__XEN__) || defined(__XEN_TOOLS__)
        xen_mc_inject_v2_t mc_inject_v2;
#endif
    } u;
};
XEN_ABI_STRUCT(xen_mc);

#endif /* __ASSEMBLY__ */
#endif
