/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as a whole: processors, memory, the hypervisor's console, CPU pools.
 */
#include <errno.h>
#include <string.h>

#include "private.h"

static struct xen_sysctl command(uint32_t cmd)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    return op;
}

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = command(XEN_SYSCTL_physinfo);
    int rc = xc_sysctl(xc, &op);

    if (!rc)
        *info = op.u.physinfo;
    return rc;
}

int xc_cpu_topology(struct xc *xc, struct xen_sysctl_cputopo *topology, unsigned int *count)
{
    struct xen_sysctl op = command(XEN_SYSCTL_cputopoinfo);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, topology, *count * sizeof(*topology), BOUNCE_OUT);

    if (rc)
        return rc;
    op.u.cputopoinfo.num_cpus = *count;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, b.buffer);
    rc = xc_sysctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    if (!rc)
        *count = op.u.cputopoinfo.num_cpus;
    return rc;
}

int xc_numa_info(struct xc *xc, struct xen_sysctl_meminfo *memory, uint32_t *distance,
                 unsigned int *count)
{
    struct xen_sysctl op = command(XEN_SYSCTL_numainfo);
    struct xc_bounce rows, square;
    int rc = xc_bounce_in(xc, &rows, memory, *count * sizeof(*memory), BOUNCE_OUT);

    if (rc)
        return rc;
    rc = xc_bounce_in(xc, &square, distance, *count * *count * sizeof(*distance), BOUNCE_OUT);
    if (!rc) {
        op.u.numainfo.num_nodes = *count;
        set_xen_guest_handle(op.u.numainfo.meminfo, rows.buffer);
        set_xen_guest_handle(op.u.numainfo.distance, square.buffer);
        rc = xc_sysctl(xc, &op);
        xc_bounce_out(xc, &square, rc);
    }
    xc_bounce_out(xc, &rows, rc);
    if (!rc)
        *count = op.u.numainfo.num_nodes;
    return rc;
}

int xc_cpu_info(struct xc *xc, struct xen_sysctl_cpuinfo *info, unsigned int *count)
{
    struct xen_sysctl op = command(XEN_SYSCTL_getcpuinfo);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, info, *count * sizeof(*info), BOUNCE_OUT);

    if (rc)
        return rc;
    op.u.getcpuinfo.max_cpus = *count;
    set_xen_guest_handle(op.u.getcpuinfo.info, b.buffer);
    rc = xc_sysctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    if (!rc)
        *count = op.u.getcpuinfo.nr_cpus;
    return rc;
}

int xc_console_read(struct xc *xc, char *text, uint32_t *size, bool clear, bool incremental,
                    uint32_t *index)
{
    struct xen_sysctl op = command(XEN_SYSCTL_readconsole);
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, text, *size, BOUNCE_OUT);

    if (rc)
        return rc;
    op.u.readconsole.clear = clear;
    op.u.readconsole.incremental = incremental;
    op.u.readconsole.index = index ? *index : 0;
    op.u.readconsole.count = *size;
    set_xen_guest_handle(op.u.readconsole.buffer, b.buffer);
    rc = xc_sysctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    if (rc)
        return rc;
    *size = op.u.readconsole.count;
    if (index)
        *index = op.u.readconsole.index;
    return 0;
}

int xc_debug_keys(struct xc *xc, const char *keys)
{
    struct xen_sysctl op = command(XEN_SYSCTL_debug_keys);
    struct xc_bounce b;
    size_t len = strlen(keys);
    int rc = xc_bounce_in(xc, &b, keys, len, BOUNCE_IN);

    if (rc)
        return rc;
    op.u.debug_keys.nr_keys = len;
    set_xen_guest_handle(op.u.debug_keys.keys, b.buffer);
    rc = xc_sysctl(xc, &op);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_available_memory(struct xc *xc, unsigned int min_width, unsigned int max_width, int node,
                        uint64_t *bytes)
{
    struct xen_sysctl op = command(XEN_SYSCTL_availheap);

    op.u.availheap.min_bitwidth = min_width;
    op.u.availheap.max_bitwidth = max_width;
    op.u.availheap.node = node;
    int rc = xc_sysctl(xc, &op);

    if (!rc)
        *bytes = op.u.availheap.avail_bytes;
    return rc;
}

/* ---- CPU pools ---- */

static int pool_op(struct xc *xc, struct xen_sysctl_cpupool_op *params)
{
    struct xen_sysctl op = command(XEN_SYSCTL_cpupool_op);

    op.u.cpupool_op = *params;
    int rc = xc_sysctl(xc, &op);

    if (!rc)
        *params = op.u.cpupool_op;
    return rc;
}

int xc_cpupool_create(struct xc *xc, uint32_t *id, unsigned int sched_id)
{
    struct xen_sysctl_cpupool_op op = {
        .op = XEN_SYSCTL_CPUPOOL_OP_CREATE, .cpupool_id = *id, .sched_id = sched_id,
    };
    int rc = pool_op(xc, &op);

    if (!rc)
        *id = op.cpupool_id;
    return rc;
}

int xc_cpupool_destroy(struct xc *xc, uint32_t id)
{
    struct xen_sysctl_cpupool_op op = { .op = XEN_SYSCTL_CPUPOOL_OP_DESTROY, .cpupool_id = id };

    return pool_op(xc, &op);
}

static int pool_map_op(struct xc *xc, struct xen_sysctl_cpupool_op *op, uint8_t *map, size_t size)
{
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, map, size, BOUNCE_OUT);

    if (rc)
        return rc;
    op->cpumap.nr_bits = size * 8;
    set_xen_guest_handle(op->cpumap.bitmap, b.buffer);
    rc = pool_op(xc, op);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_cpupool_info(struct xc *xc, struct xc_cpupool *pool)
{
    struct xen_sysctl_cpupool_op op = {
        .op = XEN_SYSCTL_CPUPOOL_OP_INFO, .cpupool_id = pool->id,
    };
    int rc = pool_map_op(xc, &op, pool->cpus, sizeof(pool->cpus));

    if (!rc) {
        pool->id = op.cpupool_id;
        pool->sched_id = op.sched_id;
        pool->domains = op.n_dom;
    }
    return rc;
}

int xc_cpupool_free_cpus(struct xc *xc, uint8_t *map, size_t size)
{
    struct xen_sysctl_cpupool_op op = { .op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO };

    return pool_map_op(xc, &op, map, size);
}

static int pool_cpu_op(struct xc *xc, unsigned int cmd, uint32_t id, int cpu)
{
    struct xen_sysctl_cpupool_op op = {
        .op = cmd, .cpupool_id = id, .cpu = cpu < 0 ? XEN_SYSCTL_CPUPOOL_PAR_ANY : (uint32_t)cpu,
    };

    return pool_op(xc, &op);
}

int xc_cpupool_add_cpu(struct xc *xc, uint32_t id, int cpu)
{
    return pool_cpu_op(xc, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu);
}

int xc_cpupool_remove_cpu(struct xc *xc, uint32_t id, int cpu)
{
    return pool_cpu_op(xc, XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu);
}

int xc_cpupool_move_domain(struct xc *xc, uint32_t id, uint32_t domid)
{
    struct xen_sysctl_cpupool_op op = {
        .op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, .cpupool_id = id, .domid = domid,
    };

    return pool_op(xc, &op);
}
