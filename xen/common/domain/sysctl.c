/* SPDX-License-Identifier: GPL-2.0-only */
/* HYPERVISOR_sysctl: one table, from command to handler; and the commands about consoles and lists
 * of domains. */
#include <xen/console.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/rcu.h>
#include <xen/xsm.h>

#include "private.h"

/* BACK_ALWAYS: the argument is copied back even when there is an error, to say how much room is
 * needed. */
enum { BACK = 1, BACK_ALWAYS = 2 };

struct row { sysctl_handler fn; uint8_t flags; };

static const struct row rows[] = {
    [XEN_SYSCTL_readconsole]            = { sysctl_readconsole,     BACK },
    [XEN_SYSCTL_tbuf_op]                = { sysctl_tbuf,            BACK },
    [XEN_SYSCTL_physinfo]               = { sysctl_physinfo,        BACK },
    [XEN_SYSCTL_sched_id]               = { sysctl_sched_id,        BACK },
    [XEN_SYSCTL_perfc_op]               = { sysctl_perfc,           BACK },
    [XEN_SYSCTL_getdomaininfolist]      = { sysctl_domain_list,     BACK },
    [XEN_SYSCTL_debug_keys]             = { sysctl_debug_keys,      0 },
    [XEN_SYSCTL_getcpuinfo]             = { sysctl_cpu_info,        BACK },
    [XEN_SYSCTL_availheap]              = { sysctl_avail_heap,      BACK },
    [XEN_SYSCTL_cputopoinfo]            = { sysctl_cpu_topology,    BACK },
    [XEN_SYSCTL_get_pmstat]             = { sysctl_power_states,    BACK },
    [XEN_SYSCTL_cpu_hotplug]            = { sysctl_cpu_hotplug,     0 },
    [XEN_SYSCTL_pm_op]                  = { sysctl_power_op,        BACK_ALWAYS },
    [XEN_SYSCTL_numainfo]               = { sysctl_numa_info,       BACK },
    [XEN_SYSCTL_pcitopoinfo]            = { sysctl_pci_topology,    BACK },
    [XEN_SYSCTL_cpupool_op]             = { sysctl_cpupool,         BACK },
    [XEN_SYSCTL_scheduler_op]           = { sysctl_scheduler,       BACK },
    [XEN_SYSCTL_get_cpu_levelling_caps] = { arch_sysctl_levelling,  BACK },
    [XEN_SYSCTL_get_cpu_featureset]     = { arch_sysctl_featureset, BACK_ALWAYS },
    [XEN_SYSCTL_get_cpu_policy]         = { arch_sysctl_cpu_policy, BACK },
};
/* Not there, and therefore -ENOSYS: lock profiles, coverage, live patches, cache
 * technology, pages taken offline; and counters without perfc=y. */

static const struct row *find_row(uint32_t cmd)
{
    return cmd < sizeof(rows) / sizeof(rows[0]) && rows[cmd].fn ? &rows[cmd] : NULL;
}

long do_sysctl(uint64_t u_op)
{
    struct xen_sysctl op;

    if (copy_arg_from_guest(&op, u_op))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    int rc = xsm_sysctl(current->domain, op.cmd);
    if (rc)
        return rc;
    const struct row *row = find_row(op.cmd);
    if (!row)
        return -ENOSYS;
    rc = row->fn(&op);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_sysctl, 1, u_op);
    if ((row->flags & BACK_ALWAYS) || (!rc && (row->flags & BACK)))
        if (copy_arg_to_guest(u_op, &op))
            return -EFAULT;
    return rc;
}

int sysctl_readconsole(struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *r = &op->u.readconsole;
    uint32_t count = r->count, index = r->index;

    long rc = console_ring_read((uint64_t)r->buffer.p, &count, r->clear, r->incremental, &index);
    r->count = count;
    r->index = index;
    return (int)rc;
}

int sysctl_debug_keys(struct xen_sysctl *op)
{
    for (uint32_t i = 0; i < op->u.debug_keys.nr_keys; i++) {
        char key;
        if (copy_from_guest_va(&key, (uint64_t)op->u.debug_keys.keys.p + i, 1))
            return -EFAULT;
        key_handle((unsigned char)key);
    }
    return 0;
}

int sysctl_domain_list(struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
    uint32_t n = 0;
    int rc = 0;

    rcu_read_lock();
    for_each_domain(d) {
        struct xen_domctl_getdomaininfo info;

        if (d->id < list->first_domain || xsm_domain_info(current->domain, d))
            continue;
        if (n == list->max_domains)
            break;
        domain_describe(d, &info);
        if (copy_to_guest_offset(list->buffer, n, &info, 1)) {
            rc = -EFAULT;
            break;
        }
        n++;
    }
    rcu_read_unlock();
    list->num_domains = n;
    return rc;
}
