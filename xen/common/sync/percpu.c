/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Areas of per-CPU data.  The linker's image is the boot CPU's own area and changes as soon as
 * anything runs; the others start from a copy that is taken before that.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <xen/assert.h>
#include <xen/heap.h>
#include <xen/page.h>
#include <xen/percpu.h>

#define TEMPLATE_MAX (16 * 1024)

extern char percpu_start[], percpu_end[];       /* xen.lds.S */

unsigned long percpu_offset[MAX_CPUS] read_mostly;
static char template[TEMPLATE_MAX];

void percpu_init(void)
{
    size_t size = (size_t)(percpu_end - percpu_start);
    check(size <= sizeof(template));
    memcpy(template, percpu_start, size);
}

int percpu_alloc(unsigned int cpu)
{
    if (percpu_exists(cpu))
        return 0;
    size_t size = (size_t)(percpu_end - percpu_start);
    unsigned int order = ilog2_up(div_round_up(size, PAGE_SIZE));
    char *area = alloc_pages(order, HEAP_ANY);
    if (area == NULL)
        return -ENOMEM;
    memcpy(area, template, size);
    percpu_offset[cpu] = (unsigned long)area - (unsigned long)percpu_start;
    return 0;
}
