/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physical interrupts, as common code and drivers see them.  Lines are numbered by GSI (I/O APIC
 * inputs) below irq_gsi_count and, above that, dynamically for MSIs.  A guest knows a line as a
 * pirq.
 */
#ifndef XEN_IRQ_H
#define XEN_IRQ_H

#include <xen/types.h>

struct domain;
struct vcpu;

/* Our own use of a line (serial ports): fn runs in interrupt context. */
int irq_request(unsigned int irq, void (*fn)(int irq, void *arg), void *arg,
                const char *name) must_check;
void irq_release(unsigned int irq);

/* Guest side: pirq -> interrupt line mapping exists (physdev_op), and now port `port` of v's domain
 * takes it. */
int pirq_bind(struct vcpu *v, unsigned int pirq, unsigned int port, bool may_share) must_check;
void pirq_unbind(struct domain *d, unsigned int pirq);
/* guest finished with it: unmask the line */
void pirq_eoi(struct domain *d, unsigned int pirq);
/* deliver to where v runs */
void pirq_set_affinity(struct domain *d, unsigned int pirq, struct vcpu *v);
unsigned int pirq_count(const struct domain *d);                /* pirqs are 0..count-1 */
void pirq_domain_destroy(struct domain *d);                     /* unbind and unmap all */
void pirq_dump(void);                                           /* debug key 'i' */

#endif
