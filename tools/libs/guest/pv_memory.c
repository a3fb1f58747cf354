/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PV domain's memory: taken in large pieces where there are such, and written through mappings
 * of a few MiB at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/sysctl.h>

#include "pv.h"

#define LARGE_ORDER 9u
#define LARGE_PAGES (1ull << LARGE_ORDER)
#define BATCH       512u        /* extents in one call */
#define WINDOW      1024ull     /* pages mapped at once */

/* ---- taking ---- */

static int not_enough(struct xc *xc, uint64_t pages, uint64_t missing, char *error)
{
    struct xen_sysctl_physinfo info;
    int rc = xc_physinfo(xc, &info);

    if (rc)
        return guest_fail(error, -ENOMEM, "too little memory for a domain of %llu MiB",
                          (unsigned long long)pages >> 8);
    return guest_fail(error, -ENOMEM, "too little memory: %llu MiB wanted, %llu MiB free",
                      (unsigned long long)missing >> 8,
                      (unsigned long long)(info.free_pages + info.scrub_pages) >> 8);
}

/* Frames 'first' and on, count extents of the order. *done: how many it got. */
static int take(struct xc *xc, uint32_t domid, uint64_t first, unsigned int count,
                unsigned int order, xen_pfn_t *p2m, unsigned int *done)
{
    xen_pfn_t extent[BATCH];
    long before = xc_memory_current(xc, domid);

    for (unsigned int i = 0; i < count; i++)
        extent[i] = first + ((uint64_t)i << order);
    int rc = xc_memory_populate(xc, domid, count, order, 0, extent);

    *done = count;
    if (rc) {
        long after = xc_memory_current(xc, domid);

        if (before < 0 || after < before)
            return rc;
        *done = (after - before) >> order;
    }
    for (uint64_t i = 0; i < *done; i++) {
        for (uint64_t j = 0; j < 1ull << order; j++)
            p2m[first + (i << order) + j] = extent[i] + j;
    }
    return rc == -ENOMEM ? 0 : rc;
}

/* As many pages of [first, end) as come in extents of the order; returns where it ended. */
static int take_run(struct xc *xc, uint32_t domid, uint64_t *first, uint64_t end,
                    unsigned int order, xen_pfn_t *p2m)
{
    while (end - *first >= 1ull << order) {
        unsigned int count = min_u64((end - *first) >> order, BATCH), done;
        int rc = take(xc, domid, *first, count, order, p2m, &done);

        if (rc)
            return rc;
        *first += (uint64_t)done << order;
        if (done < count)
            return 0;
    }
    return 0;
}

/* False only where the answer is known. */
static bool may_fit(struct xc *xc, uint64_t pages)
{
    struct xen_sysctl_physinfo info;

    return xc_physinfo(xc, &info) || pages <= info.free_pages + info.scrub_pages;
}

int pv_memory_populate(struct xc *xc, uint32_t domid, uint64_t pages, xen_pfn_t *p2m, char *error)
{
    uint64_t done = 0;

    if (!may_fit(xc, pages))
        return not_enough(xc, pages, pages, error);
    int rc = take_run(xc, domid, &done, pages, LARGE_ORDER, p2m);

    if (!rc)
        rc = take_run(xc, domid, &done, pages, 0, p2m);
    if (rc)
        return guest_fail(error, rc, "cannot give the domain its memory: %s", strerror(-rc));
    return done == pages ? 0 : not_enough(xc, pages, pages - done, error);
}

/* ---- writing ---- */

void *pv_memory_map(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t pfn,
                    uint64_t count, char *error)
{
    void *p = xc_map_frames(xc, domid, PROT_READ | PROT_WRITE, p2m + pfn, count, NULL);

    if (!p)
        guest_fail(error, -errno, "cannot map the domain's memory: %s", strerror(errno));
    return p;
}

/*
 * Calls fill() for each window of [to, to + size), which is mapped meanwhile; done counts what went
 * before.
 */
static int for_windows(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t to,
                       uint64_t size, int (*fill)(void *context, char *p, uint64_t done,
                                                  uint64_t part), void *context, char *error)
{
    for (uint64_t done = 0; done < size;) {
        uint64_t at = to + done, offset = at % PAGE_SIZE;
        uint64_t part = min_u64(size - done, (WINDOW << PAGE_SHIFT) - offset);
        uint64_t count = pages_of(offset + part);
        char *p = pv_memory_map(xc, domid, p2m, at >> PAGE_SHIFT, count, error);

        if (!p)
            return -errno;
        int rc = fill(context, p + offset, done, part);

        xc_unmap_frames(p, count);
        if (rc)
            return rc;
        done += part;
    }
    return 0;
}

static int copy_part(void *context, char *p, uint64_t done, uint64_t part)
{
    if (context)
        memcpy(p, (const char *)context + done, part);
    else
        memset(p, 0, part);
    return 0;
}

int pv_memory_write(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t to,
                    const void *from, uint64_t size, char *error)
{
    return for_windows(xc, domid, p2m, to, size, copy_part, (void *)from, error);
}

static int read_part(void *context, char *p, uint64_t done, uint64_t part)
{
    int fd = *(int *)context;

    while (part) {
        ssize_t n = pread(fd, p, part, done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? -errno : -EIO;
        p += n;
        done += n;
        part -= n;
    }
    return 0;
}

int pv_memory_read_file(struct xc *xc, uint32_t domid, const xen_pfn_t *p2m, uint64_t to, int fd,
                        uint64_t size, char *error)
{
    guest_fail(error, 0, "it could not be read to its end");
    return for_windows(xc, domid, p2m, to, size, read_part, &fd, error);
}
