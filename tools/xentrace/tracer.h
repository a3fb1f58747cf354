/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's buffers, being filled for us: what xentrace and xenmon begin with. */
#ifndef XENTRACE_TRACER_H
#define XENTRACE_TRACER_H

#include <xc/trace.h>

#include "xentrace.h"

struct tracer {
    struct xc *xc;
    struct xc_trace *trace;
    struct xc_evtchn *evtchn;       /* NULL: somebody else has VIRQ_TBUF, so we only look */
    unsigned int cpus;
    double khz;
};

struct tracer_options {
    unsigned long pages;            /* of each buffer, if there are none yet */
    uint32_t events;
    const char *cpu_mask;           /* NULL: as it is */
    bool discard;                   /* what the buffers hold from before */
    bool start;                     /* tracing */
};

/* 0, or 1 after a complaint. */
int tracer_open(struct tracer *t, const struct tracer_options *o);
/* Until a buffer fills up, or so long. */
void tracer_wait(struct tracer *t, unsigned int ms);
/* This machine's clock; 0: there is no hypervisor to ask. */
double machine_khz(void);
void tracer_close(struct tracer *t, bool stop);

/* SIGINT, SIGTERM and SIGHUP only set this. */
extern volatile bool interrupted;
void catch_signals(void);

#endif
