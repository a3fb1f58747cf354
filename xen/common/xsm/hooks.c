/* SPDX-License-Identifier: GPL-2.0-only */
/* The basic policy: who is privileged may control domains and the machine, and hand on what it has
 * itself. */
#include <xen/domain.h>
#include <xen/xsm.h>

static int privileged(const struct domain *caller)
{
    return caller->is_privileged ? 0 : -EPERM;
}

int xsm_domctl(const struct domain *caller, const struct domain *target, uint32_t cmd)
{
    (void)target;
    (void)cmd;
    return privileged(caller);
}

int xsm_domain_create(const struct domain *caller, uint32_t ssidref)
{
    (void)ssidref;
    return privileged(caller);
}

int xsm_domain_info(const struct domain *caller, const struct domain *target)
{
    return caller == target ? 0 : privileged(caller);
}

int xsm_sysctl(const struct domain *caller, uint32_t cmd)
{
    (void)cmd;
    return privileged(caller);
}

int xsm_iomem(const struct domain *caller, const struct domain *target, uint64_t first,
              uint64_t last)
{
    (void)target;
    return rangeset_contains(caller->iomem_caps, first, last) ? privileged(caller) : -EPERM;
}

int xsm_ioports(const struct domain *caller, const struct domain *target, uint32_t first,
                uint32_t last)
{
    (void)target;
    return rangeset_contains(caller->arch.ioport_caps, first, last) ? privileged(caller) : -EPERM;
}

int xsm_irq(const struct domain *caller, const struct domain *target, uint32_t pirq)
{
    (void)target;
    return rangeset_has(caller->irq_caps, pirq) ? privileged(caller) : -EPERM;
}
