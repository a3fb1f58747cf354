/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a domain may have: how much memory, and which parts of the machine.
 *
 * A caller can only hand on what it has itself.  Sets of permissions change while the domain does
 * not run, so that who reads them on its behalf needs no lock; its own the caller changes between
 * two instructions of its own.
 */
#include <lib/bitmap.h>
#include <xen/control.h>
#include <xen/heap.h>
#include <xen/irq.h>
#include <xen/page.h>
#include <xen/sched.h>
#include <xen/xsm.h>

#include "private.h"

#define MAX_MFN ((1UL << 40) - 1)       /* 52 bits of address */

int domctl_max_mem(struct domain *d, struct xen_domctl *op)
{
    /* Less than it has now is fine: it gets no more until it has given back. */
    spin_lock(&d->page_lock);
    d->max_pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
    spin_unlock(&d->page_lock);
    return 0;
}

int domain_change_access(struct domain *d, struct rangeset *set, unsigned long first,
                         unsigned long last, bool allow)
{
    bool other = d != current->domain;

    if (other)
        domain_pause(d);
    spin_lock(&d->lock);
    int rc = allow ? rangeset_add(set, first, last) : rangeset_remove(set, first, last);
    spin_unlock(&d->lock);
    if (other)
        domain_unpause(d);
    return rc;
}

int domctl_irq_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

    if (p->pirq >= pirq_count(current->domain))
        return -EINVAL;
    int rc = xsm_irq(current->domain, d, p->pirq);
    return rc ? rc : domain_change_access(d, d->irq_caps, p->pirq, p->pirq, p->allow_access);
}

static int frame_range(uint64_t first, uint64_t n, uint64_t *last)
{
    *last = first + n - 1;
    return !n || *last < first || *last > MAX_MFN ? -EINVAL : 0;
}

int domctl_iomem_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
    uint64_t last;

    int rc = frame_range(p->first_mfn, p->nr_mfns, &last);
    if (!rc)
        rc = xsm_iomem(current->domain, d, p->first_mfn, last);
    return rc ? rc : domain_change_access(d, d->iomem_caps, p->first_mfn, last, p->allow_access);
}

/* A PV guest maps by machine frames whatever it has permission for: nothing is left to be done. */
int domctl_memory_mapping(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
    uint64_t last;

    if (m->add_mapping != DPCI_ADD_MAPPING && m->add_mapping != DPCI_REMOVE_MAPPING)
        return -EINVAL;
    int rc = frame_range(m->first_mfn, m->nr_mfns, &last);
    if (!rc)
        rc = frame_range(m->first_gfn, m->nr_mfns, &last);
    return rc ? rc : xsm_iomem(current->domain, d, m->first_mfn, m->first_mfn + m->nr_mfns - 1);
}

int domctl_no_device(struct domain *d, struct xen_domctl *op)
{
    (void)d;
    (void)op;
    return -EOPNOTSUPP;
}

int domctl_set_virq_handler(struct domain *d, struct xen_domctl *op)
{
    return event_set_virq_handler(d, op->u.set_virq_handler.virq);
}

int domctl_set_node_affinity(struct domain *d, struct xen_domctl *op)
{
    unsigned long nodes[1];

    int rc = bitmap_from_guest(nodes, HEAP_MAX_NODES, &op->u.nodeaffinity.nodemap);
    return rc ? rc : domain_set_nodes(d, nodes[0]);
}

int domctl_get_node_affinity(struct domain *d, struct xen_domctl *op)
{
    const unsigned long nodes[1] = { domain_nodes(d) };

    return bitmap_to_guest(&op->u.nodeaffinity.nodemap, nodes, HEAP_MAX_NODES);
}
