/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child process that does one slow thing with the hypervisor and hands back a small result.
 *
 * It dies with us, so that after a kill nobody goes on building behind the next xend's back.
 */
#ifndef XEND_WORKER_H
#define XEND_WORKER_H

#include "xend.h"

#define WORKER_RESULT_MAX 4096

struct worker;

/* In the child: its own xc handle; fills result, WORKER_RESULT_MAX bytes. */
typedef int worker_fn(struct xc *xc, const void *arg, void *result, struct failure *f);
/* In the loop: rc and f as the child left them; the worker is freed after this call. */
typedef void worker_done_fn(void *arg, int rc, const void *result, struct failure *f);

/* NULL if no process can be had. */
struct worker *worker_start(struct xend *x, worker_fn *fn, const void *fn_arg,
                            worker_done_fn *done, void *done_arg);
/* Kills it and waits for its end; done is not called. */
void worker_kill(struct worker **w);

#endif
