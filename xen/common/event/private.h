/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event ports, as the files of this room share them.
 *
 *            alloc              bind_interdomain (either end)
 *   FREE ----------> UNBOUND <---------------------------> INTERDOMAIN
 *    ^ \                |          close of the other end       |
 *    |  \--> VIRQ, IPI, PIRQ, INTERDOMAIN (by their binds)      |
 *    |              |   |                                       |
 *    +--------------+---+------------ close --------------------+
 *
 * RESERVED is port 0, and a port on its way out of FREE.  The two ends of an INTERDOMAIN pair
 * name each other, always.
 *
 * Locks.  d->event.lock: moves out of and into FREE, and what stands in struct event_domain.
 * port->lock: every other change, and sending by a hypercall.  Moves that concern two ports hold
 * both port locks, so whoever holds one end's lock may look through u.pair at the other: it is
 * there, alive, and stays bound.  Taking the second lock: upwards in address, or trylock and
 * start again.  Nobody holds two domains' event.lock.
 *
 * Interrupt handlers take no port lock: a VIRQ's port is found under its vcpu's virq_lock, and
 * closing takes that to unbind it;  a PIRQ's is given by the interrupt's binding, and closing
 * waits for pirq_unbind().
 *
 * notify_vcpu and priority are read without a lock: a sender may still use the former value, as
 * if it had come earlier.
 */
#ifndef COMMON_EVENT_PRIVATE_H
#define COMMON_EVENT_PRIVATE_H

#include <xen/atomic.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/event.h>
#include <xen/page.h>
#include <xen/sched.h>

enum event_state {
    EVENT_FREE, EVENT_RESERVED, EVENT_UNBOUND, EVENT_INTERDOMAIN, EVENT_PIRQ, EVENT_VIRQ, EVENT_IPI,
};

/* What the guest sees of a port's queue: vcpu << 4 | priority. */
#define QUEUE_PRIORITY_BITS 4

struct event_port {
    struct spinlock lock;               /* LOCK_EVENT_PORT */
    uint32_t port;
    uint8_t state;                      /* enum event_state */
    uint8_t priority;                   /* FIFO: queue for the next event */
    uint8_t pending_early;              /* FIFO: pending before the guest's array had it */
    uint32_t notify_vcpu;
    uint32_t polled_by;                 /* who began to poll it since its last event; see send.c */
    uint32_t queue;                     /* FIFO: last linked there; under that queue's lock */
    void (*fn)(struct vcpu *v, unsigned int port);      /* ends in the hypervisor, if not NULL */
    union {
        domid_t unbound_to;             /* UNBOUND: who may bind */
        struct {
            struct domain *domain;
            struct event_port *port;
        } pair;                         /* INTERDOMAIN: the other end */
        uint32_t virq;
        uint32_t pirq;
    } u;
} aligned(64);
_Static_assert(sizeof(struct event_port) == 64, "64 ports to a page");

#define PORTS_PER_BUCKET    (PAGE_SIZE / sizeof(struct event_port))
#define EVENT_MAX_PORTS     EVTCHN_FIFO_NR_CHANNELS

/*
 * How news of a port reach the guest.  Operations may come from interrupt handlers unless said
 * otherwise.
 */
struct event_abi {
    const char *name;
    unsigned int max_ports;
    /* The port's event happened; v is the vcpu to notify. */
    void (*set_pending)(struct vcpu *v, struct event_port *p);
    /* Under the port's lock; not from interrupts. */
    void (*clear_pending)(struct domain *d, struct event_port *p);
    void (*unmask)(struct vcpu *v, struct event_port *p);
    bool (*is_pending)(struct domain *d, const struct event_port *p);
    bool (*is_masked)(struct domain *d, const struct event_port *p);
    /* The guest may still hold on to a closed port's number: do not use it again yet. */
    bool (*is_busy)(struct domain *d, const struct event_port *p);
    /* -ENOSYS where ports have no priority. */
    int (*set_priority)(struct event_port *p, unsigned int priority);
};

extern const struct event_abi event_abi_two_level, event_abi_fifo;

/* port.c */
static inline struct event_port *event_port_of(const struct domain *d, uint32_t port)
{
    return &d->event.buckets[port / PORTS_PER_BUCKET][port % PORTS_PER_BUCKET];
}
/* NULL: no such port. */
static inline struct event_port *event_port_get(const struct domain *d, uint32_t port)
{
    uint32_t n = load_acquire(&d->event.nr_ports);
    return port < n ? event_port_of(d, (uint32_t)index_nospec(port, n)) : NULL;
}
/* Lock p and, if it is INTERDOMAIN, its other end too: that, or NULL. */
struct event_port *event_port_lock_pair(struct event_port *p);
void event_port_unlock_pair(struct event_port *p, struct event_port *peer);
/* A free port becomes RESERVED, under d->event.lock: 0, -ENOSPC or -ENOMEM. */
int event_port_reserve(struct domain *d, struct event_port **out) must_check;
/* RESERVED becomes something; the caller has set what belongs to the state. */
void event_port_bind(struct event_port *p, enum event_state state, unsigned int vcpu);
void event_port_release(struct domain *d, struct event_port *p);    /* RESERVED becomes FREE */
/* Under d->event.lock.  By the guest (not ports of ours) or by us: 0 or -EINVAL. */
int event_port_close(struct domain *d, struct event_port *p, bool by_guest) must_check;

/* send.c */
int event_send(struct domain *d, uint32_t port) must_check;
static inline void event_set_pending(struct domain *d, struct event_port *p)
{
    d->event.abi->set_pending(d->vcpu[read_once(p->notify_vcpu)], p);
}
void event_wake_pollers(struct domain *d, struct event_port *p);
/* After the port became pending by a locked instruction, which orders it before this look. */
static inline void event_check_pollers(struct domain *d, struct event_port *p)
{
    if (unlikely(read_once(p->polled_by)))
        event_wake_pollers(d, p);
}

/* virq.c */
bool virq_is_global(unsigned int virq);
void virq_unbind(struct domain *d, const struct event_port *p);
void virq_handlers_forget(struct domain *d);

/* fifo.c */
long event_fifo_init_control(struct domain *d, struct evtchn_init_control *args) must_check;
int event_fifo_expand(struct domain *d, uint64_t gfn) must_check;
void event_fifo_destroy(struct domain *d);          /* back to two levels; no port is open */
int event_fifo_vcpu_init(struct vcpu *v) must_check;

#endif
