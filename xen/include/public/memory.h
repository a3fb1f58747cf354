/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op(cmd, arg): a domain's memory, its physical address space, and tools' views of both.
 *
 * Calls on lists of extents return how many were done, so a short count is the only sign of
 * failure; they may be resumed from there.
 */
#ifndef PUBLIC_MEMORY_H
#define PUBLIC_MEMORY_H

#include "xen.h"
#include "physdev.h"

/* Taking and giving back memory: xen_memory_reservation. */
#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6
#define XENMEM_claim_pages          24  /* set memory aside; no extents; tools */
#define XENMEM_exchange             11

/* Asking for a number. The argument of the last three is xen_memory_domain; they return pages. */
#define XENMEM_maximum_ram_page     2   /* highest machine frame, plus one; no argument */
#define XENMEM_current_reservation  3
#define XENMEM_maximum_reservation  4
#define XENMEM_maximum_gpfn         14  /* highest guest frame in use */

/* The machine-to-physical table. */
#define XENMEM_machphys_mfn_list    5
#define XENMEM_machphys_compat_mfn_list 25
#define XENMEM_machphys_mapping     12

/* The guest-physical address space. */
#define XENMEM_add_to_physmap       7
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_remove_from_physmap  15
#define XENMAPSPACE_shared_info     0
#define XENMAPSPACE_grant_table     1   /* idx: frame of the table, see the bit below */
#define XENMAPSPACE_gmfn            2   /* move a page */
#define XENMAPSPACE_gmfn_range      3   /* move size pages */
#define XENMAPSPACE_gmfn_foreign    4   /* batch only: pages of another domain */
#define XENMAPSPACE_dev_mmio        5
#define XENMAPIDX_grant_table_status 0x80000000

/* E820 maps: of the domain, of the machine (dom0), set by the tools. */
#define XENMEM_memory_map           9
#define XENMEM_machine_memory_map   10
#define XENMEM_set_memory_map       13

/* Populate on demand: more guest frames than memory. */
#define XENMEM_set_pod_target       16
#define XENMEM_get_pod_target       17

#define XENMEM_get_vnumainfo        26
#define XENMEM_acquire_resource     28

/* xen_memory_reservation.mem_flags: address width in 7:0, NUMA node plus one in 15:8, and flags. */
#define XENMEMF_address_bits(x)     (x)
#define XENMEMF_get_address_bits(x) ((x) & xen_mk_uint(0xff))
#define XENMEMF_node(x)             (((x) + 1) << 8)
#define XENMEMF_get_node(x)         ((((x) >> 8) - 1) & xen_mk_uint(0xff))
#define XENMEMF_populate_on_demand  (1<<16)
#define XENMEMF_exact_node_request  (1<<17)
#define XENMEMF_exact_node(n)       (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode               (1<<18)  /* the node is one the guest sees */

/* xen_mem_acquire_resource.type, and what id and frame mean for it. */
#define XENMEM_resource_ioreq_server 0       /* id: the server */
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))
#define XENMEM_resource_grant_table  1
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1
#define XENMEM_resource_vmtrace_buf  2       /* id: the vCPU */

#ifndef __ASSEMBLY__

struct xen_memory_reservation {
    /* populate: guest frames in, backing out (PV); decrease: in; increase: out. */
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
    xen_ulong_t nr_extents;
    unsigned int extent_order;      /* an extent is 2^order pages, aligned to its size */
    unsigned int mem_flags;         /* XENMEMF_* */
    domid_t domid;
};
XEN_ABI_STRUCT(xen_memory_reservation);

/* Give pages back and get as many in other extents; both sides cover the same number. */
struct xen_memory_exchange {
    struct xen_memory_reservation in;
    struct xen_memory_reservation out;
    xen_ulong_t nr_exchanged;       /* in: 0; out: extents of in that were exchanged */
};
XEN_ABI_STRUCT(xen_memory_exchange);

struct xen_memory_domain {
    domid_t domid;
};

/* The frames of the table, one per 2 MiB of it. */
struct xen_machphys_mfn_list {
    unsigned int max_extents;
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
    unsigned int nr_extents;        /* out */
};
XEN_ABI_STRUCT(xen_machphys_mfn_list);

struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end;     /* out: where the caller sees it */
    xen_ulong_t max_mfn;
};
XEN_ABI_STRUCT(xen_machphys_mapping);

