/* SPDX-License-Identifier: GPL-2.0-only */
/* A domain's own grant table, and mappings of grants to oneself. */
#ifndef GUEST_GRANT_H
#define GUEST_GRANT_H

#include <public/grant_table.h>

#define GRANT_TABLE ((grant_entry_v1_t *)0x20000000000UL)
#define GRANT_TABLE_V2 ((union grant_entry_v2 *)0x20000000000UL)
#define GRANT_STATUS ((grant_status_t *)0x20000100000UL)
#define GRANT_SPOT ((uint8_t *)0x20000200000UL)     /* has page tables, for host_addr */
#define GRANT_FRAMES 4

/* Set up frames of the table and map them at GRANT_TABLE; tables for GRANT_SPOT. */
void grant_init(void);

/* Fill an entry of version 1; flags as GTF_*. */
void grant_give(grant_ref_t ref, domid_t to, const void *page, unsigned int flags);

/* Status; the handle by pointer. */
int grant_map(grant_ref_t ref, const void *where, unsigned int flags, grant_handle_t *handle);
int grant_unmap(grant_handle_t handle, const void *where);

#endif
