/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual interrupts: events whose source is the hypervisor.
 *
 * Per-vcpu ones are kept in that vcpu's virq_port; global ones in vcpu 0's, whichever vcpu they
 * notify.  Entries are changed and used under virq_lock, with interrupts off, since interrupt
 * handlers send.
 */
#include <lib/math.h>
#include <xen/assert.h>

#include "private.h"

/* Domains other than dom0 that asked for a global VIRQ; each holds a reference. */
static struct domain *handlers[EVENT_NR_VIRQS];
static DEFINE_SPINLOCK(handlers_lock, LOCK_EVENT_VIRQ_HANDLERS);

_Static_assert(EVENT_NR_VIRQS == NR_VIRQS, "event.h follows the ABI");

bool virq_is_global(unsigned int virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

/* Send what is bound; the lock keeps the port from being closed meanwhile. */
static void virq_send(struct vcpu *v, unsigned int virq)
{
    unsigned long flags = spin_lock_irqsave(&v->event.virq_lock);
    uint32_t port = v->event.virq_port[virq];
    if (port)
        event_set_pending(v->domain, event_port_of(v->domain, port));
    spin_unlock_irqrestore(&v->event.virq_lock, flags);
}

void event_send_virq(struct vcpu *v, unsigned int virq)
{
    assert(virq < EVENT_NR_VIRQS && !virq_is_global(virq));
    virq_send(v, virq);
}

void event_send_domain_virq(struct domain *d, unsigned int virq)
{
    assert(virq < EVENT_NR_VIRQS && virq_is_global(virq));
    if (d->max_vcpus > 0 && d->vcpu[0])
        virq_send(d->vcpu[0], virq);
}

void event_send_global_virq(unsigned int virq)
{
    assert(virq < EVENT_NR_VIRQS);
    unsigned long flags = spin_lock_irqsave(&handlers_lock);
    struct domain *d = handlers[virq] ? handlers[virq] : hardware_domain;
    if (d)
        event_send_domain_virq(d, virq);
    spin_unlock_irqrestore(&handlers_lock, flags);
}

int event_set_virq_handler(struct domain *d, unsigned int virq)
{
    if (virq >= EVENT_NR_VIRQS || !virq_is_global(virq))
        return -EINVAL;
    if (!domain_get(d))
        return -ESRCH;
    unsigned long flags = spin_lock_irqsave(&handlers_lock);
    bool dying = d->dying;              /* if not yet, virq_handlers_forget() is yet to come */
    struct domain *unused = dying ? d : handlers[virq];
    if (!dying)
        handlers[virq] = d;
    spin_unlock_irqrestore(&handlers_lock, flags);
    if (unused)
        domain_put(unused);
    return dying ? -EINVAL : 0;
}

void virq_handlers_forget(struct domain *d)
{
    for (unsigned int virq = 0; virq < EVENT_NR_VIRQS; virq++) {
        unsigned long flags = spin_lock_irqsave(&handlers_lock);
        bool was = handlers[virq] == d;
        if (was)
            handlers[virq] = NULL;
        spin_unlock_irqrestore(&handlers_lock, flags);
        if (was)
            domain_put(d);
    }
}

/* After this no handler sends to the port. */
void virq_unbind(struct domain *d, const struct event_port *p)
{
    struct vcpu *v = d->vcpu[virq_is_global(p->u.virq) ? 0 : p->notify_vcpu];
    unsigned long flags = spin_lock_irqsave(&v->event.virq_lock);
    assert(v->event.virq_port[p->u.virq] == p->port);
    v->event.virq_port[p->u.virq] = 0;
    spin_unlock_irqrestore(&v->event.virq_lock, flags);
}
