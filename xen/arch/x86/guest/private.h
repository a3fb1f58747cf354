/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the guest room share. */
#ifndef GUEST_PRIVATE_H
#define GUEST_PRIVATE_H

#include <xen/domain.h>

/* power.c: PM1a_CNT and PM1b_CNT of S5, as dom0 found them. */
void power_off_values(uint16_t pm1a, uint16_t pm1b);

/* power_states.c: XENPF_set_processor_pminfo */
struct xenpf_set_processor_pminfo;
long power_states_set(const struct xenpf_set_processor_pminfo *info);

/* memory_map.c */
void domain_free_memory_map(struct domain *d);

#endif
