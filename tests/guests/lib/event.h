/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels, by the two-level bitmaps.
 *
 * Upcalls are masked at the start.  Every port is masked at first; event_wait() looks at the
 * pending bit, so tests need no upcall unless that is what they test.
 */
#ifndef GUEST_EVENT_H
#define GUEST_EVENT_H

#include <public/event_channel.h>
#include "types.h"

extern volatile unsigned int event_count[4096];     /* upcalls by port */
extern volatile unsigned int upcall_count;
extern void (*event_hook)(void);                    /* in place of the two-level scan */

void event_init(void);

bool event_pending(evtchn_port_t port);
bool event_take(evtchn_port_t port);                /* pending, and now clear */
void event_mask(evtchn_port_t port);
void event_unmask(evtchn_port_t port);              /* by hypercall */
bool event_masked(evtchn_port_t port);

/* Wait until the port is pending, at most so long; clears it. */
bool event_wait(evtchn_port_t port, uint64_t ns);

/* Upcalls of this vCPU, as sti and cli; enabling delivers what is pending. */
void upcalls_enable(void);
void upcalls_disable(void);

/* The operations; those that make a port return it, or an error. */
long event_alloc_unbound(domid_t dom, domid_t remote);
long event_bind_interdomain(domid_t remote, evtchn_port_t port);
long event_bind_virq(unsigned int virq, unsigned int vcpu);
long event_bind_ipi(unsigned int vcpu);
long event_bind_vcpu(evtchn_port_t port, unsigned int vcpu);
long event_close(evtchn_port_t port);
long event_send(evtchn_port_t port);
long event_status(evtchn_port_t port, struct evtchn_status *status);

#endif
