/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kexec_op(cmd, arg): dom0 loads an image that replaces the hypervisor, on command or on a crash.
 */
#ifndef PUBLIC_KEXEC_H
#define PUBLIC_KEXEC_H

#include "xen.h"

#define KEXEC_CMD_kexec           0
#define KEXEC_CMD_kexec_load_v1   1
#define KEXEC_CMD_kexec_unload_v1 2  /* xen_kexec_load_v1 */
#define KEXEC_CMD_kexec_get_range 3
#define KEXEC_CMD_kexec_load      4
#define KEXEC_CMD_kexec_unload    5
#define KEXEC_CMD_kexec_status    6  /* returns 1 if an image is loaded */

#define KEXEC_TYPE_DEFAULT 0
#define KEXEC_TYPE_CRASH   1

/* xen_kexec_range.range */
#define KEXEC_RANGE_MA_CRASH      0  /* memory set aside for the crash image */
#define KEXEC_RANGE_MA_XEN        1
#define KEXEC_RANGE_MA_CPU        2  /* notes of processor nr */
#define KEXEC_RANGE_MA_XENHEAP    3
#define KEXEC_RANGE_MA_BOOT_PARAM 4
#define KEXEC_RANGE_MA_EFI_MEMMAP 5
#define KEXEC_RANGE_MA_VMCOREINFO 6

#define KEXEC_XEN_NO_PAGES 17

#ifndef __ASSEMBLY__

typedef struct xen_kexec_exec {
    int type;                       /* KEXEC_TYPE_* */
} xen_kexec_exec_t;

typedef struct xen_kexec_range {
    int range;
    int nr;
    unsigned long size;             /* out: bytes, and machine address */
    unsigned long start;
} xen_kexec_range_t;

typedef struct xen_kexec_segment {
    union {
        XEN_GUEST_HANDLE(const_void) h;
        uint64_t _pad;
    } buf;
    uint64_t buf_size;              /* the rest up to dest_size is cleared */
    uint64_t dest_maddr;
    uint64_t dest_size;
} xen_kexec_segment_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_segment_t);

typedef struct xen_kexec_load {
    uint8_t type;                   /* KEXEC_TYPE_* */
    uint8_t _pad;
    uint16_t arch;                  /* of ELF: 3 or 62 */
    uint32_t nr_segments;
    union {
        XEN_GUEST_HANDLE(xen_kexec_segment_t) h;
        uint64_t _pad;
    } segments;
    uint64_t entry_maddr;
} xen_kexec_load_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_load_t);

typedef struct xen_kexec_unload {
    uint8_t type;
} xen_kexec_unload_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_unload_t);

typedef struct xen_kexec_status {
    uint8_t type;
} xen_kexec_status_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_status_t);

/* The first form, where dom0 placed the image itself. */
typedef struct xen_kexec_image {
    unsigned long page_list[KEXEC_XEN_NO_PAGES];
    unsigned long indirection_page;
    unsigned long start_address;
} xen_kexec_image_t;

typedef struct xen_kexec_load_v1 {
    int type;
    xen_kexec_image_t image;
} xen_kexec_load_v1_t;

#endif /* __ASSEMBLY__ */
#endif
