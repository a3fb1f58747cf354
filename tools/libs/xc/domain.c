/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: their life, limits and permissions.
 */
#include <errno.h>
#include <string.h>

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

#include "private.h"

static struct xen_domctl about(uint32_t cmd, uint32_t domid)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.domain = domid;
    return op;
}

static int simple(struct xc *xc, uint32_t cmd, uint32_t domid)
{
    struct xen_domctl op = about(cmd, domid);

    return xc_domctl(xc, &op);
}

int xc_domain_create(struct xc *xc, uint32_t *domid, const struct xen_domctl_createdomain *config)
{
    struct xen_domctl op = about(XEN_DOMCTL_createdomain, *domid);

    op.u.createdomain = *config;
    int rc = xc_domctl(xc, &op);

    if (!rc)
        *domid = op.domain;
    return rc;
}

int xc_domain_destroy(struct xc *xc, uint32_t domid)
{
    int rc;

    /* The hypervisor does it in slices. */
    do {
        rc = simple(xc, XEN_DOMCTL_destroydomain, domid);
    } while (rc == -EAGAIN || rc == -ERESTART);
    return rc;
}

int xc_domain_pause(struct xc *xc, uint32_t domid)
{
    return simple(xc, XEN_DOMCTL_pausedomain, domid);
}

int xc_domain_unpause(struct xc *xc, uint32_t domid)
{
    return simple(xc, XEN_DOMCTL_unpausedomain, domid);
}

int xc_domain_resume(struct xc *xc, uint32_t domid)
{
    return simple(xc, XEN_DOMCTL_resumedomain, domid);
}

int xc_domain_shutdown(struct xc *xc, uint32_t domid, unsigned int reason)
{
    struct sched_remote_shutdown op = { .domain_id = domid, .reason = reason };

    return xc_call_struct(xc, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &op, sizeof(op));
}

int xc_domain_info(struct xc *xc, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = about(XEN_DOMCTL_getdomaininfo, domid);
    int rc = xc_domctl(xc, &op);

    if (rc)
        return rc;
    *info = op.u.getdomaininfo;
    /* An old habit of the interface: it may answer with the next domain instead. */
    return info->domain == domid ? 0 : -ESRCH;
}

int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, info, *count * sizeof(*info), BOUNCE_OUT);

    if (rc)
        return rc;
    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = *count;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, b.buffer);
    rc = xc_sysctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    if (!rc)
        *count = op.u.getdomaininfolist.num_domains;
    return rc;
}

int xc_domain_set_handle(struct xc *xc, uint32_t domid, const uint8_t handle[16])
{
    struct xen_domctl op = about(XEN_DOMCTL_setdomainhandle, domid);

    memcpy(op.u.setdomainhandle.handle, handle, sizeof(op.u.setdomainhandle.handle));
    return xc_domctl(xc, &op);
}

int xc_domain_set_max_vcpus(struct xc *xc, uint32_t domid, unsigned int max)
{
    struct xen_domctl op = about(XEN_DOMCTL_max_vcpus, domid);

    op.u.max_vcpus.max = max;
    return xc_domctl(xc, &op);
}

int xc_domain_set_max_mem(struct xc *xc, uint32_t domid, uint64_t max_kib)
{
    struct xen_domctl op = about(XEN_DOMCTL_max_mem, domid);

    op.u.max_mem.max_memkb = max_kib;
    return xc_domctl(xc, &op);
}

int xc_domain_set_time_offset(struct xc *xc, uint32_t domid, int64_t seconds)
{
    struct xen_domctl op = about(XEN_DOMCTL_settimeoffset, domid);

    op.u.settimeoffset.time_offset_seconds = seconds;
    return xc_domctl(xc, &op);
}

int xc_domain_set_target(struct xc *xc, uint32_t domid, uint32_t target)
{
    struct xen_domctl op = about(XEN_DOMCTL_set_target, domid);

    op.u.set_target.target = target;
    return xc_domctl(xc, &op);
}

int xc_domain_set_address_size(struct xc *xc, uint32_t domid, unsigned int bits)
{
    struct xen_domctl op = about(XEN_DOMCTL_set_address_size, domid);

    op.u.address_size.size = bits;
    return xc_domctl(xc, &op);
}

int xc_domain_get_address_size(struct xc *xc, uint32_t domid, unsigned int *bits)
{
    struct xen_domctl op = about(XEN_DOMCTL_get_address_size, domid);
    int rc = xc_domctl(xc, &op);

    if (!rc)
        *bits = op.u.address_size.size;
    return rc;
}

int xc_domain_set_tsc_info(struct xc *xc, uint32_t domid, uint32_t mode, uint64_t elapsed_ns,
                           uint32_t khz, uint32_t incarnation)
{
    struct xen_domctl op = about(XEN_DOMCTL_settscinfo, domid);

    op.u.tsc_info.tsc_mode = mode;
    op.u.tsc_info.elapsed_nsec = elapsed_ns;
    op.u.tsc_info.gtsc_khz = khz;
    op.u.tsc_info.incarnation = incarnation;
    return xc_domctl(xc, &op);
}

int xc_domain_hypercall_init(struct xc *xc, uint32_t domid, xen_pfn_t gfn)
{
    struct xen_domctl op = about(XEN_DOMCTL_hypercall_init, domid);

    op.u.hypercall_init.gmfn = gfn;
    return xc_domctl(xc, &op);
}

