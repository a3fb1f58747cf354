/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * argo_op(cmd, a, b, c, d): messages that the hypervisor copies into rings of the receiving
 * domain.
 */
#ifndef PUBLIC_ARGO_H
#define PUBLIC_ARGO_H

#include "xen.h"

#define XEN_ARGO_OP_register_ring   1
#define XEN_ARGO_OP_unregister_ring 2
#define XEN_ARGO_OP_sendv           3
#define XEN_ARGO_OP_notify          4

/* register_ring: -EEXIST instead of registering anew */
#define XEN_ARGO_REGISTER_FLAG_FAIL_EXIST 0x1
#ifdef __XEN__
#define XEN_ARGO_REGISTER_FLAG_MASK XEN_ARGO_REGISTER_FLAG_FAIL_EXIST
#endif

#define XEN_ARGO_DOMID_ANY     DOMID_INVALID
#define XEN_ARGO_MAX_RING_SIZE (xen_mk_ullong(0x1000000))  /* bytes */
#define XEN_ARGO_MAXIOV        xen_mk_uint(8)
#define XEN_ARGO_MSG_SLOT_SIZE 0x10                     /* messages begin at multiples */

/* xen_argo_ring_data_ent.flags */
#define XEN_ARGO_RING_EXISTS     (xen_mk_uint(1) << 0)
#define XEN_ARGO_RING_SHARED     (xen_mk_uint(1) << 1)
#define XEN_ARGO_RING_EMPTY      (xen_mk_uint(1) << 2)
#define XEN_ARGO_RING_SUFFICIENT (xen_mk_uint(1) << 3)
#define XEN_ARGO_RING_EMSGSIZE   (xen_mk_uint(1) << 4)
#define XEN_ARGO_RING_EBUSY      (xen_mk_uint(1) << 5)

#ifndef __ASSEMBLY__

typedef uint32_t xen_argo_port_t;
typedef uint64_t xen_argo_gfn_t;

typedef struct xen_argo_iov {
    XEN_GUEST_HANDLE(uint8) iov_hnd;
    uint32_t iov_len;
    uint32_t pad;
} xen_argo_iov_t;

typedef struct xen_argo_addr {
    xen_argo_port_t aport;
    domid_t domain_id;
    uint16_t pad;
} xen_argo_addr_t;

typedef struct xen_argo_send_addr {
    xen_argo_addr_t src;
    xen_argo_addr_t dst;
} xen_argo_send_addr_t;

/* In the receiver's memory. */
typedef struct xen_argo_ring {
    uint32_t rx_ptr;                /* the receiver's */
    uint32_t tx_ptr;                /* ours */
    uint8_t reserved[56];
    uint8_t ring[XEN_FLEX_ARRAY_DIM];
} xen_argo_ring_t;

typedef struct xen_argo_register_ring {
    xen_argo_port_t aport;
    domid_t partner_id;             /* or XEN_ARGO_DOMID_ANY */
    uint16_t pad;
    uint32_t len;
} xen_argo_register_ring_t;

typedef struct xen_argo_unregister_ring {
    xen_argo_port_t aport;
    domid_t partner_id;
    uint16_t pad;
} xen_argo_unregister_ring_t;

typedef struct xen_argo_ring_data_ent {
    xen_argo_addr_t ring;
    uint16_t flags;                 /* out: XEN_ARGO_RING_* */
    uint16_t pad;
    uint32_t space_required;        /* VIRQ_ARGO when there is so much */
    uint32_t max_message_size;      /* out */
} xen_argo_ring_data_ent_t;

typedef struct xen_argo_ring_data {
    uint32_t nent;
    uint32_t pad;
    xen_argo_ring_data_ent_t data[XEN_FLEX_ARRAY_DIM];
} xen_argo_ring_data_t;

struct xen_argo_ring_message_header {
    uint32_t len;                   /* with this header */
    xen_argo_addr_t source;
    uint32_t message_type;
    uint8_t data[XEN_FLEX_ARRAY_DIM];
};

#endif /* __ASSEMBLY__ */
#endif
