/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels packed with xz, by the hypervisor's decoder (xen/lib): it takes two thirds of what
 * liblzma does, but wants to know the size, which Linux's build appends. All else is liblzma's.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <lib/unpack.h>

#include "../private.h"

/* Faults on fresh pages, one at a time, would be a tenth of the work. Where it fails they come. */
static void touch_pages(char *data, size_t size)
{
    uintptr_t from = round_up((uintptr_t)data, PAGE_SIZE), end = (uintptr_t)data + size;

    if (end > from)
        madvise((void *)from, (end - from) / PAGE_SIZE * PAGE_SIZE, MADV_POPULATE_WRITE);
}

int xz_unpack_sized(const uint8_t *data, size_t size, size_t limit, void **out, size_t *out_size)
{
    size_t room = size < 4 ? 0 : read_le(data + size - 4, 4);

    if (room <= size || room > limit)
        return -EOPNOTSUPP;
    struct unpack u = { .in = data, .in_len = size, .out = malloc(room), .out_len = room };
    struct xz_work *work = malloc(sizeof(*work));
    int rc = -ENOMEM;

    if (u.out && work) {
        touch_pages((char *)u.out, room);
        rc = unpack_xz(&u, work);
    }
    free(work);
    if (rc)
        free(u.out);
    *out = rc ? NULL : u.out;
    *out_size = u.out_pos;
    return rc;
}
