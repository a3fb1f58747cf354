/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_memory_op: which operation is whose.
 *
 * Here are those that only ask or set a number; lists of extents are in reservation.c and
 * exchange.c, other things' frames in resource.c, and what concerns the machine's memory map is the
 * architecture's.
 */
#include <lib/math.h>
#include <xen/arch.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/hypercall.h>

#include "memop.h"

/* PV: what the guest itself says; nothing of ours depends on it. */
static long maximum_gpfn(const struct domain *d)
{
    uint64_t pages = d->shared_info ? __atomic_load_n(&d->shared_info->arch.max_pfn,
                                                      __ATOMIC_RELAXED) : 0;
    return pages > INT64_MAX ? -EINVAL : pages ? (long)pages - 1 : 0;
}

static long domain_number(unsigned int op, uint64_t arg)
{
    struct xen_memory_domain which;
    struct domain *d;
    long n;

    if (copy_arg_from_guest(&which, arg))
        return -EFAULT;
    int rc = domain_find_for(which.domid, &d);
    if (rc)
        return rc;
    switch (op) {
    case XENMEM_current_reservation: n = (long)min(d->tot_pages, (uint64_t)INT64_MAX); break;
    /* Without a limit it is stored as all ones; callers compute with 32 bits of it. */
    case XENMEM_maximum_reservation: n = (long)min(d->max_pages, (uint64_t)UINT32_MAX); break;
    default: n = maximum_gpfn(d); break;
    }
    domain_put(d);
    return n;
}

static long claim_pages(uint64_t arg)
{
    struct xen_memory_reservation r;
    struct domain *d;

    if (!current->domain->is_privileged)
        return -EPERM;
    if (copy_arg_from_guest(&r, arg))
        return -EFAULT;
    if (!guest_handle_is_null(r.extent_start) || r.extent_order || r.mem_flags)
        return -EINVAL;
    d = domain_find_any(r.domid);
    if (!d)
        return -ESRCH;
    int rc = heap_claim(d, r.nr_extents);
    domain_put(d);
    return rc;
}

/* A PV domain's address space is the machine's: pages have no other places. */
static long physmap_op(uint64_t arg)
{
    domid_t id;
    struct domain *d;

    /* The domain is the first field of each of these operations' structures. */
    if (copy_arg_from_guest(&id, arg))
        return -EFAULT;
    int rc = domain_find_for(id, &d);
    if (rc)
        return rc;
    domain_put(d);
    return refuse(current->domain, -EACCES, "moves pages of d%u, which is paravirtualized", id);
}

/* We know of none. */
static long reserved_device_memory(uint64_t arg)
{
    struct xen_reserved_device_memory_map map;

    if (copy_arg_from_guest(&map, arg))
        return -EFAULT;
    if (map.flags & ~(uint32_t)XENMEM_RDM_ALL)
        return -EINVAL;
    map.nr_entries = 0;
    return copy_arg_to_guest(arg, &map) ? -EFAULT : 0;
}

long do_memory_op(unsigned long cmd, uint64_t arg)
{
    unsigned int op = cmd & MEMOP_CMD_MASK;
    unsigned long start = cmd >> MEMOP_EXTENT_SHIFT;

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return memop_reservation(op, start, arg);
    case XENMEM_acquire_resource:
        return memop_acquire_resource(start, arg);
    }
    if (start)
        return -EINVAL;
    switch (op) {
    case XENMEM_exchange:
        return memop_exchange(arg);
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return domain_number(op, arg);
    case XENMEM_claim_pages:
        return claim_pages(arg);
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
    case XENMEM_remove_from_physmap:
        return physmap_op(arg);
    case XENMEM_reserved_device_memory_map:
        return reserved_device_memory(arg);
    case XENMEM_maximum_ram_page:
    case XENMEM_memory_map:
    case XENMEM_set_memory_map:
    case XENMEM_machine_memory_map:
    case XENMEM_machphys_mapping:
    case XENMEM_machphys_mfn_list:
    case XENMEM_machphys_compat_mfn_list:
        return arch_memory_op(op, arg);
    case XENMEM_get_vnumainfo:
        return -EOPNOTSUPP;
    default:            /* populate on demand, paging, sharing, access rights */
        return -ENOSYS;
    }
}