struct xen_add_to_physmap {
    domid_t domid;
    uint16_t size;                  /* pages, for gmfn_range */
    unsigned int space;             /* XENMAPSPACE_* */
    xen_ulong_t idx;                /* which page of the space */
    xen_pfn_t gpfn;                 /* where it shall appear */
};
XEN_ABI_STRUCT(xen_add_to_physmap);

struct xen_add_to_physmap_batch {
    domid_t domid;
    uint16_t space;
    uint16_t size;                  /* elements in each list */
    union xen_add_to_physmap_batch_extra {
        domid_t foreign_domid;      /* for gmfn_foreign */
        uint16_t res0;              /* zero for the others */
    } u;
    XEN_GUEST_HANDLE(xen_ulong_t) idxs;
    XEN_GUEST_HANDLE(xen_pfn_t) gpfns;
    XEN_GUEST_HANDLE(int) errs;     /* out: 0 or a negated error for each */
};
XEN_ABI_STRUCT(xen_add_to_physmap_batch);

struct xen_remove_from_physmap {
    domid_t domid;
    xen_pfn_t gpfn;
};
XEN_ABI_STRUCT(xen_remove_from_physmap);

struct xen_memory_map {
    unsigned int nr_entries;        /* in: room in the buffer; out: entries written */
    XEN_GUEST_HANDLE(void) buffer;  /* 20 bytes each, as BIOS function E820 returns them */
};
XEN_ABI_STRUCT(xen_memory_map);

struct xen_foreign_memory_map {
    domid_t domid;
    struct xen_memory_map map;
};
XEN_ABI_STRUCT(xen_foreign_memory_map);

struct xen_pod_target {
    uint64_t target_pages;
    uint64_t tot_pages;             /* out: pages the domain has */
    uint64_t pod_cache_pages;       /* out: of those, not yet placed */
    uint64_t pod_entries;           /* out: guest frames not yet backed */
    domid_t domid;
};
typedef struct xen_pod_target xen_pod_target_t;

/* Frames of something that belongs to a domain but is not its memory, for a tool to map. */
struct xen_mem_acquire_resource {
    domid_t domid;
    uint16_t type;                  /* XENMEM_resource_* */
    uint32_t id;
    uint32_t nr_frames;             /* 0 with no list: out, the size */
    uint32_t pad;                   /* zero */
    uint64_t frame;                 /* the first */
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* PV: out, machine; HVM: in, where */
};
XEN_ABI_STRUCT(xen_mem_acquire_resource);

/* A guest's virtual NUMA layout. -ENOBUFS with the needed sizes if the arrays are too small. */
struct xen_vmemrange {
    uint64_t start, end;            /* bytes, end excluded */
    unsigned int flags;             /* zero */
    unsigned int nid;
};
XEN_ABI_STRUCT(xen_vmemrange);

struct xen_vnuma_topology_info {
    domid_t domid;
    uint16_t pad;
    unsigned int nr_vnodes;
    unsigned int nr_vcpus;
    unsigned int nr_vmemranges;
    union {
        XEN_GUEST_HANDLE(uint) h;
        uint64_t pad;
    } vdistance;                    /* nr_vnodes squared */
    union {
        XEN_GUEST_HANDLE(uint) h;
        uint64_t pad;
    } vcpu_to_vnode;
    union {
        XEN_GUEST_HANDLE(xen_vmemrange_t) h;
        uint64_t pad;
    } vmemrange;
};
XEN_ABI_STRUCT(xen_vnuma_topology_info);

#if defined(__XEN__) || defined(__XEN_TOOLS__)

/* ---- Calls of the control tools -------------------------------------------------------------- */

#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19

/* Paging out to a helper. */
#define XENMEM_paging_op          20
#define XENMEM_paging_op_nominate 0
#define XENMEM_paging_op_evict    1
#define XENMEM_paging_op_prep     2

struct xen_mem_paging_op {
    uint8_t op;
    domid_t domain;
    XEN_GUEST_HANDLE_64(const_uint8) buffer;  /* prep: the page's content */
    uint64_aligned_t gfn;
};
XEN_ABI_STRUCT(xen_mem_paging_op);

/* Access rights below the guest's own tables. */
#define XENMEM_access_op                  21
#define XENMEM_access_op_set_access       0
#define XENMEM_access_op_get_access       1
#define XENMEM_access_op_set_access_multi 4

typedef enum {
    XENMEM_access_n,
    XENMEM_access_r,
    XENMEM_access_w,
    XENMEM_access_rw,
    XENMEM_access_x,
    XENMEM_access_rx,
    XENMEM_access_wx,
    XENMEM_access_rwx,
    XENMEM_access_rx2rw,            /* rx until the first write, then rw */
    XENMEM_access_n2rwx,            /* none until the first access, which is reported, then rwx */
    XENMEM_access_default           /* the domain's default */
} xenmem_access_t;

