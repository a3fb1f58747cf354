/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as the control domain sees it: processors, memory, and where they are. */
#include <lib/math.h>
#include <xen/boot.h>
#include <xen/control.h>
#include <xen/guest_access.h>
#include <xen/heap.h>
#include <xen/page.h>
#include <xen/platform.h>
#include <xen/sched.h>

#include "private.h"

static unsigned int count_online(void)
{
    unsigned int n = 0;
    for_each_online_cpu(cpu)
        n++;
    return n;
}

/* Threads of the boot CPU's core and cores of its socket: machines are taken to be regular. */
static void count_siblings(struct xen_sysctl_physinfo *info)
{
    struct cpu_place first = arch_cpu_place(0);
    unsigned int threads = 0, in_socket = 0;

    for_each_online_cpu(cpu) {
        struct cpu_place p = arch_cpu_place(cpu);
        if (p.socket != first.socket)
            continue;
        in_socket++;
        threads += p.core == first.core;
    }
    info->threads_per_core = max(threads, 1u);
    info->cores_per_socket = max(in_socket / info->threads_per_core, 1u);
}

int sysctl_physinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *info = &op->u.physinfo;

    *info = (struct xen_sysctl_physinfo){
        .nr_cpus = count_online(),
        .max_cpu_id = cpu_count - 1,
        .nr_nodes = heap_nr_nodes,
        .max_node_id = HEAP_MAX_NODES - 1,      /* there can be; tools size their bitmaps by it */
        .cpu_khz = time_cpu_khz(),
        .total_pages = memory_map_ram(&boot_info) >> PAGE_SHIFT,
        .free_pages = heap_free_pages(),
        .outstanding_pages = heap_claimed_pages(),
        .capabilities =
            XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2,
    };
    count_siblings(info);
    arch_sysctl_physinfo(info);
    return 0;
}

int sysctl_cpu_info(struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *list = &op->u.getcpuinfo;
    uint32_t n = min(list->max_cpus, cpu_count);

    for (uint32_t cpu = 0; cpu < n; cpu++) {
        struct xen_sysctl_cpuinfo info = { 0 };

        if (cpu_is_online(cpu))
            info.idletime = vcpu_cpu_time(idle_domain->vcpu[cpu]);
        if (copy_to_guest_offset(list->info, cpu, &info, 1))
            return -EFAULT;
    }
    list->nr_cpus = n;
    return 0;
}

static uint64_t free_below(unsigned int node, uint32_t bits)
{
    return heap_node_free_below(node, bits < 64 ? bits : 0);
}

int sysctl_avail_heap(struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *h = &op->u.availheap;
    uint64_t pages = 0;

    for (unsigned int node = 0; node < heap_nr_nodes; node++) {
        if (h->node != -1 && h->node != (int32_t)node)
            continue;
        uint64_t high = free_below(node, h->max_bitwidth);
        uint64_t low = h->min_bitwidth ? free_below(node, h->min_bitwidth) : 0;
        pages += high - min(high, low);
    }
    h->avail_bytes = pages << PAGE_SHIFT;
    return 0;
}

int sysctl_cpu_hotplug(struct xen_sysctl *op)
{
    switch (op->u.cpu_hotplug.op) {
    case XEN_SYSCTL_CPU_HOTPLUG_ONLINE: return arch_cpu_online(op->u.cpu_hotplug.cpu);
    case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE: return arch_cpu_offline(op->u.cpu_hotplug.cpu);
    default: return -EOPNOTSUPP;        /* threads all at once */
    }
}

int sysctl_cpu_topology(struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *list = &op->u.cputopoinfo;

    if (!guest_handle_is_null(list->cputopo)) {
        for (uint32_t cpu = 0; cpu < min(list->num_cpus, cpu_count); cpu++) {
            struct xen_sysctl_cputopo t = { XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID,
                                            XEN_INVALID_NODE_ID };

            if (cpu_is_online(cpu)) {
                struct cpu_place p = arch_cpu_place(cpu);
                t = (struct xen_sysctl_cputopo){ p.core, p.socket, p.node };
            }
            if (copy_to_guest_offset(list->cputopo, cpu, &t, 1))
                return -EFAULT;
        }
    }
    list->num_cpus = cpu_count;
    return 0;
}

static int numa_row(const struct xen_sysctl_numainfo *list, unsigned int node, unsigned int nodes)
{
    const struct xen_sysctl_meminfo memory = {
        .memsize = heap_nr_nodes == 1 ? memory_map_ram(&boot_info)
                                      : heap_node_pages(node) << PAGE_SHIFT,
        .memfree = heap_node_free_below(node, 0) << PAGE_SHIFT,
    };

    if (!guest_handle_is_null(list->meminfo) &&
        copy_to_guest_offset(list->meminfo, node, &memory, 1))
        return -EFAULT;
    for (unsigned int to = 0; to < nodes && !guest_handle_is_null(list->distance); to++) {
        uint32_t distance = acpi_node_distance(node, to);
        if (copy_to_guest_offset(list->distance, node * nodes + to, &distance, 1))
            return -EFAULT;
    }
    return 0;
}

int sysctl_numa_info(struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *list = &op->u.numainfo;
    unsigned int nodes = min(list->num_nodes, heap_nr_nodes);

    for (unsigned int node = 0; node < nodes; node++) {
        int rc = numa_row(list, node, nodes);
        if (rc)
            return rc;
    }
    list->num_nodes = heap_nr_nodes;
    return 0;
}

/* No device is nearer to one node than to another. */
int sysctl_pci_topology(struct xen_sysctl *op)
{
    struct xen_sysctl_pcitopoinfo *list = &op->u.pcitopoinfo;
    const uint32_t node = 0;

    if (guest_handle_is_null(list->devs) || guest_handle_is_null(list->nodes))
        return -EINVAL;
    for (uint32_t i = 0; i < list->num_devs; i++)
        if (copy_to_guest_offset(list->nodes, i, &node, 1))
            return -EFAULT;
    return 0;
}
