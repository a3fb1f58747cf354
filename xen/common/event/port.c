/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports come and go: where they are kept, how one is found free, and what closing means in each
 * state.
 *
 * Ports live in pages that are only ever added, so a port's address is good for as long as its
 * domain. States, moves and locks: private.h.
 */
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/heap.h>
#include <xen/irq.h>

#include "private.h"

struct event_port *event_port_lock_pair(struct event_port *p)
{
    for (;;) {
        spin_lock(&p->lock);
        struct event_port *peer = p->state == EVENT_INTERDOMAIN ? p->u.pair.port : NULL;
        if (!peer || peer == p)
            return NULL;
        if (peer > p) {
            spin_lock_nested(&peer->lock);
            return peer;
        }
        if (spin_trylock(&peer->lock))
            return peer;
        spin_unlock(&p->lock);
        cpu_relax();
    }
}

void event_port_unlock_pair(struct event_port *p, struct event_port *peer)
{
    if (peer)
        spin_unlock(&peer->lock);
    spin_unlock(&p->lock);
}

static int ports_grow(struct domain *d)
{
    unsigned int first = d->event.nr_ports;
    struct event_port *bucket = alloc_pages(0, HEAP_ZERO);
    if (!bucket)
        return -ENOMEM;
    for (unsigned int i = 0; i < PORTS_PER_BUCKET; i++) {
        spin_lock_init(&bucket[i].lock, LOCK_EVENT_PORT);
        bucket[i].port = first + i;
        bucket[i].priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        bucket[i].queue = EVTCHN_FIFO_PRIORITY_DEFAULT;
    }
    d->event.buckets[first / PORTS_PER_BUCKET] = bucket;
    store_release(&d->event.nr_ports, first + PORTS_PER_BUCKET);    /* pairs with event_port_get */
    return 0;
}

int event_port_reserve(struct domain *d, struct event_port **out)
{
    unsigned int end = min(d->event.max_port + 1, d->event.abi->max_ports);
    bool skipped = false;

    /* Every port has a vcpu to notify, the first unless told otherwise. */
    if (d->dying || !read_once(d->vcpu[0]))
        return -EINVAL;
    for (unsigned int port = d->event.free_hint; port < end; port++) {
        if (port >= d->event.nr_ports) {
            int rc = ports_grow(d);
            if (rc)
                return rc;
        }
        struct event_port *p = event_port_of(d, port);
        if (p->state != EVENT_FREE)
            continue;
        if (d->event.abi->is_busy(d, p)) {
            skipped = true;
            continue;
        }
        p->state = EVENT_RESERVED;
        p->fn = NULL;
        d->event.free_hint = skipped ? d->event.free_hint : port + 1;
        d->event.nr_active++;
        *out = p;
        return 0;
    }
    return -ENOSPC;
}

void event_port_bind(struct event_port *p, enum event_state state, unsigned int vcpu)
{
    assert(p->state == EVENT_RESERVED || p->state == EVENT_UNBOUND);
    p->notify_vcpu = vcpu;
    p->state = (uint8_t)state;
}

void event_port_release(struct domain *d, struct event_port *p)
{
    assert(p->state == EVENT_RESERVED && p->port != 0);
    p->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    p->notify_vcpu = 0;
    p->state = EVENT_FREE;
    d->event.free_hint = min(d->event.free_hint, p->port);
    d->event.nr_active--;
}

/* The source of events is cut off; what is left belongs to us alone. */
static void port_unbind(struct domain *d, struct event_port *p)
{
    switch ((enum event_state)p->state) {
    case EVENT_PIRQ:
        pirq_unbind(d, p->u.pirq);
        break;
    case EVENT_VIRQ:
        virq_unbind(d, p);
        break;
    case EVENT_UNBOUND: case EVENT_INTERDOMAIN: case EVENT_IPI:
        break;
    case EVENT_FREE: case EVENT_RESERVED:
        unreachable("event port closed twice");
    }
}

int event_port_close(struct domain *d, struct event_port *p, bool by_guest)
{
    if (p->state == EVENT_FREE || p->state == EVENT_RESERVED || (by_guest && p->fn))
        return -EINVAL;
    port_unbind(d, p);

    struct event_port *peer = event_port_lock_pair(p);
    if (peer) {
        assert(peer->state == EVENT_INTERDOMAIN && peer->u.pair.port == p);
        peer->state = EVENT_UNBOUND;
        peer->u.unbound_to = d->id;
    }
    d->event.abi->clear_pending(d, p);
    p->pending_early = 0;
    d->event.nr_active += p->fn != NULL;        /* which does not count ours */
    p->fn = NULL;
    p->state = EVENT_RESERVED;
    event_port_release(d, p);
    event_port_unlock_pair(p, peer);
    return 0;
}

/* ---- A domain's beginning and end ------------------------------------------------------------ */

int event_domain_init(struct domain *d, unsigned int max_port)
{
    struct event_domain *e = &d->event;
    spin_lock_init(&e->lock, LOCK_EVENT);
    e->abi = &event_abi_two_level;
    e->max_port = min(max_port, (unsigned int)EVENT_MAX_PORTS - 1);
    e->buckets = new_array(struct event_port *, e->max_port / PORTS_PER_BUCKET + 1);
    if (!e->buckets)
        return -ENOMEM;
    int rc = ports_grow(d);
    if (rc) {
        pool_free(e->buckets);
        e->buckets = NULL;
        return rc;
    }
    event_port_of(d, 0)->state = EVENT_RESERVED;
    e->free_hint = 1;
    e->reset_next = 1;
    return 0;
}

int event_domain_destroy(struct domain *d)
{
    assert(d->dying);
    virq_handlers_forget(d);
    if (!d->event.buckets)
        return 0;
    spin_lock(&d->event.lock);
    unsigned int budget = 1024;
    for (unsigned int port = 1; port < d->event.nr_ports; port++) {
        struct event_port *p = event_port_of(d, port);
        if (p->state == EVENT_FREE)
            continue;
        int rc = event_port_close(d, p, false);
        assert(rc == 0);
        if (rc == 0 && --budget == 0) {
            spin_unlock(&d->event.lock);
            return -ERESTART;
        }
    }
    assert(d->event.nr_active == 0);
    if (d->event.fifo)
        event_fifo_destroy(d);
    spin_unlock(&d->event.lock);
    return 0;
}

void event_domain_free(struct domain *d)
{
    struct event_domain *e = &d->event;
    if (!e->buckets)
        return;
    for (unsigned int b = 0; b < e->nr_ports / PORTS_PER_BUCKET; b++)
        free_pages(e->buckets[b], 0);
    pool_free(e->buckets);
    e->buckets = NULL;
    e->nr_ports = 0;
}

int event_vcpu_init(struct vcpu *v)
{
    spin_lock_init(&v->event.virq_lock, LOCK_EVENT_VIRQ);
    return v->domain->event.fifo ? event_fifo_vcpu_init(v) : 0;
}

void event_vcpu_free(struct vcpu *v)
{
    pool_free(v->event.fifo);
    v->event.fifo = NULL;
}