struct xen_mem_access_op {
    uint8_t op;
    uint8_t access;                 /* xenmem_access_t */
    domid_t domid;
    uint32_t nr;                    /* pages from pfn on, or elements of the lists */
    uint64_aligned_t pfn;           /* ~0: the domain's default */
    XEN_GUEST_HANDLE(const_uint64) pfn_list;    /* for set_access_multi */
    XEN_GUEST_HANDLE(const_uint8) access_list;
};
XEN_ABI_STRUCT(xen_mem_access_op);

/* Pages shared copy-on-write between HVM domains. */
#define XENMEM_sharing_op               22
#define XENMEM_sharing_op_nominate_gfn  0
#define XENMEM_sharing_op_nominate_gref 1
#define XENMEM_sharing_op_share         2
#define XENMEM_sharing_op_debug_gfn     3
#define XENMEM_sharing_op_debug_mfn     4
#define XENMEM_sharing_op_debug_gref    5
#define XENMEM_sharing_op_add_physmap   6
#define XENMEM_sharing_op_audit         7
#define XENMEM_sharing_op_range_share   8
#define XENMEM_sharing_op_fork          9
#define XENMEM_sharing_op_fork_reset    10

/* Which of the two handles of a share was wrong. */
#define XENMEM_SHARING_OP_S_HANDLE_INVALID (-10)
#define XENMEM_SHARING_OP_C_HANDLE_INVALID (-9)

/* A field that takes a frame may hold a grant reference instead, marked by a bit. */
#define XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG (xen_mk_ullong(1) << 62)
#define XENMEM_SHARING_OP_FIELD_MAKE_GREF(field, val) \
    (field) = (XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG | (val))
#define XENMEM_SHARING_OP_FIELD_IS_GREF(field) ((field) & XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG)
#define XENMEM_SHARING_OP_FIELD_GET_GREF(field) ((field) & ~XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG)

/* mem_sharing_op_fork.flags */
#define XENMEM_FORK_WITH_IOMMU_ALLOWED (xen_mk_uint(1) << 0)
#define XENMEM_FORK_BLOCK_INTERRUPTS   (xen_mk_uint(1) << 1)
#define XENMEM_FORK_RESET_STATE        (xen_mk_uint(1) << 2)
#define XENMEM_FORK_RESET_MEMORY       (xen_mk_uint(1) << 3)

struct xen_mem_sharing_op {
    uint8_t op;
    domid_t domain;
    union {
        struct mem_sharing_op_nominate {
            union {
                uint64_aligned_t gfn;
                uint32_t grant_ref;
            } u;
            uint64_aligned_t handle;        /* out */
        } nominate;
        struct mem_sharing_op_share {       /* share, add_physmap */
            uint64_aligned_t source_gfn;
            uint64_aligned_t source_handle;
            uint64_aligned_t client_gfn;
            uint64_aligned_t client_handle;
            domid_t client_domain;
        } share;
        struct mem_sharing_op_range {
            uint64_aligned_t first_gfn;
            uint64_aligned_t last_gfn;      /* included */
            uint64_aligned_t opaque;        /* zero on the first call */
            domid_t client_domain;
            uint16_t _pad[3];
        } range;
        struct mem_sharing_op_debug {
            union {
                uint64_aligned_t gfn;
                uint64_aligned_t mfn;
                uint32_t gref;
            } u;
        } debug;
        struct mem_sharing_op_fork {        /* fork, fork_reset */
            domid_t parent_domain;
            uint16_t flags;                 /* XENMEM_FORK_* */
            uint32_t pad;
        } fork;
    } u;
};
XEN_ABI_STRUCT(xen_mem_sharing_op);

/* Guest frames that firmware has reserved for devices of the host. */
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_RDM_ALL 1                    /* of all devices, not only of dev */

struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    xen_ulong_t nr_pages;
};
XEN_ABI_STRUCT(xen_reserved_device_memory);

struct xen_reserved_device_memory_map {
    uint32_t flags;                         /* XENMEM_RDM_* */
    unsigned int nr_entries;                /* out: the number there is, -ERANGE if more */
    XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer;
    union {
        physdev_pci_device_t pci;
    } dev;
};
XEN_ABI_STRUCT(xen_reserved_device_memory_map);

#endif /* __XEN__ || __XEN_TOOLS__ */
#endif /* __ASSEMBLY__ */
#endif
