/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory as the processor sees it: our page tables, device mappings, TLB. */
#ifndef X86_MM_H
#define X86_MM_H

#include <xen/frame.h>
#include <xen/types.h>

struct domain;
struct vcpu;

/* Device memory, uncached; and firmware tables, cached.  Both are permanent; usable as soon as C runs. */
void *ioremap(uint64_t maddr, size_t size);
void *acpi_map(uint64_t maddr, size_t size);

extern uint64_t max_mfn;                        /* frames 0..max_mfn-1 have a struct frame */
bool memory_is_ram(mfn_t mfn);                  /* usable RAM in the firmware's map */
bool memory_is_conventional(mfn_t mfn, uint32_t type);

#endif
