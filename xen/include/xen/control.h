/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control interface: domctl and sysctl.  Their tables (common/domain/domctl.c, sysctl.c) name a
 * handler per command; handlers live in the room the command is about, and are declared here.
 *
 * A handler gets a private copy of the argument, may change it, and the table says whether it is
 * copied back.  The caller may do it: the policy was asked.  -ERESTART: preempted, and called again
 * from the beginning with the guest's argument.
 */
#ifndef XEN_CONTROL_H
#define XEN_CONTROL_H

#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/domain.h>
#include <xen/types.h>

/* d: with a reference, never NULL unless said otherwise. */
typedef int (*domctl_handler)(struct domain *d, struct xen_domctl *op);
typedef int (*sysctl_handler)(struct xen_sysctl *op);

/* ---- domctl: life (domctl_life.c) ---- */

int domctl_create(struct domain *none, struct xen_domctl *op) must_check;
int domctl_destroy(struct domain *d, struct xen_domctl *op) must_check;
int domctl_pause(struct domain *d, struct xen_domctl *op) must_check;
int domctl_unpause(struct domain *d, struct xen_domctl *op) must_check;
int domctl_resume(struct domain *d, struct xen_domctl *op) must_check;
int domctl_info(struct domain *none, struct xen_domctl *op) must_check;
int domctl_set_handle(struct domain *d, struct xen_domctl *op) must_check;
int domctl_set_debugging(struct domain *d, struct xen_domctl *op) must_check;
int domctl_set_time_offset(struct domain *d, struct xen_domctl *op) must_check;
void domain_describe(const struct domain *d, struct xen_domctl_getdomaininfo *info);

/* ---- vcpus (domctl_vcpu.c) ---- */

int domctl_max_vcpus(struct domain *d, struct xen_domctl *op) must_check;
int domctl_set_affinity(struct domain *d, struct xen_domctl *op) must_check;
int domctl_get_affinity(struct domain *d, struct xen_domctl *op) must_check;
int domctl_set_context(struct domain *d, struct xen_domctl *op) must_check;
int domctl_get_context(struct domain *d, struct xen_domctl *op) must_check;
int domctl_vcpu_info(struct domain *d, struct xen_domctl *op) must_check;
int domctl_send_trigger(struct domain *d, struct xen_domctl *op) must_check;
/* The vcpu of that number; NULL: there is none. */
struct vcpu *domain_vcpu(struct domain *d, uint32_t vcpu_id);

/* ---- memory and devices (domctl_access.c) ---- */

/* A set of permissions of d gains or loses first..last. */
int domain_change_access(struct domain *d, struct rangeset *set, unsigned long first,
                         unsigned long last, bool allow) must_check;
int domctl_max_mem(struct domain *d, struct xen_domctl *op) must_check;
int domctl_irq_permission(struct domain *d, struct xen_domctl *op) must_check;
int domctl_iomem_permission(struct domain *d, struct xen_domctl *op) must_check;
int domctl_memory_mapping(struct domain *d, struct xen_domctl *op) must_check;
int domctl_set_virq_handler(struct domain *d, struct xen_domctl *op) must_check;
int domctl_set_node_affinity(struct domain *d, struct xen_domctl *op) must_check;
int domctl_get_node_affinity(struct domain *d, struct xen_domctl *op) must_check;
/* Devices are not given away without an IOMMU: -EOPNOTSUPP. */
int domctl_no_device(struct domain *d, struct xen_domctl *op) must_check;

/* ---- the processor's share (arch/x86/guest/domctl.c, domctl_state.c, cpu_policy.c) ---- */

int arch_domctl_frame_info(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_hypercall_init(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_set_address_size(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_get_address_size(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_ioport_permission(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_ioport_mapping(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_shadow(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_paging_pool(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_get_tsc(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_set_tsc(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_get_ext_context(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_set_ext_context(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_get_xstate(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_set_xstate(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_get_msrs(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_set_msrs(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op) must_check;
int arch_domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op) must_check;
/* A new domain's arch part of the configuration: 0 or -EINVAL, -EOPNOTSUPP. */
int arch_domain_check_config(const struct xen_domctl_createdomain *c) must_check;
void arch_domain_describe(const struct domain *d, struct xen_domctl_getdomaininfo *info);

/* ---- sysctl ---- */

int sysctl_readconsole(struct xen_sysctl *op) must_check;
int sysctl_debug_keys(struct xen_sysctl *op) must_check;
int sysctl_physinfo(struct xen_sysctl *op) must_check;
int sysctl_domain_list(struct xen_sysctl *op) must_check;
int sysctl_cpu_info(struct xen_sysctl *op) must_check;
int sysctl_avail_heap(struct xen_sysctl *op) must_check;
int sysctl_cpu_topology(struct xen_sysctl *op) must_check;
int sysctl_numa_info(struct xen_sysctl *op) must_check;
int sysctl_pci_topology(struct xen_sysctl *op) must_check;
void arch_sysctl_physinfo(struct xen_sysctl_physinfo *info);
int arch_sysctl_featureset(struct xen_sysctl *op) must_check;
int arch_sysctl_levelling(struct xen_sysctl *op) must_check;
int arch_sysctl_cpu_policy(struct xen_sysctl *op) must_check;
/* common/trace: buffers; counters, in builds that have them. */
int sysctl_tbuf(struct xen_sysctl *op) must_check;
#ifdef XEN_PERFC
int sysctl_perfc(struct xen_sysctl *op) must_check;
#else
static inline int sysctl_perfc(struct xen_sysctl *op)
{
    (void)op;
    return -ENOSYS;
}
#endif
/* Processors leave and come back: 0 also if they are where they shall be;  -EINVAL: none such, or
 * the boot CPU;  -EBUSY: its pool needs it, or another is on its way;  -EIO: it does not answer;
 * -ERESTART: again, from another CPU. */
int arch_cpu_offline(unsigned int cpu) must_check;
int arch_cpu_online(unsigned int cpu) must_check;
int sysctl_power_states(struct xen_sysctl *op) must_check;
int sysctl_power_op(struct xen_sysctl *op) must_check;
int sysctl_cpu_hotplug(struct xen_sysctl *op) must_check;
/* Core, socket and node of a CPU, as a list of processors tells them. */
struct cpu_place { unsigned int core, socket, node; };
struct cpu_place arch_cpu_place(unsigned int cpu);

/* ---- both, about scheduling (common/sched/control.c) ---- */

int domctl_scheduler(struct domain *d, struct xen_domctl *op) must_check;
int sysctl_sched_id(struct xen_sysctl *op) must_check;
int sysctl_scheduler(struct xen_sysctl *op) must_check;
int sysctl_cpupool(struct xen_sysctl *op) must_check;

/* ---- bitmaps of the caller, in bytes (bitmap_copy.c) ---- */

/* nr_bits of ours; what the caller's lacks is 0, what it has too much is dropped.  0 or -EFAULT. */
int bitmap_from_guest(unsigned long *map, unsigned int nr_bits,
                      const struct xenctl_bitmap *from) must_check;
int bitmap_to_guest(const struct xenctl_bitmap *to, const unsigned long *map,
                    unsigned int nr_bits) must_check;

#endif
