/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cores of domains: what a crash leaves, or xm dump-core asks for.
 */
#ifndef XEND_DOMAIN_CORE_H
#define XEND_DOMAIN_CORE_H

#include "domain/domain.h"

struct xc;

/*
 * Writes domain d's core to path (NULL or "": the usual place), then calls done. Unless live, it
 * stands still meanwhile. One at a time for a domain: -EBUSY, and done is not called.
 */
int core_start(struct domain *d, const char *path, bool live, domain_done_fn *done, void *arg,
               struct failure *f);
/* done gets -ECANCELED; the file keeps the name of an incomplete one. */
void core_cancel(struct domain *d);

/* core_read.c, in a worker. */
int core_read(struct xc *xc, uint32_t domid, const char *path, struct failure *f);

#endif
