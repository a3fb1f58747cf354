/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the memory room share. */
#ifndef COMMON_MEMORY_PRIVATE_H
#define COMMON_MEMORY_PRIVATE_H

#include <xen/spinlock.h>
#include <xen/types.h>

struct domain;

/* heap.c; under heap_lock. */
extern struct spinlock heap_lock;
extern uint64_t heap_nr_free;

/* claim.c; under heap_lock.  May `pages` be taken for d (NULL: ourselves)?  And: they were. */
bool claim_allows(const struct domain *d, uint64_t pages);
void claim_use(struct domain *d, uint64_t pages);

#endif
