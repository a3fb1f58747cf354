/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace buffers: rings that the hypervisor writes and we read, one for each CPU.
 *
 * Offsets into a ring run from 0 to twice its size, so that empty and full differ; the hypervisor
 * moves prod after the records are there, we move cons after we have seen them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/trace.h>

#include <xc/trace.h>

#include "private.h"

struct xc_trace {
    const struct t_info *info;
    unsigned int info_pages, pages, cpus;
    uint32_t size;                  /* bytes of records in a ring */
    struct t_buf **ring;            /* NULL: this CPU has none */
};

static int control(struct xc *xc, struct xen_sysctl_tbuf_op *params)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_tbuf_op;
    op.u.tbuf_op = *params;
    int rc = xc_sysctl(xc, &op);

    if (!rc)
        *params = op.u.tbuf_op;
    return rc;
}

int xc_trace_set_size(struct xc *xc, unsigned int pages)
{
    struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = pages };

    return control(xc, &op);
}

int xc_trace_enable(struct xc *xc, bool on)
{
    struct xen_sysctl_tbuf_op op = {
        .cmd = on ? XEN_SYSCTL_TBUFOP_enable : XEN_SYSCTL_TBUFOP_disable,
    };

    return control(xc, &op);
}

int xc_trace_set_event_mask(struct xc *xc, uint32_t mask)
{
    struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_set_evt_mask, .evt_mask = mask };

    return control(xc, &op);
}

int xc_trace_set_cpu_mask(struct xc *xc, const uint8_t *map, size_t size)
{
    struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask };
    struct xc_bounce b;
    int rc = xc_bounce_in(xc, &b, map, size, BOUNCE_IN);

    if (rc)
        return rc;
    op.cpu_mask.nr_bits = size * 8;
    set_xen_guest_handle(op.cpu_mask.bitmap, b.buffer);
    rc = control(xc, &op);
    xc_bounce_out(xc, &b, rc);
    return rc;
}

int xc_perf_reset(struct xc *xc)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_perfc_op;
    op.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_reset;
    return xc_sysctl(xc, &op);
}

/* ---- The buffers ---- */

static void *map_row(struct xc *xc, int prot, uint64_t first, const uint32_t *mfns, unsigned int n)
{
    xen_pfn_t *frames = calloc(n, sizeof(*frames));

    if (!frames)
        return NULL;
    for (unsigned int i = 0; i < n; i++)
        frames[i] = mfns ? mfns[i] : first + i;
    void *p = xc_map_frames(xc, DOMID_XEN, prot, frames, n, NULL);
    int error = errno;

    free(frames);
    errno = error;
    return p;
}

static int map_info(struct xc *xc, struct xc_trace *t)
{
    struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_get_info };
    int rc = control(xc, &op);

    if (rc)
        return rc;
    if (!op.size)
        return -ENOENT;
    t->info_pages = op.size >> XC_PAGE_SHIFT;
    t->info = map_row(xc, PROT_READ, op.buffer_mfn, NULL, t->info_pages);
    if (!t->info)
        return -errno;
    t->pages = t->info->tbuf_size;
    if (!t->pages)
        return -ENOENT;
    t->size = t->pages * XC_PAGE_SIZE - sizeof(struct t_buf);
    return 0;
}

/* CPUs in order until one whose list of frames cannot be in the page. */
static int map_rings(struct xc *xc, struct xc_trace *t)
{
    size_t words = (size_t)t->info_pages * XC_PAGE_SIZE / sizeof(uint32_t);
    const uint32_t *list = (const uint32_t *)t->info;

    for (unsigned int cpu = 0; cpu < t->cpus; cpu++) {
        size_t at = t->info->mfn_offset[cpu];

        if (!at)
            continue;
        if (at + t->pages > words)
            return -EINVAL;
        t->ring[cpu] = map_row(xc, PROT_READ | PROT_WRITE, 0, list + at, t->pages);
        if (!t->ring[cpu])
            return -errno;
    }
    return 0;
}

int xc_trace_open(struct xc *xc, struct xc_trace **out)
{
    struct xen_sysctl_physinfo machine;
    struct xc_trace *t = calloc(1, sizeof(*t));
    int rc = t ? xc_physinfo(xc, &machine) : -ENOMEM;

    if (!rc) {
        t->cpus = machine.max_cpu_id + 1;
        t->ring = calloc(t->cpus, sizeof(*t->ring));
        rc = t->ring ? map_info(xc, t) : -ENOMEM;
    }
    if (!rc)
        rc = map_rings(xc, t);
    if (rc) {
        xc_trace_close(t);
        return rc;
    }
    *out = t;
    return 0;
}

void xc_trace_close(struct xc_trace *t)
{
    if (!t)
        return;
    for (unsigned int cpu = 0; t->ring && cpu < t->cpus; cpu++) {
        if (t->ring[cpu])
            xc_unmap_frames(t->ring[cpu], t->pages);
    }
    free(t->ring);
    if (t->info)
        xc_unmap_frames((void *)t->info, t->info_pages);
    free(t);
}

unsigned int xc_trace_cpus(const struct xc_trace *t)
{
    return t->cpus;
}

unsigned int xc_trace_pages(const struct xc_trace *t)
{
    return t->pages;
}

/* ---- Reading ---- */

bool xc_trace_view(struct xc_trace *t, unsigned int cpu, struct xc_trace_view *view)
{
    struct t_buf *ring = t->ring[cpu];

    if (!ring)
        return false;
    uint32_t cons = ring->cons, prod = __atomic_load_n(&ring->prod, __ATOMIC_ACQUIRE);
    uint32_t used = prod >= cons ? prod - cons : prod + 2 * t->size - cons;

    if (cons >= 2 * t->size || prod >= 2 * t->size || used > t->size) {
        xc_trace_discard(t, cpu);
        return false;
    }
    uint32_t from = cons % t->size, first = used < t->size - from ? used : t->size - from;
    const char *data = (const char *)(ring + 1);

    *view = (struct xc_trace_view){
        .part = { data + from, data }, .size = { first, used - first }, .next = prod,
    };
    return used > 0;
}

void xc_trace_done(struct xc_trace *t, unsigned int cpu, const struct xc_trace_view *view)
{
    __atomic_store_n(&t->ring[cpu]->cons, view->next, __ATOMIC_RELEASE);
}

void xc_trace_discard(struct xc_trace *t, unsigned int cpu)
{
    struct t_buf *ring = t->ring[cpu];

    if (ring)
        __atomic_store_n(&ring->cons, __atomic_load_n(&ring->prod, __ATOMIC_ACQUIRE),
                         __ATOMIC_RELEASE);
}
