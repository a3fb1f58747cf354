/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: event_channel_op(cmd, arg).
 *
 * A port is one bit of news for one domain. It is free, unbound, or bound to another port, a
 * physical or virtual interrupt, or a vCPU (IPI). Ports of other domains may be handled by their
 * controller.
 */
#ifndef PUBLIC_EVENT_CHANNEL_H
#define PUBLIC_EVENT_CHANNEL_H

#include "xen.h"

#define EVTCHNOP_bind_interdomain  0
#define EVTCHNOP_bind_virq         1
#define EVTCHNOP_bind_pirq         2
#define EVTCHNOP_close             3
#define EVTCHNOP_send              4
#define EVTCHNOP_status            5
#define EVTCHNOP_alloc_unbound     6
#define EVTCHNOP_bind_ipi          7
#define EVTCHNOP_bind_vcpu         8
#define EVTCHNOP_unmask            9
#define EVTCHNOP_reset            10
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13
#ifdef __XEN__
#define EVTCHNOP_reset_cont       14  /* a reset that was preempted; never issued by guests */
#endif

/* evtchn_status.status */
#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5

#define BIND_PIRQ__WILL_SHARE  1      /* other domains may bind this interrupt too */

/* Two-level delivery: a selector per vCPU over words of shared_info's bitmaps. */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

/* FIFO delivery: a queue per priority, 0 first, linked through one word per port. */
#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)

/* Bits of an event word; below them the number of the next port in the queue. */
#define EVTCHN_FIFO_PENDING   31
#define EVTCHN_FIFO_MASKED    30
#define EVTCHN_FIFO_LINKED    29
#define EVTCHN_FIFO_BUSY      28
#define EVTCHN_FIFO_LINK_BITS 17
#define EVTCHN_FIFO_LINK_MASK ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

#ifndef __ASSEMBLY__

typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);
typedef uint32_t event_word_t;

/* A new port of dom that remote_dom may bind to. Either may be DOMID_SELF. */
struct evtchn_alloc_unbound {
    domid_t dom, remote_dom;
    evtchn_port_t port;             /* out */
};
XEN_ABI_STRUCT(evtchn_alloc_unbound);

/* Connect to a port that waits for the caller. The new local port is pending from the start. */
struct evtchn_bind_interdomain {
    domid_t remote_dom;
    evtchn_port_t remote_port;
    evtchn_port_t local_port;       /* out */
};
XEN_ABI_STRUCT(evtchn_bind_interdomain);

/* -EEXIST if this VIRQ is bound already; a global VIRQ needs vcpu 0. */
struct evtchn_bind_virq {
    uint32_t virq;                  /* VIRQ_* */
    uint32_t vcpu;
    evtchn_port_t port;             /* out */
};
XEN_ABI_STRUCT(evtchn_bind_virq);

struct evtchn_bind_pirq {
    uint32_t pirq;
    uint32_t flags;                 /* BIND_PIRQ__* */
    evtchn_port_t port;             /* out */
};
XEN_ABI_STRUCT(evtchn_bind_pirq);

/* A port that any vCPU can send to and that always notifies this one. */
struct evtchn_bind_ipi {
    uint32_t vcpu;
    evtchn_port_t port;             /* out */
};
XEN_ABI_STRUCT(evtchn_bind_ipi);

/* The other end of an interdomain channel becomes unbound again. */
struct evtchn_close {
    evtchn_port_t port;
};
XEN_ABI_STRUCT(evtchn_close);

struct evtchn_send {
    evtchn_port_t port;
};
XEN_ABI_STRUCT(evtchn_send);

struct evtchn_status {
    domid_t dom;
    evtchn_port_t port;
    uint32_t status;                /* out from here: EVTCHNSTAT_* */
    uint32_t vcpu;                  /* whom it notifies */
    union {
        struct {
            domid_t dom;            /* who may bind */
        } unbound;
        struct {
            domid_t dom;
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};
XEN_ABI_STRUCT(evtchn_status);

/* Not for IPIs and per-vCPU VIRQs: -EINVAL. New ports notify vCPU 0. */
struct evtchn_bind_vcpu {
    evtchn_port_t port;
    uint32_t vcpu;
};
XEN_ABI_STRUCT(evtchn_bind_vcpu);

/* Clear the mask, and deliver if pending. */
struct evtchn_unmask {
    evtchn_port_t port;
};
XEN_ABI_STRUCT(evtchn_unmask);

/* Close all ports; a domain that resets itself also returns to two-level delivery. */
struct evtchn_reset {
    domid_t dom;
};
XEN_ABI_STRUCT(evtchn_reset);

/*
 * Give a vCPU its FIFO control block, at an offset in a guest frame. The first one switches the
 * domain.
 */
struct evtchn_init_control {
    uint64_t control_gfn;
    uint32_t offset;                /* 8-byte aligned, the block must not cross the page */
    uint32_t vcpu;
    uint8_t link_bits;              /* out: EVTCHN_FIFO_LINK_BITS */
    uint8_t _pad[7];
};
XEN_ABI_STRUCT(evtchn_init_control);

/* Append a page of 1024 event words. */
struct evtchn_expand_array {
    uint64_t array_gfn;
};
XEN_ABI_STRUCT(evtchn_expand_array);

struct evtchn_set_priority {
    evtchn_port_t port;
    uint32_t priority;              /* EVTCHN_FIFO_PRIORITY_* */
};
XEN_ABI_STRUCT(evtchn_set_priority);

/* Shared with one vCPU. */
struct evtchn_fifo_control_block {
    uint32_t ready;                 /* bit per priority: its queue is not empty */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};
XEN_ABI_STRUCT(evtchn_fifo_control_block);

/* The argument of event_channel_op_compat. */
struct evtchn_op {
    uint32_t cmd;                   /* EVTCHNOP_*, up to unmask */
    union {
        evtchn_alloc_unbound_t alloc_unbound;
        evtchn_bind_interdomain_t bind_interdomain;
        evtchn_bind_virq_t bind_virq;
        evtchn_bind_pirq_t bind_pirq;
        evtchn_bind_ipi_t bind_ipi;
        evtchn_close_t close;
        evtchn_send_t send;
        evtchn_status_t status;
        evtchn_bind_vcpu_t bind_vcpu;
        evtchn_unmask_t unmask;
    } u;
};
XEN_ABI_STRUCT(evtchn_op);

#endif /* __ASSEMBLY__ */
#endif
