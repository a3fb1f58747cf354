/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of domains: giving, taking, asking.
 */
#include <errno.h>
#include <string.h>

#include <xen/memory.h>

#include "private.h"

/* A reservation call's result is how many extents went through. */
static long reservation(struct xc *xc, unsigned int cmd, uint32_t domid, unsigned long count,
                        unsigned int order, unsigned int flags, xen_pfn_t *frames,
                        unsigned int direction)
{
    struct xen_memory_reservation op = {
        .nr_extents = count, .extent_order = order, .mem_flags = flags, .domid = domid,
    };
    struct xc_bounce b;
    long rc = xc_bounce_in(xc, &b, frames, count * sizeof(*frames), direction);

    if (rc)
        return rc;
    set_xen_guest_handle(op.extent_start, b.buffer);
    rc = xc_call_struct(xc, __HYPERVISOR_memory_op, cmd, &op, sizeof(op));
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_memory_populate(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       unsigned int flags, xen_pfn_t *frames)
{
    long rc = reservation(xc, XENMEM_populate_physmap, domid, count, order, flags, frames,
                          BOUNCE_IN | BOUNCE_OUT);

    if (rc < 0)
        return rc;
    return (unsigned long)rc == count ? 0 : -ENOMEM;
}

static int partial(long rc, unsigned long count, unsigned long *done)
{
    *done = rc < 0 ? 0 : rc;
    if (rc < 0)
        return rc;
    return (unsigned long)rc == count ? 0 : -EBUSY;
}

int xc_memory_increase(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       unsigned int flags, xen_pfn_t *frames, unsigned long *done)
{
    return partial(reservation(xc, XENMEM_increase_reservation, domid, count, order, flags, frames,
                               BOUNCE_OUT), count, done);
}

int xc_memory_decrease(struct xc *xc, uint32_t domid, unsigned long count, unsigned int order,
                       const xen_pfn_t *frames, unsigned long *done)
{
    return partial(reservation(xc, XENMEM_decrease_reservation, domid, count, order, 0,
                               (xen_pfn_t *)frames, BOUNCE_IN), count, done);
}

int xc_memory_add_to_physmap(struct xc *xc, uint32_t domid, unsigned int space, unsigned long index,
                             xen_pfn_t gfn)
{
    struct xen_add_to_physmap op = { .domid = domid, .space = space, .idx = index, .gpfn = gfn };

    return xc_call_struct(xc, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, &op, sizeof(op));
}

int xc_memory_remove_from_physmap(struct xc *xc, uint32_t domid, xen_pfn_t gfn)
{
    struct xen_remove_from_physmap op = { .domid = domid, .gpfn = gfn };

    return xc_call_struct(xc, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &op, sizeof(op));
}

/* An e820 entry: address, size, type, packed. */
#define E820_ENTRY_SIZE 20

int xc_memory_set_map(struct xc *xc, uint32_t domid, const void *entries, unsigned int count)
{
    struct xen_foreign_memory_map op = { .domid = domid, .map = { .nr_entries = count } };
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, entries, (size_t)count * E820_ENTRY_SIZE, BOUNCE_IN);

    if (rc)
        return rc;
    set_xen_guest_handle(op.map.buffer, b.buffer);
    rc = xc_call_struct(xc, __HYPERVISOR_memory_op, XENMEM_set_memory_map, &op, sizeof(op));
    xc_bounce_out(xc, &b, rc);
    return rc;
}

static long ask_about(struct xc *xc, unsigned int cmd, uint32_t domid)
{
    domid_t arg = domid;

    return xc_call_struct(xc, __HYPERVISOR_memory_op, cmd, &arg, sizeof(arg));
}

long xc_memory_current(struct xc *xc, uint32_t domid)
{
    return ask_about(xc, XENMEM_current_reservation, domid);
}

long xc_memory_maximum(struct xc *xc, uint32_t domid)
{
    return ask_about(xc, XENMEM_maximum_reservation, domid);
}

long xc_memory_maximum_gpfn(struct xc *xc, uint32_t domid)
{
    return ask_about(xc, XENMEM_maximum_gpfn, domid);
}

long xc_memory_max_ram_page(struct xc *xc)
{
    return xc_hypercall(xc, __HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, 0, 0, 0);
}

int xc_memory_claim(struct xc *xc, uint32_t domid, unsigned long pages)
{
    struct xen_memory_reservation op = { .nr_extents = pages, .domid = domid };

    return xc_call_struct(xc, __HYPERVISOR_memory_op, XENMEM_claim_pages, &op, sizeof(op));
}

int xc_memory_m2p_frames(struct xc *xc, xen_pfn_t *frames, unsigned int *count)
{
    struct xen_machphys_mfn_list op = { .max_extents = *count };
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, frames, *count * sizeof(*frames), BOUNCE_OUT);

    if (rc)
        return rc;
    set_xen_guest_handle(op.extent_start, b.buffer);
    rc = xc_call_struct(xc, __HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, &op, sizeof(op));
    xc_bounce_out(xc, &b, rc);
    if (!rc)
        *count = op.nr_extents;
    return rc;
}