int xc_domain_set_debugging(struct xc *xc, uint32_t domid, bool enable)
{
    struct xen_domctl op = about(XEN_DOMCTL_setdebugging, domid);

    op.u.setdebugging.enable = enable;
    return xc_domctl(xc, &op);
}

int xc_domain_send_trigger(struct xc *xc, uint32_t domid, unsigned int trigger, unsigned int vcpu)
{
    struct xen_domctl op = about(XEN_DOMCTL_sendtrigger, domid);

    op.u.sendtrigger.trigger = trigger;
    op.u.sendtrigger.vcpu = vcpu;
    return xc_domctl(xc, &op);
}

int xc_domain_set_virq_handler(struct xc *xc, uint32_t domid, unsigned int virq)
{
    struct xen_domctl op = about(XEN_DOMCTL_set_virq_handler, domid);

    op.u.set_virq_handler.virq = virq;
    return xc_domctl(xc, &op);
}

int xc_domain_shadow_op(struct xc *xc, uint32_t domid, struct xen_domctl_shadow_op *shadow,
                        void *bitmap, size_t bitmap_size)
{
    struct xen_domctl op = about(XEN_DOMCTL_shadow_op, domid);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, bitmap, bitmap_size, BOUNCE_OUT);

    if (rc)
        return rc;
    op.u.shadow_op = *shadow;
    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, b.buffer);
    rc = xc_domctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    if (rc >= 0)
        *shadow = op.u.shadow_op;
    return rc;
}

int xc_domain_iomem_permission(struct xc *xc, uint32_t domid, uint64_t mfn, uint64_t count,
                               bool allow)
{
    struct xen_domctl op = about(XEN_DOMCTL_iomem_permission, domid);

    op.u.iomem_permission.first_mfn = mfn;
    op.u.iomem_permission.nr_mfns = count;
    op.u.iomem_permission.allow_access = allow;
    return xc_domctl(xc, &op);
}

int xc_domain_ioport_permission(struct xc *xc, uint32_t domid, unsigned int port,
                                unsigned int count, bool allow)
{
    struct xen_domctl op = about(XEN_DOMCTL_ioport_permission, domid);

    op.u.ioport_permission.first_port = port;
    op.u.ioport_permission.nr_ports = count;
    op.u.ioport_permission.allow_access = allow;
    return xc_domctl(xc, &op);
}

int xc_domain_irq_permission(struct xc *xc, uint32_t domid, unsigned int pirq, bool allow)
{
    struct xen_domctl op = about(XEN_DOMCTL_irq_permission, domid);

    op.u.irq_permission.pirq = pirq;
    op.u.irq_permission.allow_access = allow;
    return xc_domctl(xc, &op);
}

int xc_domain_memory_mapping(struct xc *xc, uint32_t domid, uint64_t gfn, uint64_t mfn,
                             uint64_t count, bool add)
{
    uint64_t step = count;

    for (uint64_t done = 0; done < count; ) {
        struct xen_domctl op = about(XEN_DOMCTL_memory_mapping, domid);

        if (step > count - done)
            step = count - done;
        op.u.memory_mapping.first_gfn = gfn + done;
        op.u.memory_mapping.first_mfn = mfn + done;
        op.u.memory_mapping.nr_mfns = step;
        op.u.memory_mapping.add_mapping = add ? DPCI_ADD_MAPPING : DPCI_REMOVE_MAPPING;
        int rc = xc_domctl(xc, &op);

        /* Too much at once is answered with -E2BIG, part of it with how much. */
        if (rc == -E2BIG && step > 1)
            step /= 2;
        else if (rc < 0)
            return rc;
        else
            done += rc ? (uint64_t)rc : step;
    }
    return 0;
}

int xc_hvm_param_set(struct xc *xc, uint32_t domid, uint32_t index, uint64_t value)
{
    struct xen_hvm_param op = { .domid = domid, .index = index, .value = value };

    return xc_call_struct(xc, __HYPERVISOR_hvm_op, HVMOP_set_param, &op, sizeof(op));
}

int xc_hvm_param_get(struct xc *xc, uint32_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvm_param op = { .domid = domid, .index = index };
    int rc = xc_call_struct(xc, __HYPERVISOR_hvm_op, HVMOP_get_param, &op, sizeof(op));

    if (!rc)
        *value = op.value;
    return rc;
}

int xc_domain_get_hvm_context(struct xc *xc, uint32_t domid, void *buffer, uint32_t *size)
{
    struct xen_domctl op = about(XEN_DOMCTL_gethvmcontext, domid);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, buffer, *size, BOUNCE_OUT);

    if (rc)
        return rc;
    op.u.hvmcontext.size = buffer ? *size : 0;
    set_xen_guest_handle(op.u.hvmcontext.buffer, b.buffer);
    rc = xc_domctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    if (rc >= 0)
        *size = op.u.hvmcontext.size;
    return rc < 0 ? rc : 0;
}

int xc_domain_set_hvm_context(struct xc *xc, uint32_t domid, const void *buffer, uint32_t size)
{
    struct xen_domctl op = about(XEN_DOMCTL_sethvmcontext, domid);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, buffer, size, BOUNCE_IN);

    if (rc)
        return rc;
    op.u.hvmcontext.size = size;
    set_xen_guest_handle(op.u.hvmcontext.buffer, b.buffer);
    rc = xc_domctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    return rc;
}
