/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the PV builder: where things go, the first page tables, the domain's memory.
 *
 * A PV domain begins in one virtual range, mapped 1:1 to its first pseudo-physical frames, from
 * the kernel's VIRT_BASE up:
 *
 *   kernel | ramdisk | p2m list | start_info | store ring | console ring | page tables | stack |
 *   at least 512 KiB more, to a 4 MiB boundary
 *
 * What the kernel takes unmapped (ramdisk) or elsewhere (p2m list, with page tables of its own)
 * is in the frames behind that range.
 */
#ifndef GUEST_PV_H
#define GUEST_PV_H

#include <xc/xc.h>

#include "private.h"

/* ---- pv_tables.c ---- */

/* A mapped range and the tables of levels 1 to 3 for it: a run of frames, level 3 first. */
struct pv_range {
    uint64_t start, end;        /* virtual, page-aligned */
    uint64_t pfn;               /* what start maps to */
    uint64_t tables_pfn;        /* the first table's frame */
    uint64_t count[4];          /* tables of level 1, 2, 3; [0] is unused */
};

/* Fills in the counts; returns their sum. */
uint64_t pv_range_count(struct pv_range *range);

/*
 * Fills tables (the range's, side by side, any content) and the range's entries of l4. Frames from
 * ro_start up to ro_end become read-only.
 */
void pv_tables_fill(const struct pv_range *range, uint64_t *tables, uint64_t *l4,
                    const xen_pfn_t *p2m, uint64_t ro_start, uint64_t ro_end);

/* ---- pv_layout.c ---- */

struct pv_layout {
    uint64_t pages;             /* of the domain */
    uint64_t virt_base;
    uint64_t load_offset;       /* a segment's physical address less this is its place */
    uint64_t entry;
    uint64_t kernel_pages;      /* from frame 0 on */
    uint64_t ramdisk_pfn, ramdisk_size;
    uint64_t p2m_pfn, p2m_pages;
    uint64_t p2m_address;       /* virtual */
    uint64_t start_info_pfn, store_pfn, console_pfn;
    uint64_t l4_pfn;            /* the first page table; the range's follow */
    uint64_t table_pages;
    uint64_t stack_pfn;
    bool ramdisk_is_unmapped;
    bool p2m_is_elsewhere;
    struct pv_range range;      /* the first mapping */
    struct pv_range p2m_range;  /* if it is elsewhere */
};

static inline uint64_t pv_address(const struct pv_layout *l, uint64_t pfn)
{
    return l->virt_base + (pfn << PAGE_SHIFT);
}

int pv_layout_plan(const struct guest_image_info *info, uint64_t pages, uint64_t ramdisk_size,
                   struct pv_layout *layout, char *error);

/* ---- pv_memory.c ---- */

/* Gives the domain its pages; p2m[0..pages) are then their machine frames. */
int pv_memory_populate(struct xc *xc, uint32_t domid, uint64_t pages, xen_pfn_t *p2m, char *error);

/* Guest memory in reach: frames pfn.. of p2m. NULL on failure, with the text. */
void *pv_memory_map(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t pfn,
                    uint64_t count, char *error);
/* Copies to pseudo-physical address to; from NULL: zeroes. */
int pv_memory_write(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t to,
                    const void *from, uint64_t size, char *error);
/* Reads size bytes of fd to pseudo-physical address to (page-aligned); -EIO: there were fewer. */
int pv_memory_read_file(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t to, int fd,
                        uint64_t size, char *error);

#endif
