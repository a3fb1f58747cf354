/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_op(cmd, vcpu, arg): a domain's business with its own vCPUs. -ENOENT if there is no such
 * vCPU.
 */
#ifndef PUBLIC_VCPU_H
#define PUBLIC_VCPU_H

#include "xen.h"

/* Life. A new vCPU is initialised once (PV: vcpu_guest_context, HVM: vcpu_hvm_context), then up. */
#define VCPUOP_initialise                     0
#define VCPUOP_up                             1
#define VCPUOP_down                           2
#define VCPUOP_is_up                          3  /* returns 1 or 0 */

/* Areas in guest memory that we keep up to date. */
#define VCPUOP_get_runstate_info              4  /* vcpu_runstate_info, once */
#define VCPUOP_register_runstate_memory_area  5
#define VCPUOP_register_vcpu_info            10  /* not the one in shared_info; once */
#define VCPUOP_register_vcpu_time_memory_area 13

/* Timers; only the vCPU itself may set its single-shot timer. Each expiry raises VIRQ_TIMER. */
#define VCPUOP_set_periodic_timer             6
#define VCPUOP_stop_periodic_timer            7
#define VCPUOP_set_singleshot_timer           8
#define VCPUOP_stop_singleshot_timer          9

#define VCPUOP_send_nmi                      11
#define VCPUOP_get_physid                    12  /* for dom0 with pinned vCPUs */

/* vcpu_runstate_info.state */
#define RUNSTATE_running  0
#define RUNSTATE_runnable 1                      /* would run, but another does */
#define RUNSTATE_blocked  2
#define RUNSTATE_offline  3                      /* paused or down */

/* In state_entry_time while the area changes, with VMASST_TYPE_runstate_update_flag. */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)

/* -ETIME instead of an interrupt at once if the time has passed. */
#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future  (xen_mk_uint(1) << _VCPU_SSHOTTMR_future)

#ifndef __ASSEMBLY__

struct vcpu_runstate_info {
    int state;                      /* RUNSTATE_* */
    uint64_t state_entry_time;      /* since when, system time in ns */
    uint64_t time[4];               /* ns in each state until then */
};
XEN_ABI_STRUCT(vcpu_runstate_info);

struct vcpu_register_runstate_memory_area {
    union {
        XEN_GUEST_HANDLE(vcpu_runstate_info_t) h;
        struct vcpu_runstate_info *v;
        uint64_t p;
    } addr;                         /* virtual; 0 ends it */
};
XEN_ABI_STRUCT(vcpu_register_runstate_memory_area);

DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);
struct vcpu_register_time_memory_area {
    union {
        XEN_GUEST_HANDLE(vcpu_time_info_t) h;
        struct vcpu_time_info *v;
        uint64_t p;
    } addr;
};
XEN_ABI_STRUCT(vcpu_register_time_memory_area);

struct vcpu_register_vcpu_info {
    uint64_t mfn;                   /* frame of the guest */
    uint32_t offset;                /* must not cross the page */
    uint32_t rsvd;                  /* zero */
};
XEN_ABI_STRUCT(vcpu_register_vcpu_info);

struct vcpu_set_periodic_timer {
    uint64_t period_ns;             /* at least 1 ms */
};
XEN_ABI_STRUCT(vcpu_set_periodic_timer);

struct vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns;        /* system time */
    uint32_t flags;                 /* VCPU_SSHOTTMR_* */
};
XEN_ABI_STRUCT(vcpu_set_singleshot_timer);

struct vcpu_get_physid {
    uint64_t phys_id;               /* APIC id low, ACPI id high */
};
XEN_ABI_STRUCT(vcpu_get_physid);
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

#endif /* __ASSEMBLY__ */
#endif
