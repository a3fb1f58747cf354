/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device model asks of the hypervisor, through the one request that Linux lets be
 * restricted.
 */
#include <errno.h>

#include "private.h"

#define MAX_BUFS 4

int xc_dm_op(struct xc *xc, uint32_t domid, const struct xc_dm_buf *bufs, unsigned int count)
{
    struct linux_dm_op_buf list[MAX_BUFS];
    struct linux_dm_op op = { .domid = domid, .count = count, .bufs = list };

    if (count > MAX_BUFS)
        return -E2BIG;
    for (unsigned int i = 0; i < count; i++)
        list[i] = (struct linux_dm_op_buf){ bufs[i].data, bufs[i].size };
    int rc = ioctl(xc->privcmd, LINUX_DM_OP, &op);

    return rc < 0 ? -errno : rc;
}
