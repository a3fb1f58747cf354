/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual CPUs: their registers, state and affinity.
 */
#include <string.h>

#include "private.h"

static struct xen_domctl about(uint32_t cmd, uint32_t domid)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.domain = domid;
    return op;
}

static int context_op(struct xc *xc, uint32_t cmd, uint32_t domid, unsigned int vcpu, void *context,
                      size_t size, unsigned int direction)
{
    struct xen_domctl op = about(cmd, domid);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, context, size, direction);

    if (rc)
        return rc;
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, b.buffer);
    rc = xc_domctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_vcpu_set_context(struct xc *xc, uint32_t domid, unsigned int vcpu, const void *context,
                        size_t size)
{
    return context_op(xc, XEN_DOMCTL_setvcpucontext, domid, vcpu, (void *)context, size, BOUNCE_IN);
}

int xc_vcpu_get_context(struct xc *xc, uint32_t domid, unsigned int vcpu, void *context,
                        size_t size)
{
    return context_op(xc, XEN_DOMCTL_getvcpucontext, domid, vcpu, context, size, BOUNCE_OUT);
}

int xc_vcpu_info(struct xc *xc, uint32_t domid, unsigned int vcpu,
                 struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = about(XEN_DOMCTL_getvcpuinfo, domid);

    op.u.getvcpuinfo.vcpu = vcpu;
    int rc = xc_domctl(xc, &op);

    if (!rc)
        *info = op.u.getvcpuinfo;
    return rc;
}

static int affinity_op(struct xc *xc, uint32_t cmd, uint32_t domid, unsigned int vcpu,
                       uint8_t *hard, uint8_t *soft, size_t map_size)
{
    struct xen_domctl op = about(cmd, domid);
    struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
    struct xc_bounce hard_map, soft_map;
    int rc = xc_bounce_in(xc, &hard_map, hard, map_size, BOUNCE_IN | BOUNCE_OUT);

    if (rc)
        return rc;
    rc = xc_bounce_in(xc, &soft_map, soft, map_size, BOUNCE_IN | BOUNCE_OUT);
    if (!rc) {
        a->vcpu = vcpu;
        a->flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
        a->cpumap_hard.nr_bits = hard ? map_size * 8 : 0;
        a->cpumap_soft.nr_bits = soft ? map_size * 8 : 0;
        set_xen_guest_handle(a->cpumap_hard.bitmap, hard_map.buffer);
        set_xen_guest_handle(a->cpumap_soft.bitmap, soft_map.buffer);
        rc = xc_domctl(xc, &op);
        xc_bounce_out(xc, &soft_map, rc);
    }
    xc_bounce_out(xc, &hard_map, rc);
    return rc;
}

int xc_vcpu_set_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t map_size)
{
    return affinity_op(xc, XEN_DOMCTL_setvcpuaffinity, domid, vcpu, hard, soft, map_size);
}

int xc_vcpu_get_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t map_size)
{
    return affinity_op(xc, XEN_DOMCTL_getvcpuaffinity, domid, vcpu, hard, soft, map_size);
}
