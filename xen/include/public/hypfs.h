/* SPDX-License-Identifier: GPL-2.0-only */
/* hypfs_op(cmd, path, pathlen, buffer, size): the hypervisor's settings as a tree of files. */
#ifndef PUBLIC_HYPFS_H
#define PUBLIC_HYPFS_H

#include "xen.h"

#define XEN_HYPFS_OP_get_version    0
#define XEN_HYPFS_OP_read           1   /* an entry, then its content; -ENOBUFS if too small */
#define XEN_HYPFS_OP_write_contents 2

#define XEN_HYPFS_VERSION     1
#define XEN_HYPFS_MAX_PATHLEN 1024

#define XEN_HYPFS_TYPE_DIR    0         /* a list of xen_hypfs_dirlistentry */
#define XEN_HYPFS_TYPE_BLOB   1
#define XEN_HYPFS_TYPE_STRING 2
#define XEN_HYPFS_TYPE_UINT   3
#define XEN_HYPFS_TYPE_INT    4
#define XEN_HYPFS_TYPE_BOOL   5

#define XEN_HYPFS_ENC_PLAIN   0
#define XEN_HYPFS_ENC_GZIP    1

#ifndef __ASSEMBLY__

struct xen_hypfs_direntry {
    uint8_t type;                       /* XEN_HYPFS_TYPE_* */
    uint8_t encoding;                   /* XEN_HYPFS_ENC_* */
    uint16_t pad;
    uint32_t content_len;               /* bytes */
    uint32_t max_write_len;             /* 0: read only */
};
typedef struct xen_hypfs_direntry xen_hypfs_direntry_t;

struct xen_hypfs_dirlistentry {
    xen_hypfs_direntry_t e;
    uint16_t off_next;                  /* to the next, 0: the last */
    char name[XEN_FLEX_ARRAY_DIM];
};

#endif /* __ASSEMBLY__ */
#endif
