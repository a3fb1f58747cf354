/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grant tables: how one domain lets another map, copy or take its pages; grant_table_op(cmd, args,
 * count).
 *
 * The granter writes an entry with its type last, behind a write barrier. It may withdraw an entry
 * by compare-and-exchange of flags to 0 only while neither reading nor writing is set, which we set
 * while somebody maps it. Each element of args carries its own status, GNTST_*.
 */
#ifndef PUBLIC_GRANT_TABLE_H
#define PUBLIC_GRANT_TABLE_H

#include "xen.h"

#define GNTTABOP_map_grant_ref     0
#define GNTTABOP_unmap_grant_ref   1
#define GNTTABOP_setup_table       2
#define GNTTABOP_dump_table        3
#define GNTTABOP_transfer          4
#define GNTTABOP_copy              5
#define GNTTABOP_query_size        6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version       8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version       10
#define GNTTABOP_swap_grant_ref    11
#define GNTTABOP_cache_flush       12

/* Entries that survive a change of version; the domain's builder fills the first two. */
#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE    0
#define GNTTAB_RESERVED_XENSTORE   1

/* ---- Entry flags ----------------------------------------------------------------------------- */

/* The type, in bits 1:0. */
#define GTF_invalid         (xen_mk_uint(0)<<0)
#define GTF_permit_access   (xen_mk_uint(1)<<0)  /* domid may map or copy */
#define GTF_accept_transfer (xen_mk_uint(2)<<0)  /* domid may give a page, its frame goes here */
#define GTF_transitive      (xen_mk_uint(3)<<0)  /* version 2: copy from a grant made to us */
#define GTF_type_mask       (xen_mk_uint(3)<<0)

/* With permit_access and transitive. We write reading and writing, the granter the others. */
#define _GTF_readonly       (2)
#define GTF_readonly        (xen_mk_uint(1)<<_GTF_readonly)
#define _GTF_reading        (3)
#define GTF_reading         (xen_mk_uint(1)<<_GTF_reading)
#define _GTF_writing        (4)
#define GTF_writing         (xen_mk_uint(1)<<_GTF_writing)

/* With permit_access: the cache attributes of mappings; copy only, from a part of the page. */
#define _GTF_PWT            (5)
#define GTF_PWT             (xen_mk_uint(1)<<_GTF_PWT)
#define _GTF_PCD            (6)
#define GTF_PCD             (xen_mk_uint(1)<<_GTF_PCD)
#define _GTF_PAT            (7)
#define GTF_PAT             (xen_mk_uint(1)<<_GTF_PAT)
#define _GTF_sub_page       (8)
#define GTF_sub_page        (xen_mk_uint(1)<<_GTF_sub_page)

/* With accept_transfer. Once committed the granter must wait for completed, which comes soon. */
#define _GTF_transfer_committed (2)
#define GTF_transfer_committed  (xen_mk_uint(1)<<_GTF_transfer_committed)
#define _GTF_transfer_completed (3)
#define GTF_transfer_completed  (xen_mk_uint(1)<<_GTF_transfer_completed)

/* ---- Flags of calls -------------------------------------------------------------------------- */

/* map: for devices, for the caller's processors, read only, for its user mode, into an entry. */
#define _GNTMAP_device_map      (0)
#define GNTMAP_device_map       (1<<_GNTMAP_device_map)
#define _GNTMAP_host_map        (1)
#define GNTMAP_host_map         (1<<_GNTMAP_host_map)
#define _GNTMAP_readonly        (2)
#define GNTMAP_readonly         (1<<_GNTMAP_readonly)
#define _GNTMAP_application_map (3)
#define GNTMAP_application_map  (1<<_GNTMAP_application_map)
#define _GNTMAP_contains_pte    (4)
#define GNTMAP_contains_pte     (1<<_GNTMAP_contains_pte)
/* Bits that land in the available bits of the page-table entry. */
#define _GNTMAP_guest_avail0    (16)
#define GNTMAP_guest_avail_mask ((uint32_t)~0 << _GNTMAP_guest_avail0)

/* copy: which side names a grant and not a frame. */
#define _GNTCOPY_source_gref    (0)
#define GNTCOPY_source_gref     (1<<_GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref      (1)
#define GNTCOPY_dest_gref       (1<<_GNTCOPY_dest_gref)

/* cache_flush */
#define GNTTAB_CACHE_CLEAN       (xen_mk_uint(1)<<0)
#define GNTTAB_CACHE_INVAL       (xen_mk_uint(1)<<1)
#define GNTTAB_CACHE_SOURCE_GREF (xen_mk_uint(1)<<31)

/* ---- Status ---------------------------------------------------------------------------------- */

#define GNTST_okay              (0)
#define GNTST_general_error     (-1)
#define GNTST_bad_domain        (-2)
#define GNTST_bad_gntref        (-3)
#define GNTST_bad_handle        (-4)
#define GNTST_bad_virt_addr     (-5)
#define GNTST_bad_dev_addr      (-6)
#define GNTST_no_device_space   (-7)   /* no room in the IOMMU's tables */
#define GNTST_permission_denied (-8)
#define GNTST_bad_page          (-9)
#define GNTST_bad_copy_arg      (-10)  /* leaves the page */
#define GNTST_address_too_big   (-11)  /* the frame does not fit where it has to be written */
#define GNTST_eagain            (-12)  /* the page is paged out, try again */
#define GNTST_no_space          (-13)  /* out of handles */

