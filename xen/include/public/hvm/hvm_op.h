/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm_op(cmd, arg): an HVM domain about itself, and tools about it: parameters, upcalls, and views
 * of its memory with different rights (altp2m).
 */
#ifndef PUBLIC_HVM_HVM_OP_H
#define PUBLIC_HVM_HVM_OP_H

#include "../xen.h"
#include "../trace.h"
#include "../event_channel.h"

#define HVMOP_set_param                 0   /* xen_hvm_param */
#define HVMOP_get_param                 1
#define HVMOP_flush_tlbs                5   /* no argument: all vCPUs of the caller */
#define HVMOP_pagetable_dying           9
#define HVMOP_get_time                 10
#define HVMOP_xentrace                 11
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define HVMOP_set_mem_access           12   /* gone, see XENMEM_access_op */
#define HVMOP_get_mem_access           13
#endif
#define HVMOP_get_mem_type             15
#define HVMOP_set_evtchn_upcall_vector 23
#define HVMOP_guest_request_vm_event   24   /* no argument */
#define HVMOP_altp2m                   25

/* How an ioreq server treats buffered requests: not at all, or with which pointer update. */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define HVM_IOREQSRV_BUFIOREQ_OFF    0
#define HVM_IOREQSRV_BUFIOREQ_LEGACY 1
#define HVM_IOREQSRV_BUFIOREQ_ATOMIC 2
#endif

/* xen_hvm_altp2m_op.version and .cmd */
#define HVMOP_ALTP2M_INTERFACE_VERSION 0x00000001
#define HVMOP_altp2m_get_domain_state        1
#define HVMOP_altp2m_set_domain_state        2
#define HVMOP_altp2m_vcpu_enable_notify      3
#define HVMOP_altp2m_create_p2m              4
#define HVMOP_altp2m_destroy_p2m             5
#define HVMOP_altp2m_switch_p2m              6
#define HVMOP_altp2m_set_mem_access          7
#define HVMOP_altp2m_change_gfn              8
#define HVMOP_altp2m_set_mem_access_multi    9
#define HVMOP_altp2m_set_suppress_ve         10
#define HVMOP_altp2m_get_suppress_ve         11
#define HVMOP_altp2m_get_mem_access          12
#define HVMOP_altp2m_vcpu_disable_notify     13
#define HVMOP_altp2m_get_p2m_idx             14
#define HVMOP_altp2m_set_suppress_ve_multi   15
#define HVMOP_altp2m_set_visibility          16

#ifndef __ASSEMBLY__

/* The type of a guest frame. */
typedef enum {
    HVMMEM_ram_rw,
    HVMMEM_ram_ro,
    HVMMEM_mmio_dm,                 /* accesses go to the device model */
    HVMMEM_unused,
    HVMMEM_ioreq_server             /* writes go to an ioreq server */
} hvmmem_type_t;

struct xen_hvm_param {
    domid_t domid;
    uint16_t pad;
    uint32_t index;                 /* HVM_PARAM_* */
    uint64_t value;
};
XEN_ABI_STRUCT(xen_hvm_param);

/* Shadow paging: the tables under gpa are about to be freed. */
struct xen_hvm_pagetable_dying {
    domid_t domid;
    uint16_t pad[3];
    uint64_t gpa;
};
XEN_ABI_STRUCT(xen_hvm_pagetable_dying);

struct xen_hvm_get_time {
    uint64_t now;                   /* out: system time in ns */
};
XEN_ABI_STRUCT(xen_hvm_get_time);

/* A record of class TRC_GUEST. */
struct xen_hvm_xentrace {
    uint16_t event, extra_bytes;
    uint8_t extra[TRACE_EXTRA_MAX * sizeof(uint32_t)];
};
XEN_ABI_STRUCT(xen_hvm_xentrace);

struct xen_hvm_get_mem_type {
    domid_t domid;
    uint16_t mem_type;              /* out: HVMMEM_* */
    uint16_t pad[2];
    uint64_t pfn;
};
XEN_ABI_STRUCT(xen_hvm_get_mem_type);

/* Upcalls of one vCPU come as this vector, which must be 16 or above. */
struct xen_hvm_evtchn_upcall_vector {
    uint32_t vcpu;
    uint8_t vector;
};
XEN_ABI_STRUCT(xen_hvm_evtchn_upcall_vector);

