/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libxc's files share: the handle, hypercalls, and memory that the hypervisor can read and
 * write.
 */
#ifndef XC_PRIVATE_H
#define XC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xc/xc.h>

#include "linux.h"

#define XC_CACHED_PAGES 4

struct xc {
    int privcmd;
    int memory;                 /* /dev/xen/hypercall, or -1: locked anonymous memory */
    void *cached[XC_CACHED_PAGES];
    unsigned int cached_count;  /* single pages kept for the next call */
};

/* Returns the hypercall's result: >= 0, or -E. */
long xc_hypercall(struct xc *xc, unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                  uint64_t e);

/* Zeroed memory that stays resident; NULL and errno on failure. */
void *xc_buffer_get(struct xc *xc, size_t size);
void xc_buffer_put(struct xc *xc, void *buffer, size_t size);

/* A copy for one call: in before it, out after it. */
struct xc_bounce {
    void *user;
    void *buffer;
    size_t size;
    unsigned int direction;
};

#define BOUNCE_IN  1u
#define BOUNCE_OUT 2u

int xc_bounce_in(struct xc *xc, struct xc_bounce *b, const void *user, size_t size,
                 unsigned int direction);
/* Copies out only if rc says that the call went well. */
void xc_bounce_out(struct xc *xc, struct xc_bounce *b, long rc);

/* One structure in and out by a single-argument hypercall. */
long xc_call_struct(struct xc *xc, unsigned int op, unsigned int cmd, void *arg, size_t size);
int xc_domctl(struct xc *xc, struct xen_domctl *op);
int xc_sysctl(struct xc *xc, struct xen_sysctl *op);

static inline size_t xc_round_up(size_t size)
{
    return (size + XC_PAGE_SIZE - 1) & ~(size_t)(XC_PAGE_SIZE - 1);
}

#endif