/* Texts for the above, indexed by the negated status. */
#define GNTTABOP_error_msgs { \
    "okay", \
    "undefined error", \
    "unrecognised domain id", \
    "invalid grant reference", \
    "invalid mapping handle", \
    "invalid virtual address", \
    "invalid device address", \
    "no spare translation slot in the I/O MMU", \
    "permission denied", \
    "bad page", \
    "copy arguments cross page boundary", \
    "page address size too large", \
    "operation not done; try again", \
    "out of space", \
}

#ifndef __ASSEMBLY__

typedef uint32_t grant_ref_t;           /* index of an entry in its granter's table */
typedef uint32_t grant_handle_t;        /* one mapping, in its mapper's numbering */

/* ---- Entries --------------------------------------------------------------------------------- */

struct grant_entry_v1 {
    uint16_t flags;                     /* GTF_* */
    domid_t domid;                      /* to whom */
    uint32_t frame;                     /* guest frame; of a completed transfer the new frame */
};
typedef struct grant_entry_v1 grant_entry_v1_t;

struct grant_entry_header {
    uint16_t flags;
    domid_t domid;
};
typedef struct grant_entry_header grant_entry_header_t;

/* In version 2 reading and writing live in the status frames, grant_status_t per entry. */
union grant_entry_v2 {
    grant_entry_header_t hdr;
    struct {
        grant_entry_header_t hdr;
        uint32_t pad0;
        uint64_t frame;
    } full_page;
    struct {
        grant_entry_header_t hdr;
        uint16_t page_off;              /* bytes */
        uint16_t length;
        uint64_t frame;
    } sub_page;
    struct {
        grant_entry_header_t hdr;
        domid_t trans_domid;
        uint16_t pad0;
        grant_ref_t gref;
    } transitive;
    uint32_t __spacer[4];
};
typedef union grant_entry_v2 grant_entry_v2_t;

typedef uint16_t grant_status_t;

/* ---- Calls ----------------------------------------------------------------------------------- */

/* Out fields are named; those before them are in. */
struct gnttab_map_grant_ref {
    uint64_t host_addr;                 /* virtual address, guest address (HVM), or of an entry */
    uint32_t flags;                     /* GNTMAP_* */
    grant_ref_t ref;
    domid_t dom;
    int16_t status;                     /* out */
    grant_handle_t handle;              /* out */
    uint64_t dev_bus_addr;              /* out, with device_map */
};
XEN_ABI_STRUCT(gnttab_map_grant_ref);

/* An address of 0 leaves that half of the mapping. TLBs are flushed before the call returns. */
struct gnttab_unmap_grant_ref {
    uint64_t host_addr;
    uint64_t dev_bus_addr;
    grant_handle_t handle;
    int16_t status;                     /* out */
};
XEN_ABI_STRUCT(gnttab_unmap_grant_ref);

/* Grow the table to nr_frames and tell its frames. */
struct gnttab_setup_table {
    domid_t dom;
    uint32_t nr_frames;
    int16_t status;                     /* out */
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list;
};
XEN_ABI_STRUCT(gnttab_setup_table);

struct gnttab_dump_table {
    domid_t dom;
    int16_t status;                     /* out */
};
XEN_ABI_STRUCT(gnttab_dump_table);

/* Give a page away. The caller loses it even if the other side has ceased to wait. */
struct gnttab_transfer {
    xen_pfn_t mfn;
    domid_t domid;
    grant_ref_t ref;
    int16_t status;                     /* out */
};
XEN_ABI_STRUCT(gnttab_transfer);

struct gnttab_copy {
    struct gnttab_copy_ptr {
        union {
            grant_ref_t ref;
            xen_pfn_t gmfn;
        } u;
        domid_t domid;
        uint16_t offset;
    } source, dest;
    uint16_t len;                       /* bytes, within one page on either side */
    uint16_t flags;                     /* GNTCOPY_* */
    int16_t status;                     /* out */
};
XEN_ABI_STRUCT(gnttab_copy);

struct gnttab_query_size {
    domid_t dom;
    uint32_t nr_frames;                 /* out from here */
    uint32_t max_nr_frames;
    int16_t status;
};
XEN_ABI_STRUCT(gnttab_query_size);

/* Unmap host_addr and put there what is at new_addr, which becomes empty. */
struct gnttab_unmap_and_replace {
    uint64_t host_addr;
    uint64_t new_addr;
    grant_handle_t handle;
    int16_t status;                     /* out */
};
XEN_ABI_STRUCT(gnttab_unmap_and_replace);

/* -EBUSY while entries beyond the reserved ones are mapped. */
struct gnttab_set_version {
    uint32_t version;                   /* 1 or 2; out: the version now */
};
XEN_ABI_STRUCT(gnttab_set_version);

struct gnttab_get_status_frames {
    uint32_t nr_frames;
    domid_t dom;
    int16_t status;                     /* out */
    XEN_GUEST_HANDLE(uint64_t) frame_list;
};
XEN_ABI_STRUCT(gnttab_get_status_frames);

struct gnttab_get_version {
    domid_t dom;
    uint16_t pad;
    uint32_t version;                   /* out */
};
XEN_ABI_STRUCT(gnttab_get_version);

/* Exchange two entries, if neither is mapped. */
struct gnttab_swap_grant_ref {
    grant_ref_t ref_a;
    grant_ref_t ref_b;
    int16_t status;                     /* out */
};
XEN_ABI_STRUCT(gnttab_swap_grant_ref);

/* For machines whose devices are not coherent. */
struct gnttab_cache_flush {
    union {
        uint64_t dev_bus_addr;
        grant_ref_t ref;
    } a;
    uint16_t offset;
    uint16_t length;
    uint32_t op;                        /* GNTTAB_CACHE_* */
};
XEN_ABI_STRUCT(gnttab_cache_flush);

#endif /* __ASSEMBLY__ */
#endif
