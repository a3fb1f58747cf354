/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XENMEM_acquire_resource: a tool learns the frames of something that belongs to a domain without
 * being its memory, in order to map them.  Of these there is the grant table.
 */
#include <lib/math.h>
#include <xen/atomic.h>
#include <xen/grant.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include "memop.h"

static bool is_status(const struct xen_mem_acquire_resource *r)
{
    return r->id == XENMEM_resource_grant_table_id_status;
}

static int check_request(const struct xen_mem_acquire_resource *r)
{
    if (r->pad)
        return -EINVAL;
    if (r->type != XENMEM_resource_grant_table)
        return -EOPNOTSUPP;
    if (r->id != XENMEM_resource_grant_table_id_shared && !is_status(r))
        return -EINVAL;
    return r->frame + r->nr_frames < r->frame || r->frame + r->nr_frames > GRANT_STATUS_FRAME
               ? -EINVAL : 0;
}

/* No list: how many frames can there be? */
static long report_size(struct domain *d, struct xen_mem_acquire_resource *r, uint64_t arg)
{
    if (r->nr_frames)
        return -EINVAL;
    r->nr_frames = grant_table_max_frames(d, is_status(r));
    return copy_to_guest_va(arg + offsetof(struct xen_mem_acquire_resource, nr_frames),
                            &r->nr_frames, sizeof(r->nr_frames)) ? -EFAULT : 0;
}

static int acquire_frame(struct domain *d, const struct xen_mem_acquire_resource *r,
                         unsigned long i)
{
    unsigned int idx = (unsigned int)(r->frame + i) | (is_status(r) ? GRANT_STATUS_FRAME : 0);
    mfn_t mfn;

    int rc = grant_table_frame(d, idx, &mfn);
    if (rc)
        return rc;
    uint64_t nr = mfn_nr(mfn);
    return copy_to_guest_offset(r->frame_list, i, &nr, 1) ? -EFAULT : 0;
}

static long acquire(struct domain *d, struct xen_mem_acquire_resource *r, unsigned long start,
                    uint64_t arg)
{
    if (d == current->domain)
        return refuse(d, -EPERM, "asks for the frames of its own grant table");
    if (d->dying)
        return -EINVAL;
    if (guest_handle_is_null(r->frame_list))
        return report_size(d, r, arg);
    for (unsigned long i = start; i < r->nr_frames; i++) {
        if (i != start && hypercall_preempt_check())
            return hypercall_continue(__HYPERVISOR_memory_op, 2,
                                      memop_cmd(XENMEM_acquire_resource, i), (unsigned long)arg);
        int rc = acquire_frame(d, r, i);
        if (rc)
            return rc;
    }
    return 0;
}

long memop_acquire_resource(unsigned long start, uint64_t arg)
{
    struct xen_mem_acquire_resource r;
    struct domain *d;

    if (copy_arg_from_guest(&r, arg))
        return -EFAULT;
    int rc = check_request(&r);
    if (!rc)
        rc = domain_find_for(r.domid, &d);
    if (rc)
        return rc;
    long result = acquire(d, &r, start, arg);
    domain_put(d);
    return result;
}
