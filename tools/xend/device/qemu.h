/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One QEMU process for each domain that has tap: disks or a frame buffer.
 *
 * It is no part of us: it goes on when we end, and whoever is xend then finds it by the lock it
 * holds on its pid file from before its first instruction on.
 */
#ifndef XEND_QEMU_H
#define XEND_QEMU_H

#include "domain/domain.h"

struct qemu;

/* Where Debian's packages put one that knows the machine xenpv; NULL if there is none. */
const char *qemu_binary(void);
/* Starts it, with what d's frame buffer wants, unless it runs. */
int qemu_need(struct domain *d, struct failure *f);
bool qemu_runs(const struct domain *d);
/* Why it cannot serve this device (kind: "qdisk"), in its own words: free() it; NULL if it did
 * not complain since it was last asked to serve one. */
char *qemu_complaint(struct domain *d, const char *kind, uint32_t devid);
/* The port its VNC server listens on, 0 if none. */
unsigned int qemu_vnc_port(const struct domain *d);
/* Ends it; gone is called when it is over, at once if none runs. */
void qemu_stop(struct domain *d, void (*gone)(void *arg), void *arg);
/* Forgets the process without touching it. */
void qemu_forget(struct domain *d);
/* After a restart of ours: that of d is taken up again. */
void qemu_adopt(struct domain *d);
/* After a restart of ours, when all that live are known: the others end. */
void qemu_sweep(struct xend *x);

#endif
