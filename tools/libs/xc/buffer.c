/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that hypercalls may point to: the hypervisor cannot take a page fault on our behalf.
 *
 * Linux's /dev/xen/hypercall gives pages that never move. Without it, locked memory that is not
 * copied on fork comes close enough. Single pages are kept for the next call.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "private.h"

static void *map_locked(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    if (madvise(p, size, MADV_DONTFORK)) {
        munmap(p, size);
        return NULL;
    }
    return p;
}

static void *map_device(int fd, size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return p == MAP_FAILED ? NULL : p;
}

void *xc_buffer_get(struct xc *xc, size_t size)
{
    size = xc_round_up(size);
    if (size == XC_PAGE_SIZE && xc->cached_count) {
        void *p = xc->cached[--xc->cached_count];

        return memset(p, 0, size);
    }
    return xc->memory >= 0 ? map_device(xc->memory, size) : map_locked(size);
}

void xc_buffer_put(struct xc *xc, void *buffer, size_t size)
{
    size = xc_round_up(size);
    if (size == XC_PAGE_SIZE && xc->cached_count < XC_CACHED_PAGES)
        xc->cached[xc->cached_count++] = buffer;
    else
        munmap(buffer, size);
}

int xc_bounce_in(struct xc *xc, struct xc_bounce *b, const void *user, size_t size,
                 unsigned int direction)
{
    *b = (struct xc_bounce){ .user = (void *)user, .size = size, .direction = direction };
    if (!user || !size)
        return 0;
    b->buffer = xc_buffer_get(xc, size);
    if (!b->buffer)
        return -errno;
    if (direction & BOUNCE_IN)
        memcpy(b->buffer, user, size);
    return 0;
}

void xc_bounce_out(struct xc *xc, struct xc_bounce *b, long rc)
{
    if (!b->buffer)
        return;
    if (b->direction & BOUNCE_OUT && rc >= 0)
        memcpy(b->user, b->buffer, b->size);
    xc_buffer_put(xc, b->buffer, b->size);
    b->buffer = NULL;
}
