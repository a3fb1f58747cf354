/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files behind HYPERVISOR_memory_op share. */
#ifndef MEMORY_MEMOP_H
#define MEMORY_MEMOP_H

#include <public/memory.h>
#include <xen/domain.h>
#include <xen/frame.h>

/* cmd: the operation in the low bits; above, where a list that was interrupted goes on. */
#define MEMOP_EXTENT_SHIFT  6
#define MEMOP_CMD_MASK      ((1u << MEMOP_EXTENT_SHIFT) - 1)

static inline unsigned long memop_cmd(unsigned int op, unsigned long start)
{
    return op | start << MEMOP_EXTENT_SHIFT;
}

/* reservation.c: increase, decrease, populate: extents done. */
long memop_reservation(unsigned int op, unsigned long start, uint64_t arg);
/* The largest extent the caller may handle at once. */
unsigned int memop_max_order(void);
/* XENMEMF_* as flags for the heap; false: no page can be meant. */
bool memop_heap_flags(unsigned int mem_flags, unsigned int *heap_flags) must_check;

/* exchange.c */
long memop_exchange(uint64_t arg);

/* resource.c */
long memop_acquire_resource(unsigned long start, uint64_t arg);

#endif
