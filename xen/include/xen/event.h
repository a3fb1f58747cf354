/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: how domains, interrupts and ourselves tap a vcpu on the shoulder.
 *
 * A domain has ports; a port is free, reserved, unbound, or bound to another domain's port, a VIRQ,
 * an IPI or a physical interrupt (the picture is in common/event/private.h).  How "pending" reaches
 * the guest is one of two ABIs (2-level bitmaps, FIFO queues) behind struct event_abi.
 */
#ifndef XEN_EVENT_H
#define XEN_EVENT_H

#include <public/event_channel.h>
#include <public/xen.h>
#include <xen/spinlock.h>
#include <xen/types.h>

struct domain;
struct vcpu;
struct event_port;
struct event_fifo;
struct event_abi;

/* A domain's event state, embedded in struct domain. */
struct event_domain {
    struct spinlock lock;               /* LOCK_EVENT: allocation, binding, closing */
    struct event_port **buckets;        /* pages of ports, grown on demand */
    unsigned int nr_ports;              /* ports that have a structure */
    unsigned int max_port;              /* highest port the toolstack allows, inclusive */
    unsigned int free_hint;             /* no port below it is free */
    unsigned int nr_active;             /* ports the guest can name and close */
    unsigned int reset_next;            /* where a preempted reset goes on */
    const struct event_abi *abi;
    struct event_fifo *fifo;
};

#define EVENT_NR_VIRQS 24
struct event_vcpu {
    uint32_t virq_port[EVENT_NR_VIRQS]; /* 0: not bound */
    struct spinlock virq_lock;          /* LOCK_EVENT_VIRQ: the above; interrupt handlers send */
    struct event_fifo_vcpu *fifo;
};

void event_init(void);                  /* boot: debug key 'e' */
int event_domain_init(struct domain *d, unsigned int max_port) must_check;
/* Closes every port; peers become unbound.  Preemptible: -ERESTART. */
int event_domain_destroy(struct domain *d) must_check;
void event_domain_free(struct domain *d);
int event_vcpu_init(struct vcpu *v) must_check;
void event_vcpu_free(struct vcpu *v);

/* These three and event_send_pirq may be called from interrupt handlers. */
/* per-vcpu VIRQ (VIRQ_TIMER, VIRQ_DEBUG…) */
void event_send_virq(struct vcpu *v, unsigned int virq);
/* to the domain that registered for it (dom0) */
void event_send_global_virq(unsigned int virq);
/* a global VIRQ of this domain: to vcpu it was bound on */
void event_send_domain_virq(struct domain *d, unsigned int virq);
/* XEN_DOMCTL_set_virq_handler: this global VIRQ goes to d instead of dom0 until d dies. */
int event_set_virq_handler(struct domain *d, unsigned int virq) must_check;
/* An interrupt bound to this port fired.  Not after pirq_unbind() has returned. */
void event_send_pirq(struct domain *d, unsigned int port);

/* Ports that end in the hypervisor (I/O request servers): fn runs when the guest sends, under a
 * port lock. */
int event_alloc_xen_port(struct domain *d, unsigned int vcpu, domid_t remote,
                         void (*fn)(struct vcpu *v, unsigned int port)) must_check;
void event_free_xen_port(struct domain *d, unsigned int port);
void event_notify_via_xen_port(struct domain *d, unsigned int port);

/*
 * SCHEDOP_poll.  After begin an event sent to one of the ports makes the vcpu runnable; so: begin,
 * set VPF_BLOCKED, look whether a port is pending or the polling was ended, and only then sleep.
 * Whoever wakes the vcpu clears poll_port; end (by the vcpu, when it runs again or did not sleep)
 * may be called twice.  -EINVAL: there is no such port.
 */
#define POLLS_SEVERAL (~0u)             /* in poll_port; or none: only a timeout */
int event_poll_begin(struct vcpu *v, const uint32_t *ports, unsigned int n) must_check;
void event_poll_end(struct vcpu *v);

/* Rebind a guest's port to another vcpu etc. are hypercalls only.  Others ask these: */
bool event_port_is_pending(struct domain *d, unsigned int port);
bool event_port_is_masked(struct domain *d, unsigned int port);
void event_port_unmask(struct domain *d, unsigned int port);    /* as if the guest had asked */
/* Raise v's upcall flag and make sure it notices (ABI-independent part; arch delivers). */
void event_mark_pending(struct vcpu *v);
void event_dump_domain(struct domain *d);           /* debug key 'e' */

#endif
