/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels packed with xz, by the hypervisor's decoder (xen/lib): it takes two thirds of what
 * liblzma does, but wants to know the size, which Linux's build appends. All else is liblzma's.
 */
#include <errno.h>
#include <stdlib.h>

#include <lib/unpack.h>

#include "../private.h"

int xz_unpack_sized(const uint8_t *data, size_t size, size_t limit, void **out, size_t *out_size)
{
    size_t room = size < 4 ? 0 : read_le(data + size - 4, 4);

    if (room <= size || room > limit)
        return -EOPNOTSUPP;
    struct unpack u = { .in = data, .in_len = size, .out = malloc(room), .out_len = room };
    struct xz_work *work = malloc(sizeof(*work));
    int rc = -ENOMEM;

    if (u.out && work) {
        work->quick_crc32 = crc32_quickly;
        rc = unpack_xz(&u, work);
    }
    free(work);
    if (rc)
        free(u.out);
    *out = rc ? NULL : u.out;
    *out_size = u.out_pos;
    return rc;
}
