/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a domain's core out of the hypervisor, in a worker.
 *
 * Which frames a paravirtual domain has, and as what it knows them, is asked of the hypervisor
 * alone (each frame's owner, and the machine-to-phys table): a domain that crashed early, or lies,
 * still gives a core.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/alloc.h>
#include <xc/xc.h>
#include <xen/domctl.h>

#include "domain/core.h"
#include "domain/core_file.h"

#define M2P_CHUNK_PAGES 512u            /* the table comes in pieces of 2 MiB */
#define FRAMES_PER_PAGE (CORE_PAGE_SIZE / 8)
#define FRAMES_PER_CHUNK (M2P_CHUNK_PAGES * FRAMES_PER_PAGE)
#define PFN_LIMIT (1ull << 40)
#define BATCH 1024u

struct reader {
    struct xc *xc;
    uint32_t domid;
    struct core core;
    uint64_t room;                      /* of core.page */
    void *shared_info;                  /* the mapping */
};

static void add_page(struct reader *r, uint64_t pfn, uint64_t gmfn)
{
    struct core *c = &r->core;

    if (c->page_count == r->room) {
        r->room = r->room ? r->room * 2 : 4096;
        c->page = xrealloc(c->page, r->room * sizeof(*c->page));
    }
    c->page[c->page_count++] = (struct core_page){ pfn, gmfn };
}

/* ---- which frames ---- */

/* Of frames [first, first + count): those of the domain. */
static int take_frames(struct reader *r, const uint64_t *m2p, uint64_t first, unsigned int count)
{
    xen_pfn_t types[BATCH];

    for (unsigned int i = 0; i < count; i++)
        types[i] = first + i;
    int rc = xc_frame_types(r->xc, r->domid, types, count);

    for (unsigned int i = 0; i < count && !rc; i++) {
        bool is_others = (types[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) == XEN_DOMCTL_PFINFO_XTAB;

        if (!is_others && m2p[i] < PFN_LIMIT)
            add_page(r, m2p[i], first + i);
    }
    return rc;
}

/* One piece of the table: frames from first on, as many as it tells of, up to end. */
static int take_chunk(struct reader *r, xen_pfn_t table, uint64_t first, uint64_t end)
{
    uint64_t count = end - first < FRAMES_PER_CHUNK ? end - first : FRAMES_PER_CHUNK;
    unsigned int pages = (count + FRAMES_PER_PAGE - 1) / FRAMES_PER_PAGE;
    xen_pfn_t frames[M2P_CHUNK_PAGES];
    int rc = 0;

    for (unsigned int i = 0; i < pages; i++)
        frames[i] = table + i;
    uint64_t *m2p = xc_map_frames(r->xc, DOMID_XEN, PROT_READ, frames, pages, NULL);

    if (!m2p)
        return -errno;
    for (uint64_t i = 0; i < count && !rc; i += BATCH)
        rc = take_frames(r, m2p + i, first + i, count - i < BATCH ? count - i : BATCH);
    xc_unmap_frames(m2p, pages);
    return rc;
}

static int find_pages_pv(struct reader *r)
{
    long end = xc_memory_max_ram_page(r->xc);

    if (end < 0)
        return end;
    unsigned int count = (end + FRAMES_PER_CHUNK) / FRAMES_PER_CHUNK, wanted = count;
    xen_pfn_t *table = xcalloc(count, sizeof(*table));
    int rc = xc_memory_m2p_frames(r->xc, table, &count);

    if (!rc && count < wanted && (uint64_t)count * FRAMES_PER_CHUNK < (uint64_t)end)
        rc = -ENODATA;
    for (unsigned int i = 0; i < count && !rc; i++) {
        uint64_t first = (uint64_t)i * FRAMES_PER_CHUNK;

        if (first < (uint64_t)end)
            rc = take_chunk(r, table[i], first, end);
    }
    free(table);
    return rc;
}

/* Those that can be mapped. */
static int find_pages_hvm(struct reader *r)
{
    long last = xc_memory_maximum_gpfn(r->xc, r->domid);
    xen_pfn_t frames[BATCH];
    int errors[BATCH];

    if (last < 0)
        return last;
    for (uint64_t first = 0; first <= (uint64_t)last; first += BATCH) {
        unsigned int count = last - first + 1 < BATCH ? last - first + 1 : BATCH;

        for (unsigned int i = 0; i < count; i++)
            frames[i] = first + i;
        void *map = xc_map_frames(r->xc, r->domid, PROT_READ, frames, count, errors);

        if (!map)
            return -errno;
        xc_unmap_frames(map, count);
        for (unsigned int i = 0; i < count; i++) {
            if (!errors[i])
                add_page(r, first + i, first + i);
        }
    }
    return 0;
}

static int by_pfn(const void *a, const void *b)
{
    const struct core_page *x = a, *y = b;

    return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* A domain may have given two frames the same number: the first found counts. */
static void sort_pages(struct core *c)
{
    uint64_t kept = 0;

    qsort(c->page, c->page_count, sizeof(*c->page), by_pfn);
    for (uint64_t i = 0; i < c->page_count; i++) {
        if (!kept || c->page[kept - 1].pfn != c->page[i].pfn)
            c->page[kept++] = c->page[i];
    }
    c->page_count = kept;
}

/* ---- the rest ---- */

static int read_version(struct reader *r)
{
    struct core_version *v = &r->core.version;
    unsigned long start = 0;
    int version = xc_version(r->xc), size = xc_version_pagesize(r->xc);

    if (version < 0 || size < 0)
        return version < 0 ? version : size;
    v->major = version >> 16;
    v->minor = version & 0xffff;
    v->pagesize = size;
    int rc = xc_version_extra(r->xc, v->extra, sizeof(v->extra));

    if (!rc)
        rc = xc_version_compile(r->xc, &v->compile);
    if (!rc)
        rc = xc_version_capabilities(r->xc, v->capabilities, sizeof(v->capabilities));
    if (!rc)
        rc = xc_version_changeset(r->xc, v->changeset, sizeof(v->changeset));
    if (!rc)
        rc = xc_version_platform(r->xc, &start);
    v->platform.virt_start = start;
    return rc;
}

/* A VCPU that was never brought up has no context: all zero. */
static void read_vcpus(struct reader *r, unsigned int count)
{
    struct vcpu_guest_context *context = xcalloc(count, sizeof(*context));

    r->core.vcpus = count;
    r->core.context_size = sizeof(*context);
    r->core.context = context;
    for (unsigned int i = 0; i < count; i++) {
        if (xc_vcpu_get_context(r->xc, r->domid, i, &context[i], sizeof(context[i])))
            memset(&context[i], 0, sizeof(context[i]));
    }
}

static int read_domain(struct reader *r)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int bits = 64;
    int rc = xc_domain_info(r->xc, r->domid, &info);

    if (rc)
        return rc;
    r->core.is_hvm = info.flags & XEN_DOMINF_hvm_guest;
    if (!xc_domain_get_address_size(r->xc, r->domid, &bits))
        r->core.is_32bit = bits == 32;
    read_vcpus(r, info.max_vcpu_id + 1);
    xen_pfn_t frame = info.shared_info_frame;

    if (!r->core.is_hvm)
        r->shared_info = xc_map_frames(r->xc, r->domid, PROT_READ, &frame, 1, NULL);
    r->core.shared_info = r->shared_info;
    rc = read_version(r);
    if (rc)
        return rc;
    rc = r->core.is_hvm ? find_pages_hvm(r) : find_pages_pv(r);
    sort_pages(&r->core);
    return rc;
}

/* Pages that went away meanwhile (of a domain that runs on) are zeroes. */
static int write_batch(int fd, const char *map, const int *errors, unsigned int count)
{
    static const char zero[CORE_PAGE_SIZE];
    int rc = 0;

    for (unsigned int i = 0, run; i < count && !rc; i += run) {
        for (run = 1; i + run < count && !errors[i] == !errors[i + run] && !errors[i]; run++)
            ;
        rc = core_file_add(fd, errors[i] ? zero : map + (size_t)i * CORE_PAGE_SIZE, run);
    }
    return rc;
}

static int write_pages(struct reader *r, int fd)
{
    const struct core *c = &r->core;
    xen_pfn_t frames[BATCH];
    int errors[BATCH], rc = 0;

    for (uint64_t first = 0; first < c->page_count && !rc; first += BATCH) {
        unsigned int count = c->page_count - first < BATCH ? c->page_count - first : BATCH;

        for (unsigned int i = 0; i < count; i++)
            frames[i] = c->page[first + i].gmfn;
        char *map = xc_map_frames(r->xc, r->domid, PROT_READ, frames, count, errors);

        if (!map)
            return -errno;
        rc = write_batch(fd, map, errors, count);
        xc_unmap_frames(map, count);
    }
    return rc;
}

int core_read(struct xc *xc, uint32_t domid, const char *path, struct failure *f)
{
    struct reader r = { .xc = xc, .domid = domid };
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(f, -errno, "%s: %s", path, strerror(errno));
    int rc = read_domain(&r);

    if (rc) {
        fail(f, rc, "cannot read domain %u: %s", domid, strerror(-rc));
    } else {
        rc = core_file_begin(fd, &r.core);
        if (!rc)
            rc = write_pages(&r, fd);
        if (!rc && fsync(fd))
            rc = -errno;
        if (rc)
            fail(f, rc, "%s: %s", path, strerror(-rc));
    }
    close(fd);
    if (r.shared_info)
        xc_unmap_frames(r.shared_info, 1);
    free(r.core.context);
    free(r.core.page);
    return rc;
}
