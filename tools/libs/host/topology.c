/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPU is where, and which memory: as xm info prints it.
 */
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <xc/xc.h>
#include <xen/sysctl.h>

#include "host.h"

#define CPUS_MAX 4096
#define NODES_MAX 256

struct topology {
    struct xen_sysctl_cputopo *cpu;
    struct xen_sysctl_meminfo *memory;
    uint32_t *distance;
    unsigned int cpus, nodes;
};

static void free_topology(struct topology *t)
{
    free(t->cpu);
    free(t->memory);
    free(t->distance);
}

static int read_topology(struct xc *xc, struct topology *t)
{
    t->cpus = CPUS_MAX;
    t->nodes = 0;
    t->cpu = xcalloc(t->cpus, sizeof(*t->cpu));
    t->memory = NULL;
    t->distance = NULL;
    int rc = xc_cpu_topology(xc, t->cpu, &t->cpus);

    if (!rc)
        rc = xc_numa_info(xc, NULL, NULL, &t->nodes);
    if (!rc && t->nodes > NODES_MAX)
        t->nodes = NODES_MAX;
    if (!rc) {
        t->memory = xcalloc(t->nodes + 1, sizeof(*t->memory));
        t->distance = xcalloc(t->nodes * t->nodes + 1, sizeof(*t->distance));
        rc = xc_numa_info(xc, t->memory, t->distance, &t->nodes);
    }
    if (rc)
        free_topology(t);
    return rc;
}

static unsigned long long to_mib(uint64_t bytes)
{
    return bytes == XEN_INVALID_MEM_SZ ? 0 : bytes >> 20;
}

/* ---- a line for each node ---- */

/* "0-1,4" */
static void add_cpus_of(struct buffer *out, const struct topology *t, unsigned int node)
{
    bool is_first = true;

    for (unsigned int c = 0; c < t->cpus; c++) {
        unsigned int first = c;

        if (t->cpu[c].node != node)
            continue;
        while (c + 1 < t->cpus && t->cpu[c + 1].node == node)
            c++;
        buffer_printf(out, is_first ? "%u" : ",%u", first);
        if (c > first)
            buffer_printf(out, "-%u", c);
        is_first = false;
    }
    if (is_first)
        buffer_puts(out, "no cpus");
}

/* Further nodes stand below the first. */
static void begin_node(struct buffer *out, unsigned int node)
{
    buffer_printf(out, "%snode%u:", node ? "\n                         " : "", node);
}

void host_add_nodes(struct xc *xc, struct sxp *info)
{
    struct buffer cpus = { 0 }, memory = { 0 };
    struct topology t;

    if (read_topology(xc, &t))
        return;
    for (unsigned int node = 0; node < t.nodes; node++) {
        begin_node(&cpus, node);
        add_cpus_of(&cpus, &t, node);
        begin_node(&memory, node);
        buffer_printf(&memory, "%llu", to_mib(t.memory[node].memfree));
    }
    sxp_add_pair(info, "node_to_cpu", buffer_string(&cpus));
    sxp_add_pair(info, "node_to_memory", buffer_string(&memory));
    buffer_free(&cpus);
    buffer_free(&memory);
    free_topology(&t);
}

/* ---- tables ---- */

static void add_cpu_table(struct sxp *out, const struct topology *t)
{
    struct buffer text = { 0 };

    buffer_puts(&text, "cpu:    core    socket     node\n");
    for (unsigned int c = 0; c < t->cpus; c++) {
        if (t->cpu[c].core != XEN_INVALID_CORE_ID)
            buffer_printf(&text, "%3u:%8u %8u %8u\n", c, t->cpu[c].core, t->cpu[c].socket,
                          t->cpu[c].node);
    }
    sxp_add_pair(out, "cpu_topology", buffer_string(&text));
    buffer_free(&text);
}

static void add_node_table(struct sxp *out, const struct topology *t)
{
    struct buffer text = { 0 };

    buffer_puts(&text, "node: TotalMemory FreeMemory dma32Memory NodeDist:");
    for (unsigned int n = 0; n < t->nodes; n++)
        buffer_printf(&text, "%4u ", n);
    buffer_putc(&text, '\n');
    for (unsigned int n = 0; n < t->nodes; n++) {
        unsigned long long size = to_mib(t->memory[n].memsize);

        buffer_printf(&text, "%4u:  %8lluMB %8lluMB  %8lluMB         :", n, size,
                      to_mib(t->memory[n].memfree), n ? 0 : size < 4096 ? size : 4096);
        for (unsigned int to = 0; to < t->nodes; to++)
            buffer_printf(&text, "%4u ", t->distance[n * t->nodes + to]);
        buffer_putc(&text, '\n');
    }
    sxp_add_pair(out, "numa_info", buffer_string(&text));
    buffer_free(&text);
}

int host_topology(struct xc *xc, struct sxp **out)
{
    struct topology t;
    int rc = read_topology(xc, &t);

    if (rc)
        return rc;
    *out = sxp_list("topology");
    add_cpu_table(*out, &t);
    add_node_table(*out, &t);
    free_topology(&t);
    return 0;
}
