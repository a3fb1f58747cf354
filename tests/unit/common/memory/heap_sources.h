/* SPDX-License-Identifier: GPL-2.0-only */
/* The page allocator's files, with a cache of pages for each of a few CPUs: fake_cpu says which one
 * we are. */
#include "fake/machine.h"
#include <xen/control.h>
#include <xen/percpu.h>
#include <xen/platform.h>
#include <xen/smp.h>

#define CPUS 4
#define this_percpu_offset() percpu_offset[fake_cpu]

/* What a processor that waits sees others do. */
static void fake_relax(void);
#define cpu_relax fake_relax

#include "xen/lib/parse.c"
#include "xen/common/memory/buddy.c"
#include "xen/common/memory/page_cache.c"
#include "xen/common/memory/heap.c"
#include "xen/common/memory/erase.c"
#include "xen/common/memory/heap_boot.c"
#include "xen/common/memory/heap_count.c"
#include "xen/common/memory/bad.c"
#include "xen/common/memory/claim.c"
#include "xen/common/memory/nodes.c"
#include "xen/common/memory/dma.c"

struct platform platform;
unsigned int cpu_count = CPUS;
struct cpumask cpu_online = { { (1 << CPUS) - 1 } };
unsigned long percpu_offset[MAX_CPUS];

/* Every second processor is of node 1. */
struct cpu_place arch_cpu_place(unsigned int cpu)
{
    return (struct cpu_place){ cpu, cpu, cpu % 2 };
}

void *pool_zalloc(size_t size) { return calloc(1, size); }

static void heap_fake_start(void)
{
    static struct page_cache others[CPUS];
    fake_machine_start();
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        others[cpu] = percpu_page_cache;
        percpu_offset[cpu] = (unsigned long)&others[cpu] - (unsigned long)&percpu_page_cache;
    }
    heap_init();
}
