/* SPDX-License-Identifier: GPL-2.0-only */
/* Grant tables: a domain lets another map, copy or take its frames, entry by entry. */
#ifndef XEN_GRANT_H
#define XEN_GRANT_H

#include <xen/types.h>

struct domain;
struct grant_table;

void grant_init(void);                  /* boot: debug key 'g' */
/* Limits of ~0u: what gnttab_max_frames= and gnttab_max_maptrack_frames= say. */
int grant_table_create(struct domain *d, unsigned int max_frames,
                       unsigned int max_maptrack) must_check;
/*
 * Drop what the dying domain has mapped from others; preemptible (-ERESTART).  References that
 * belong to PV page tables are dropped with those.
 */
int grant_table_release_mappings(struct domain *d) must_check;
void grant_table_destroy(struct domain *d);
/* Frame `idx` of the shared (or, with GRANT_STATUS_FRAME, status) table, growing it as far as
 * allowed: for XENMEM_add_to_physmap and XENMEM_acquire_resource. */
#define GRANT_STATUS_FRAME 0x80000000u
int grant_table_frame(struct domain *d, unsigned int idx, mfn_t *mfn) must_check;
/* The most frames there can be of the shared, or now of the status, table. */
unsigned int grant_table_max_frames(struct domain *d, bool status);
void grant_table_dump(struct domain *d);            /* debug key 'g' */

#endif
