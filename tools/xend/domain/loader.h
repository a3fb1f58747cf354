/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The boot loader: a program that finds the kernel on a domain's first bootable disk, as pygrub.
 */
#ifndef XEND_LOADER_H
#define XEND_LOADER_H

#include "domain/domain.h"

struct loader;

/* That there is such a program, and a disk that it can read. */
int loader_check(struct domain *d, const struct config_domain *c, struct failure *f);

/*
 * Runs it on a terminal that console/tty names; done is called later, when kernel, ramdisk and
 * command line of c are what it found. is_watched: somebody looks on, so that it may ask, and take
 * its time. NULL: it cannot be started, f says why.
 */
struct loader *loader_start(struct domain *d, struct config_domain *c, bool is_watched,
                            domain_done_fn *done, void *arg, struct failure *f);
/* Ends it if it still runs, and the user's terminal with it. */
void loader_end(struct loader **l);
/* Removes the copies that it made; also those of a life before. */
void loader_clean(const struct domain *d);

#endif
