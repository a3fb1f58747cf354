/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An event on its way: from a sender to the port, from the port to the vcpu.  This path is hot.
 *
 * Sending holds the sender's own port lock and nothing else: it keeps the other end bound and its
 * domain alive (private.h), so that two ends of a channel never contend.
 */
#include <xen/arch.h>

#include "private.h"

/*
 * The flag first, by a locked instruction, then the look at whether v sleeps: vcpu_block() sets
 * VPF_BLOCKED first, by another, and then looks at the flag, so one of the two sees the other.
 */
void event_mark_pending(struct vcpu *v)
{
    if (atomic_xchg(&v->info->evtchn_upcall_pending, 1))
        return;
    if (read_once(v->pause_flags) & (1u << VPF_BLOCKED))
        vcpu_unblock(v);
    arch_vcpu_kick(v);
}

int event_send(struct domain *d, uint32_t port)
{
    struct event_port *p = event_port_get(d, port), *peer;
    if (unlikely(!p))
        return -EINVAL;
    int rc = 0;

    spin_lock(&p->lock);
    if (likely(p->state == EVENT_INTERDOMAIN)) {
        peer = p->u.pair.port;
        if (unlikely(peer->fn)) {
            struct domain *rd = p->u.pair.domain;
            peer->fn(rd->vcpu[read_once(peer->notify_vcpu)], peer->port);
        } else {
            event_set_pending(p->u.pair.domain, peer);
        }
    } else if (p->state == EVENT_IPI) {
        event_set_pending(d, p);
    } else if (p->state != EVENT_UNBOUND) {
        rc = -EINVAL;
    }
    spin_unlock(&p->lock);
    return rc;
}

void event_send_pirq(struct domain *d, unsigned int port)
{
    event_set_pending(d, event_port_of(d, port));
}

void event_notify_via_xen_port(struct domain *d, unsigned int port)
{
    struct event_port *p = event_port_get(d, port);
    if (!p)
        return;
    spin_lock(&p->lock);
    if (p->fn && p->state == EVENT_INTERDOMAIN)
        event_set_pending(p->u.pair.domain, p->u.pair.port);
    spin_unlock(&p->lock);
}

/* ---- Polling --------------------------------------------------------------------------------- */

/* Whoever takes poll_port from non-zero to zero takes the vcpu out of the count. */
void event_poll_begin(struct vcpu *v, uint32_t port)
{
    if (!atomic_xchg(&v->poll_port, port ? port : ~0u))
        atomic_add(&v->domain->event.nr_pollers, 1);
}

void event_poll_end(struct vcpu *v)
{
    if (read_once(v->poll_port) && atomic_xchg(&v->poll_port, 0))
        atomic_sub(&v->domain->event.nr_pollers, 1);
}

void event_wake_pollers(struct domain *d, uint32_t port)
{
    for_each_vcpu(d, v) {
        uint32_t poll = read_once(v->poll_port);
        if (poll == port || poll == ~0u) {
            event_poll_end(v);
            vcpu_unblock(v);
        }
    }
}

/* Under the lock of a port that is not free the ABI stays what it is. */
static struct event_port *open_port_lock(struct domain *d, unsigned int port)
{
    struct event_port *p = event_port_get(d, port);
    if (!p)
        return NULL;
    spin_lock(&p->lock);
    if (p->state == EVENT_FREE || p->state == EVENT_RESERVED) {
        spin_unlock(&p->lock);
        return NULL;
    }
    return p;
}

bool event_port_is_pending(struct domain *d, unsigned int port)
{
    struct event_port *p = open_port_lock(d, port);
    bool answer = p && d->event.abi->is_pending(d, p);
    if (p)
        spin_unlock(&p->lock);
    return answer;
}

bool event_port_is_masked(struct domain *d, unsigned int port)
{
    struct event_port *p = open_port_lock(d, port);
    bool answer = p && d->event.abi->is_masked(d, p);
    if (p)
        spin_unlock(&p->lock);
    return answer;
}

void event_port_unmask(struct domain *d, unsigned int port)
{
    struct event_port *p = open_port_lock(d, port);
    if (p) {
        d->event.abi->unmask(d->vcpu[read_once(p->notify_vcpu)], p);
        spin_unlock(&p->lock);
    }
}
