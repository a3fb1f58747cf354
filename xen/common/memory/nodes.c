/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory nodes: where a frame is, and where a domain would like its memory.
 *
 * The ranges are set once at boot, from the firmware's table, and never change.  Memory that no
 * range names counts to the range below it.  A domain's wish is a bit mask that changes with its
 * vcpus' affinities or by XEN_DOMCTL_setnodeaffinity; who allocates reads it without a lock, for a
 * page from the wrong node is only slower.
 */
#include <lib/bitmap.h>
#include <lib/math.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/control.h>
#include <xen/domain.h>
#include <xen/heap.h>
#include <xen/platform.h>
#include <xen/smp.h>

#include "private.h"

struct node_range { uint32_t first; unsigned int node; };

unsigned int heap_nr_nodes = 1;
static struct node_range ranges[PLATFORM_MAX_MEM_AFFINITY];
static unsigned int nr_ranges;
static uint64_t with_memory = 1;        /* bit per node */

static void range_insert(uint32_t first, unsigned int node)
{
    unsigned int i = nr_ranges++;
    for (; i > 0 && ranges[i - 1].first > first; i--)
        ranges[i] = ranges[i - 1];
    ranges[i] = (struct node_range){ first, node };
}

void nodes_init(void)
{
    if (platform.nr_nodes < 2)
        return;
    with_memory = 0;
    for (unsigned int i = 0; i < platform.nr_memory; i++) {
        const struct platform_memory *m = &platform.memory[i];
        range_insert((uint32_t)min(m->start >> PAGE_SHIFT, (uint64_t)UINT32_MAX), m->node);
        with_memory |= 1ull << m->node;
    }
    heap_nr_nodes = nr_ranges ? platform.nr_nodes : 1;
    with_memory = nr_ranges ? with_memory : 1;
}

/* Index of the range that a frame belongs to. */
static unsigned int range_of(uint64_t nr)
{
    unsigned int i = 0;
    while (i + 1 < nr_ranges && ranges[i + 1].first <= nr)
        i++;
    return i;
}

unsigned int node_search(uint64_t nr)
{
    return ranges[range_of(nr)].node;
}

bool node_is_same(uint64_t first, uint64_t last)
{
    if (heap_nr_nodes == 1)
        return true;
    for (unsigned int i = range_of(first), end = range_of(last); i < end; i++) {
        if (ranges[i].node != ranges[i + 1].node)
            return false;
    }
    return true;
}

unsigned int node_of_cpu(unsigned int cpu)
{
    unsigned int node = arch_cpu_place(cpu).node;
    return node < heap_nr_nodes ? node : 0;
}

/* ---- A domain's wish ------------------------------------------------------------------------- */

uint64_t node_wish(const struct domain *d)
{
    uint64_t mask = d ? read_once(d->nodes) & with_memory : 0;
    return mask ? mask : with_memory;
}

unsigned int node_preferred(const struct domain *d)
{
    return !d || d == current->domain ? node_of_cpu(smp_cpu()) : HEAP_MAX_NODES;
}

static uint64_t nodes_of_cpus(const struct cpumask *hard, const struct cpumask *soft)
{
    uint64_t both = 0, all = 0;
    for_each_online_cpu(cpu) {
        if (!bitmap_test(hard->bits, cpu))
            continue;
        uint64_t bit = 1ull << node_of_cpu(cpu);
        all |= bit;
        both |= bitmap_test(soft->bits, cpu) ? bit : 0;
    }
    return both ? both : all;
}

void domain_follow_vcpus(struct domain *d)
{
    uint64_t nodes = 0;
    if (heap_nr_nodes == 1 || d->nodes_are_set)
        return;
    for_each_vcpu(d, v)
        nodes |= nodes_of_cpus(v->hard_affinity, v->soft_affinity);
    write_once(d->nodes, nodes);
}

int domain_set_nodes(struct domain *d, uint64_t nodes)
{
    uint64_t all = heap_nr_nodes < 64 ? (1ull << heap_nr_nodes) - 1 : ~0ull;
    if (!(nodes & all))
        return -EINVAL;
    /* All of them means: as the vcpus are placed. */
    d->nodes_are_set = (nodes & all) != all;
    write_once(d->nodes, nodes & all);
    domain_follow_vcpus(d);
    return 0;
}

uint64_t domain_nodes(const struct domain *d)
{
    return node_wish(d);
}
