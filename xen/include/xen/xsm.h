/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The security policy's questions: may this caller do that?  One hook per class of operation; each
 * returns 0 or -EPERM.
 *
 * The basic policy knows one privilege: dom0 has it.
 */
#ifndef XEN_XSM_H
#define XEN_XSM_H

#include <xen/types.h>

struct domain;

/* Control of domains.  target is NULL for commands that have none (yet), and when it does not
 * exist. */
int xsm_domctl(const struct domain *caller, const struct domain *target, uint32_t cmd) must_check;
int xsm_domain_create(const struct domain *caller, uint32_t ssidref) must_check;
/* May it know that target exists? */
int xsm_domain_info(const struct domain *caller, const struct domain *target) must_check;
/* Control of the machine. */
int xsm_sysctl(const struct domain *caller, uint32_t cmd) must_check;
/* Hand on what only its owner may: frames of devices, ports, interrupts; both ends inclusive. */
int xsm_iomem(const struct domain *caller, const struct domain *target, uint64_t first,
              uint64_t last) must_check;
int xsm_ioports(const struct domain *caller, const struct domain *target, uint32_t first,
                uint32_t last) must_check;
int xsm_irq(const struct domain *caller, const struct domain *target, uint32_t pirq) must_check;

#endif
