/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An idle processor has the page table of who ran there last still loaded.  Its owner, who goes on
 * elsewhere, gives that table up and writes nonsense into it; then the idle processor takes
 * interrupts and must not walk it.
 *
 * smp: 2
 * options: dom0_max_vcpus=1
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/domctl.h>
#include <public/sysctl.h>

#define ROUNDS 12

static struct xen_domctl op;
static struct xen_sysctl sop;

static void move_to(unsigned int cpu)
{
    uint64_t map = 1UL << cpu;

    op.cmd = XEN_DOMCTL_setvcpuaffinity;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = 0;
    op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .flags = XEN_VCPUAFFINITY_HARD };
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&map);
    REQUIRE_EQ(HYPERCALL_1(domctl, &op), 0);
    do {
        sched_op(SCHEDOP_yield, NULL);
        op.cmd = XEN_DOMCTL_getvcpuinfo;
        op.u.getvcpuinfo.vcpu = 0;
        REQUIRE_EQ(HYPERCALL_1(domctl, &op), 0);
    } while (op.u.getvcpuinfo.cpu != cpu);
}

static void load_root(const uint64_t *root)
{
    REQUIRE_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn_of(root)), 0);
}

/* The kernel's own mappings under another root. */
static uint64_t *other_root(void)
{
    uint64_t *root = page_alloc();

    for (unsigned int i = 0; i < 512; i++)
        root[i] = i < 256 || i > 271 ? kernel_root()[i] : 0;
    REQUIRE_EQ(table_pin(root, 4), 0);
    return root;
}

/* A debug key's handler runs through code that the idle processor has not used lately. */
static void stir(char key)
{
    sop.cmd = XEN_SYSCTL_debug_keys;
    sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    set_xen_guest_handle(sop.u.debug_keys.keys, &key);
    sop.u.debug_keys.nr_keys = 1;
    REQUIRE_EQ(HYPERCALL_1(sysctl, &sop), 0);
}

TEST("idle_table")
{
    for (unsigned int round = 0; round < ROUNDS; round++) {
        unsigned int here = round % 2;
        uint64_t *root;

        section("a root of one's own, left behind on a processor");
        move_to(here);
        root = other_root();
        load_root(root);
        move_to(!here);
        time_spin(2 * MS);

        section("given up, and full of nonsense");
        load_root(kernel_root());
        REQUIRE_EQ(table_unpin(root), 0);
        REQUIRE_EQ(page_remap(root, PTE_RW), 0);
        memset(root, 0xff, PAGE_SIZE);
        stir('d');
        time_spin(2 * MS);
        move_to(here);
        page_free(root);
    }
}
