/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts and PCI devices for domains.
 */
#include <string.h>

#include <xen/physdev.h>

#include "private.h"

int xc_physdev_map_pirq(struct xc *xc, uint32_t domid, int index, int *pirq)
{
    struct physdev_map_pirq op = {
        .domid = domid, .type = MAP_PIRQ_TYPE_GSI, .index = index, .pirq = *pirq,
    };
    int rc = xc_call_struct(xc, __HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &op, sizeof(op));

    if (!rc)
        *pirq = op.pirq;
    return rc;
}

int xc_physdev_unmap_pirq(struct xc *xc, uint32_t domid, int pirq)
{
    struct physdev_unmap_pirq op = { .domid = domid, .pirq = pirq };

    return xc_call_struct(xc, __HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq, &op, sizeof(op));
}

static int device_op(struct xc *xc, uint32_t cmd, uint32_t domid, uint32_t sbdf, unsigned int flags)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.domain = domid;
    op.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    op.u.assign_device.flags = flags;
    op.u.assign_device.u.pci.machine_sbdf = sbdf;
    return xc_domctl(xc, &op);
}

int xc_device_assign(struct xc *xc, uint32_t domid, uint32_t sbdf, unsigned int flags)
{
    return device_op(xc, XEN_DOMCTL_assign_device, domid, sbdf, flags);
}

int xc_device_deassign(struct xc *xc, uint32_t domid, uint32_t sbdf)
{
    return device_op(xc, XEN_DOMCTL_deassign_device, domid, sbdf, 0);
}

int xc_device_test_assign(struct xc *xc, uint32_t domid, uint32_t sbdf)
{
    return device_op(xc, XEN_DOMCTL_test_assign_device, domid, sbdf, 0);
}