/* ---- altp2m ---------------------------------------------------------------------------------- */

struct xen_hvm_altp2m_domain_state {
    uint8_t state;                  /* 0 or 1 */
};
XEN_ABI_STRUCT(xen_hvm_altp2m_domain_state);

/* Violations of this vCPU become #VE, told in a page of the guest. */
struct xen_hvm_altp2m_vcpu_enable_notify {
    uint32_t vcpu_id;
    uint32_t pad;
    uint64_t gfn;
};
XEN_ABI_STRUCT(xen_hvm_altp2m_vcpu_enable_notify);

struct xen_hvm_altp2m_vcpu_disable_notify {
    uint32_t vcpu_id;
};
XEN_ABI_STRUCT(xen_hvm_altp2m_vcpu_disable_notify);

struct xen_hvm_altp2m_view {
    uint16_t view;                  /* out of create */
    uint16_t hvmmem_default_access; /* xenmem_access_t */
};
XEN_ABI_STRUCT(xen_hvm_altp2m_view);

struct xen_hvm_altp2m_mem_access {
    uint16_t view;
    uint16_t access;                /* xenmem_access_t */
    uint32_t pad;
    uint64_t gfn;
};
XEN_ABI_STRUCT(xen_hvm_altp2m_mem_access);

struct xen_hvm_altp2m_set_mem_access_multi {
    uint16_t view;
    uint16_t pad;
    uint32_t nr;
    uint64_t opaque;                /* zero on the first call */
    XEN_GUEST_HANDLE(const_uint64) pfn_list;
    XEN_GUEST_HANDLE(const_uint8) access_list;
};

/* new_gfn ~0 restores the frame of the host's view. */
struct xen_hvm_altp2m_change_gfn {
    uint16_t view;
    uint16_t pad1;
    uint32_t pad2;
    uint64_t old_gfn;
    uint64_t new_gfn;
};
XEN_ABI_STRUCT(xen_hvm_altp2m_change_gfn);

struct xen_hvm_altp2m_suppress_ve {
    uint16_t view;
    uint8_t suppress_ve;            /* 0 or 1, out of get */
    uint8_t pad1;
    uint32_t pad2;
    uint64_t gfn;
};

struct xen_hvm_altp2m_suppress_ve_multi {
    uint16_t view;
    uint8_t suppress_ve;
    uint8_t pad1;
    int32_t first_error;            /* out */
    uint64_t first_gfn;             /* moves on while the call is continued */
    uint64_t last_gfn;
    uint64_t first_error_gfn;       /* out */
};

struct xen_hvm_altp2m_get_vcpu_p2m_idx {
    uint32_t vcpu_id;
    uint16_t altp2m_idx;            /* out */
};

/* May the guest switch to this view by itself? */
struct xen_hvm_altp2m_set_visibility {
    uint16_t altp2m_idx;
    uint8_t visible;
    uint8_t pad;
};

struct xen_hvm_altp2m_op {
    uint32_t version;
    uint32_t cmd;                   /* HVMOP_altp2m_* */
    domid_t domain;
    uint16_t pad1;
    uint32_t pad2;
    union {
        struct xen_hvm_altp2m_domain_state domain_state;
        struct xen_hvm_altp2m_vcpu_enable_notify enable_notify;
        struct xen_hvm_altp2m_view view;
        struct xen_hvm_altp2m_mem_access mem_access;
        struct xen_hvm_altp2m_change_gfn change_gfn;
        struct xen_hvm_altp2m_set_mem_access_multi set_mem_access_multi;
        struct xen_hvm_altp2m_suppress_ve suppress_ve;
        struct xen_hvm_altp2m_suppress_ve_multi suppress_ve_multi;
        struct xen_hvm_altp2m_vcpu_disable_notify disable_notify;
        struct xen_hvm_altp2m_get_vcpu_p2m_idx get_vcpu_p2m_idx;
        struct xen_hvm_altp2m_set_visibility set_visibility;
        uint8_t pad[64];
    } u;
};
XEN_ABI_STRUCT(xen_hvm_altp2m_op);

#endif /* __ASSEMBLY__ */
#endif
