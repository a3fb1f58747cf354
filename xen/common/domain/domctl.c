/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_domctl: one table, from command to handler.
 *
 * Commands that change something hold one lock, so that handlers see no other toolstack at work; it
 * is tried, not waited for: who does not get it issues the call again and takes interrupts
 * meanwhile.
 */
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/xsm.h>

#include "private.h"

static DEFINE_SPINLOCK(domctl_lock, LOCK_DOMCTL);

/* NO_TARGET: op.domain names no domain that must exist.  READS: changes nothing, needs no lock.
 * BACK: copied back when it succeeds; BACK_ALWAYS: also when not. */
enum { NO_TARGET = 1, READS = 2, BACK = 4, BACK_ALWAYS = 8 };

struct row { domctl_handler fn; uint8_t flags; };

static const struct row rows[] = {
    [XEN_DOMCTL_createdomain] = { domctl_create, NO_TARGET | BACK },
    [XEN_DOMCTL_destroydomain] = { domctl_destroy, 0 },
    [XEN_DOMCTL_pausedomain] = { domctl_pause, 0 },
    [XEN_DOMCTL_unpausedomain] = { domctl_unpause, 0 },
    [XEN_DOMCTL_resumedomain] = { domctl_resume, 0 },
    [XEN_DOMCTL_getdomaininfo] = { domctl_info, NO_TARGET | READS | BACK },
    [XEN_DOMCTL_setdomainhandle] = { domctl_set_handle, 0 },
    [XEN_DOMCTL_setdebugging] = { domctl_set_debugging, 0 },
    [XEN_DOMCTL_settimeoffset] = { domctl_set_time_offset, 0 },

    [XEN_DOMCTL_max_vcpus] = { domctl_max_vcpus, 0 },
    [XEN_DOMCTL_setvcpuaffinity] = { domctl_set_affinity, BACK },
    [XEN_DOMCTL_getvcpuaffinity] = { domctl_get_affinity, READS },
    [XEN_DOMCTL_setvcpucontext] = { domctl_set_context, 0 },
    [XEN_DOMCTL_getvcpucontext] = { domctl_get_context, 0 },
    [XEN_DOMCTL_getvcpuinfo] = { domctl_vcpu_info, READS | BACK },
    [XEN_DOMCTL_set_ext_vcpucontext] = { arch_domctl_set_ext_context, 0 },
    [XEN_DOMCTL_get_ext_vcpucontext] = { arch_domctl_get_ext_context, READS | BACK },
    [XEN_DOMCTL_setvcpuextstate] = { arch_domctl_set_xstate, 0 },
    [XEN_DOMCTL_getvcpuextstate] = { arch_domctl_get_xstate, BACK },
    [XEN_DOMCTL_set_vcpu_msrs] = { arch_domctl_set_msrs, BACK_ALWAYS },
    [XEN_DOMCTL_get_vcpu_msrs] = { arch_domctl_get_msrs, BACK_ALWAYS },
    [XEN_DOMCTL_sendtrigger] = { domctl_send_trigger, 0 },

    [XEN_DOMCTL_scheduler_op] = { domctl_scheduler, BACK },
    [XEN_DOMCTL_setnodeaffinity] = { domctl_set_node_affinity, 0 },
    [XEN_DOMCTL_getnodeaffinity] = { domctl_get_node_affinity, READS },
    [XEN_DOMCTL_gettscinfo] = { arch_domctl_get_tsc, READS | BACK },
    [XEN_DOMCTL_settscinfo] = { arch_domctl_set_tsc, 0 },

    [XEN_DOMCTL_max_mem] = { domctl_max_mem, 0 },
    [XEN_DOMCTL_shadow_op] = { arch_domctl_shadow, BACK },
    [XEN_DOMCTL_getpageframeinfo3] = { arch_domctl_frame_info, READS },
    [XEN_DOMCTL_hypercall_init] = { arch_domctl_hypercall_init, 0 },
    [XEN_DOMCTL_get_paging_mempool_size] = { arch_domctl_paging_pool, READS },
    [XEN_DOMCTL_set_paging_mempool_size] = { arch_domctl_paging_pool, 0 },

    [XEN_DOMCTL_set_address_size] = { arch_domctl_set_address_size, 0 },
    [XEN_DOMCTL_get_address_size] = { arch_domctl_get_address_size, READS | BACK },
    [XEN_DOMCTL_get_cpu_policy] = { arch_domctl_get_cpu_policy, BACK },
    [XEN_DOMCTL_set_cpu_policy] = { arch_domctl_set_cpu_policy, BACK_ALWAYS },

    [XEN_DOMCTL_irq_permission] = { domctl_irq_permission, 0 },
    [XEN_DOMCTL_iomem_permission] = { domctl_iomem_permission, 0 },
    [XEN_DOMCTL_ioport_permission] = { arch_domctl_ioport_permission, 0 },
    [XEN_DOMCTL_memory_mapping] = { domctl_memory_mapping, 0 },
    [XEN_DOMCTL_ioport_mapping] = { arch_domctl_ioport_mapping, 0 },
    [XEN_DOMCTL_assign_device] = { domctl_no_device, 0 },
    [XEN_DOMCTL_test_assign_device] = { domctl_no_device, NO_TARGET | READS },
    [XEN_DOMCTL_deassign_device] = { domctl_no_device, 0 },
    [XEN_DOMCTL_get_device_group] = { domctl_no_device, READS },
    [XEN_DOMCTL_set_virq_handler] = { domctl_set_virq_handler, 0 },
};
/* Not there, and therefore -ENOSYS: what only HVM guests, other processors or nested paging have,
 * events of the memory sharing and monitoring kind, gdbsx, cache and trace technology, soft reset,
 * virtual NUMA. */

static const struct row *find_row(uint32_t cmd)
{
    return cmd < sizeof(rows) / sizeof(rows[0]) && rows[cmd].fn ? &rows[cmd] : NULL;
}

static int perform(const struct row *row, struct domain *d, struct xen_domctl *op)
{
    if (row->flags & READS)
        return row->fn(d, op);
    if (!spin_trylock(&domctl_lock))
        return -ERESTART;
    int rc = row->fn(d, op);
    spin_unlock(&domctl_lock);
    return rc;
}

static int copy_back(const struct row *row, int rc, uint64_t to, const struct xen_domctl *op)
{
    if (!(row->flags & BACK_ALWAYS) && (rc || !(row->flags & BACK)))
        return rc;
    return copy_arg_to_guest(to, op) ? -EFAULT : rc;
}

long do_domctl(uint64_t u_op)
{
    struct domain *self = current->domain, *d = NULL;
    struct xen_domctl op;

    if (copy_arg_from_guest(&op, u_op))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    const struct row *row = find_row(op.cmd);
    bool needs_target = !row || !(row->flags & NO_TARGET);
    if (needs_target)
        d = domain_find(op.domain);
    int rc = xsm_domctl(self, d, op.cmd);
    if (!rc)
        rc = needs_target && !d ? -ESRCH : !row ? -ENOSYS : perform(row, d, &op);
    if (d)
        domain_put(d);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_domctl, 1, u_op);
    return row ? copy_back(row, rc, u_op, &op) : rc;
}
