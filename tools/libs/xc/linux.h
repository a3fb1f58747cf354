/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux's Xen devices take: request numbers and layouts of privcmd, evtchn and gntdev.
 */
#ifndef XC_LINUX_H
#define XC_LINUX_H

#include <stdint.h>
#include <sys/ioctl.h>

#include <xen/xen.h>

#define DEVICE_PRIVCMD   "/dev/xen/privcmd"
#define DEVICE_HYPERCALL "/dev/xen/hypercall"
#define DEVICE_EVTCHN    "/dev/xen/evtchn"
#define DEVICE_GNTDEV    "/dev/xen/gntdev"

/* ---- privcmd ---- */

struct linux_hypercall {
    uint64_t op;
    uint64_t arg[5];
};

struct linux_mmapbatch {
    uint32_t count;
    domid_t domid;
    uint64_t address;
    const xen_pfn_t *frames;
    int *errors;
};

struct linux_dm_op_buf {
    void *data;
    size_t size;
};

struct linux_dm_op {
    domid_t domid;
    uint16_t count;
    const struct linux_dm_op_buf *bufs;
};

struct linux_mmap_resource {
    domid_t domid;
    uint32_t type;
    uint32_t id;
    uint32_t index;
    uint64_t count;
    uint64_t address;
};

#define LINUX_HYPERCALL     _IOC(_IOC_NONE, 'P', 0, sizeof(struct linux_hypercall))
#define LINUX_MMAPBATCH_V2  _IOC(_IOC_NONE, 'P', 4, sizeof(struct linux_mmapbatch))
#define LINUX_DM_OP         _IOC(_IOC_NONE, 'P', 5, sizeof(struct linux_dm_op))
#define LINUX_RESTRICT      _IOC(_IOC_NONE, 'P', 6, sizeof(domid_t))
#define LINUX_MMAP_RESOURCE _IOC(_IOC_NONE, 'P', 7, sizeof(struct linux_mmap_resource))

/* ---- evtchn: each request carries one or two numbers ---- */

struct linux_bind_interdomain {
    uint32_t domid;
    uint32_t port;
};

#define LINUX_BIND_VIRQ        _IOC(_IOC_NONE, 'E', 0, sizeof(uint32_t))
#define LINUX_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, sizeof(struct linux_bind_interdomain))
#define LINUX_BIND_UNBOUND     _IOC(_IOC_NONE, 'E', 2, sizeof(uint32_t))
#define LINUX_UNBIND           _IOC(_IOC_NONE, 'E', 3, sizeof(uint32_t))
#define LINUX_NOTIFY           _IOC(_IOC_NONE, 'E', 4, sizeof(uint32_t))

/* ---- gntdev ---- */

struct linux_grant {
    uint32_t domid;
    uint32_t ref;
};

struct linux_map_grants {
    uint32_t count;
    uint32_t pad;
    uint64_t index;             /* out: where to mmap */
    struct linux_grant grants[1];
};

struct linux_unmap_grants {
    uint64_t index;
    uint32_t count;
    uint32_t pad;
};

struct linux_grant_offset {
    uint64_t address;
    uint64_t offset;            /* out */
    uint32_t count;             /* out */
    uint32_t pad;
};

struct linux_unmap_notify {
    uint64_t index;
    uint32_t action;
    uint32_t port;
};

/* The size in the number is that of the structure with one grant. */
#define LINUX_MAP_GRANTS   _IOC(_IOC_NONE, 'G', 0, sizeof(struct linux_map_grants))
#define LINUX_UNMAP_GRANTS _IOC(_IOC_NONE, 'G', 1, sizeof(struct linux_unmap_grants))
#define LINUX_GRANT_OFFSET _IOC(_IOC_NONE, 'G', 2, sizeof(struct linux_grant_offset))
#define LINUX_NOTIFY_GRANT _IOC(_IOC_NONE, 'G', 7, sizeof(struct linux_unmap_notify))

#endif
