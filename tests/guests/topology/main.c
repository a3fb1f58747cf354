/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors are numbered depth first, as the manual draws it: the threads of a core, the cores of
 * a socket, the sockets; and the toolstack is told how many there are of each.
 *
 * smp: 8,sockets=2,cores=2,threads=2
 * options: dom0_max_vcpus=1
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>

#define CPUS    8
#define THREADS 2
#define CORES   2

static struct xen_sysctl op;
static struct xen_sysctl_cputopo place[CPUS + 1];

static long ask(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HYPERCALL_1(sysctl, &op);
}

TEST("topology")
{
    section("how many");
    EXPECT_EQ(ask(XEN_SYSCTL_physinfo), 0);
    EXPECT_EQ(op.u.physinfo.nr_cpus, CPUS);
    EXPECT_EQ(op.u.physinfo.max_cpu_id, CPUS - 1);
    EXPECT_EQ(op.u.physinfo.nr_nodes, 1);
    EXPECT_EQ(op.u.physinfo.threads_per_core, THREADS);
    EXPECT_EQ(op.u.physinfo.cores_per_socket, CORES);

    section("where each is");
    op.u.cputopoinfo.num_cpus = CPUS;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, place);
    EXPECT_EQ(ask(XEN_SYSCTL_cputopoinfo), 0);
    EXPECT_EQ(op.u.cputopoinfo.num_cpus, CPUS);
    for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
        EXPECT_EQ(place[cpu].core, cpu / THREADS % CORES);
        EXPECT_EQ(place[cpu].socket, cpu / (THREADS * CORES));
        EXPECT_EQ(place[cpu].node, 0);
    }
}
