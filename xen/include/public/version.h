/* SPDX-License-Identifier: GPL-2.0-only */
/* xen_version(cmd, arg): who the hypervisor is and what it offers. Texts are zero-terminated. */
#ifndef PUBLIC_VERSION_H
#define PUBLIC_VERSION_H

#include "xen.h"
#include "features.h"

#define XENVER_version             0   /* returns major << 16 | minor */
#define XENVER_extraversion        1   /* xen_extraversion_t */
#define XENVER_compile_info        2   /* xen_compile_info */
#define XENVER_capabilities        3   /* xen_capabilities_info_t: "xen-3.0-x86_64 ..." */
#define XENVER_changeset           4   /* xen_changeset_info_t */
#define XENVER_platform_parameters 5   /* xen_platform_parameters */
#define XENVER_get_features        6   /* xen_feature_info */
#define XENVER_pagesize            7   /* returns bytes */
#define XENVER_guest_handle        8   /* xen_domain_handle_t: the domain's UUID */
#define XENVER_commandline         9   /* xen_commandline_t: the hypervisor's options */
#define XENVER_build_id            10  /* xen_build_id; returns its length */

#ifndef __ASSEMBLY__

typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))
typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))
typedef char xen_commandline_t[1024];

struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};
typedef struct xen_compile_info xen_compile_info_t;

struct xen_platform_parameters {
    xen_ulong_t virt_start;            /* where the hypervisor's hole begins */
};
typedef struct xen_platform_parameters xen_platform_parameters_t;

struct xen_feature_info {
    unsigned int submap_idx;           /* which 32 features */
    uint32_t submap;                   /* out */
};
typedef struct xen_feature_info xen_feature_info_t;

struct xen_build_id {
    uint32_t len;                      /* room in buf */
    unsigned char buf[XEN_FLEX_ARRAY_DIM];
};
typedef struct xen_build_id xen_build_id_t;

#endif /* __ASSEMBLY__ */
#endif
