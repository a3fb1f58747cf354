/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's trace buffers: control, and reading.
 *
 * Functions return 0 or a negative errno value unless they say otherwise, as in xc.h.
 */
#ifndef XC_TRACE_H
#define XC_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xc/xc.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Pages of each CPU's buffer; once only: -EBUSY or another refusal if it has been done. */
int xc_trace_set_size(struct xc *xc, unsigned int pages);
int xc_trace_enable(struct xc *xc, bool on);
int xc_trace_set_event_mask(struct xc *xc, uint32_t mask);
/* Bytes of bits, CPU 0 first. */
int xc_trace_set_cpu_mask(struct xc *xc, const uint8_t *map, size_t size);

/* The buffers of all CPUs, mapped. -ENOENT: there are none. */
struct xc_trace;
int xc_trace_open(struct xc *xc, struct xc_trace **trace);
void xc_trace_close(struct xc_trace *trace);
unsigned int xc_trace_cpus(const struct xc_trace *trace);
unsigned int xc_trace_pages(const struct xc_trace *trace);

/* What a CPU's buffer holds now, in two runs; either may be empty. Whole records. */
struct xc_trace_view {
    const void *part[2];
    size_t size[2];
    uint32_t next;          /* for xc_trace_done() */
};

/* True if there is anything. A buffer that makes no sense is emptied. */
bool xc_trace_view(struct xc_trace *trace, unsigned int cpu, struct xc_trace_view *view);
/* What was seen may be overwritten. */
void xc_trace_done(struct xc_trace *trace, unsigned int cpu, const struct xc_trace_view *view);
/* What is there is forgotten. */
void xc_trace_discard(struct xc_trace *trace, unsigned int cpu);

/* Performance counters, of hypervisors that count (-ENOSYS: not this one). */
int xc_perf_reset(struct xc *xc);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
