/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory nodes: what the firmware says of them is what dom0 is told, and pages come from the node
 * that is asked for, or from where the vcpu is when nobody asks.
 *
 * smp: 2
 * memory: 512
 * options: dom0_vcpus_pin
 * qemu: -object memory-backend-ram,size=256M,id=m0 -object memory-backend-ram,size=256M,id=m1
 * qemu: -numa node,memdev=m0,cpus=0 -numa node,memdev=m1,cpus=1 -numa dist,src=0,dst=1,val=33
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/domctl.h>
#include <public/sysctl.h>

#define BORDER (256UL << (20 - PAGE_SHIFT))     /* the first frame of node 1 */

static struct xen_sysctl op;
static struct xen_domctl dop;

static long sysctl(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HYPERCALL_1(sysctl, &op);
}

static unsigned long free_on(int node)
{
    op.u.availheap = (struct xen_sysctl_availheap){ .node = node };
    REQUIRE_EQ(sysctl(XEN_SYSCTL_availheap), 0);
    return op.u.availheap.avail_bytes >> PAGE_SHIFT;
}

static void check_told(void)
{
    static xen_sysctl_cputopo_t cpus[8];
    static xen_sysctl_meminfo_t memory[4];
    static uint32_t distance[16];

    section("processors and memory");
    EXPECT_EQ(sysctl(XEN_SYSCTL_physinfo), 0);
    EXPECT_EQ(op.u.physinfo.nr_nodes, 2);

    op.u.cputopoinfo.num_cpus = 8;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, cpus);
    EXPECT_EQ(sysctl(XEN_SYSCTL_cputopoinfo), 0);
    EXPECT_EQ(op.u.cputopoinfo.num_cpus, 2);
    EXPECT_EQ(cpus[0].node, 0);
    EXPECT_EQ(cpus[1].node, 1);

    op.u.numainfo.num_nodes = 4;
    set_xen_guest_handle(op.u.numainfo.meminfo, memory);
    set_xen_guest_handle(op.u.numainfo.distance, distance);
    EXPECT_EQ(sysctl(XEN_SYSCTL_numainfo), 0);
    EXPECT_EQ(op.u.numainfo.num_nodes, 2);
    for (unsigned int i = 0; i < 2; i++) {
        EXPECT(memory[i].memsize > 200UL << 20);
        EXPECT(memory[i].memfree < memory[i].memsize);
        EXPECT_EQ(distance[i * 2 + i], 10);
        EXPECT_EQ(distance[i * 2 + !i], 33);
        EXPECT_EQ(memory[i].memfree >> PAGE_SHIFT, free_on(i));
    }
    EXPECT_EQ(free_on(-1), free_on(0) + free_on(1));
    EXPECT_EQ(free_on(2), 0);
}

/* A page by the given flags, given back again; which node's it was. */
static unsigned int node_of_page(unsigned int flags)
{
    static xen_pfn_t frame;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF, .mem_flags = flags };
    set_xen_guest_handle(r.extent_start, &frame);

    if (memory_op(XENMEM_increase_reservation, &r) != 1)
        return 99;
    unsigned int node = frame >= BORDER;
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    return node;
}

static void check_taken(void)
{
    section("from the node asked for");
    EXPECT_EQ(node_of_page(XENMEMF_node(0)), 0);
    EXPECT_EQ(node_of_page(XENMEMF_node(1)), 1);
    EXPECT_EQ(node_of_page(XENMEMF_exact_node(1)), 1);
    EXPECT(node_of_page(XENMEMF_node(77)) != 99);

    section("else from where the vcpu is");
    EXPECT_EQ(node_of_page(0), 0);
}

static void check_there(void *nothing)
{
    EXPECT_EQ(node_of_page(0), 1);
}

static long affinity(unsigned int cmd, uint64_t *map)
{
    dop.cmd = cmd;
    dop.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dop.domain = 0;
    dop.u.nodeaffinity.nodemap.nr_bits = 64;
    set_xen_guest_handle(dop.u.nodeaffinity.nodemap.bitmap, (uint8_t *)map);
    return HYPERCALL_1(domctl, &dop);
}

static void check_affinity(void)
{
    uint64_t map = 0;

    section("the domain's nodes");
    EXPECT_EQ(affinity(XEN_DOMCTL_getnodeaffinity, &map), 0);
    EXPECT_EQ(map, 3);
    map = 4;
    EXPECT_EQ(affinity(XEN_DOMCTL_setnodeaffinity, &map), -XEN_EINVAL);
    map = 2;
    EXPECT_EQ(affinity(XEN_DOMCTL_setnodeaffinity, &map), 0);
    EXPECT_EQ(node_of_page(0), 1);
    EXPECT_EQ(node_of_page(XENMEMF_node(0)), 0);
    map = 3;
    EXPECT_EQ(affinity(XEN_DOMCTL_setnodeaffinity, &map), 0);
    EXPECT_EQ(node_of_page(0), 0);
}

TEST("numa")
{
    check_told();
    check_taken();
    vcpu_run(1, check_there, NULL);
    vcpu_join(1);
    check_affinity();
}
