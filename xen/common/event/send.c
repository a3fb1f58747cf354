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

/* In event_port.polled_by: nobody, a vcpu's number plus one, or any. */
#define POLLED_BY_ANY (~0u)

static void note_poller(struct event_port *p, uint32_t me)
{
    uint32_t seen = read_once(p->polled_by);
    while (!atomic_cas(&p->polled_by, &seen, !seen || seen == me ? me : POLLED_BY_ANY)) {
    }
}

/* The vcpu first, then the ports: who finds a port polled finds by whom. */
int event_poll_begin(struct vcpu *v, const uint32_t *ports, unsigned int n)
{
    (void)atomic_xchg(&v->poll_port, n == 1 && ports[0] ? ports[0] : POLLS_SEVERAL);
    for (unsigned int i = 0; i < n; i++) {
        struct event_port *p = event_port_get(v->domain, ports[i]);
        if (!p) {
            event_poll_end(v);
            return -EINVAL;
        }
        note_poller(p, v->vcpu_id + 1);
    }
    return 0;
}

/* A full barrier: who ends it then looks whether v sleeps, who sleeps whether it was ended. */
void event_poll_end(struct vcpu *v)
{
    (void)atomic_xchg(&v->poll_port, 0u);
}

static void wake_poller(struct vcpu *v, uint32_t port)
{
    uint32_t poll = read_once(v->poll_port);
    if (poll == port || poll == POLLS_SEVERAL) {
        event_poll_end(v);
        vcpu_unblock(v);
    }
}

void event_wake_pollers(struct domain *d, struct event_port *p)
{
    uint32_t by = atomic_xchg(&p->polled_by, 0u);
    if (by && by != POLLED_BY_ANY) {
        wake_poller(d->vcpu[by - 1], p->port);
        return;
    }
    for_each_vcpu(d, v)
        wake_poller(v, p->port);
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
