/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a capture goes: a file as it comes, or memory that keeps the newest and is written at the
 * end. */
#ifndef XENTRACE_SINK_H
#define XENTRACE_SINK_H

#include <xc/trace.h>

#include "xentrace.h"

struct window;

struct sink {
    FILE *out;
    size_t limit;               /* of memory; 0: straight to the file */
    uint64_t reserve;           /* bytes that must stay free on the disk */
    struct window *oldest, *newest;
    size_t kept;
};

/* A CPU's records: 0, or 1 after a complaint. */
int sink_put(struct sink *s, unsigned int cpu, const struct xc_trace_view *view);
/* What is kept is written; everything is on its way to the disk. */
int sink_finish(struct sink *s);

#endif
