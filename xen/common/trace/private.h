/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's ring of trace records (ring.c), as buffer.c fills it. */
#ifndef TRACE_PRIVATE_H
#define TRACE_PRIVATE_H

#include <public/trace.h>
#include <xen/types.h>

/*
 * The page's head is shared with dom0, which may write anything there at any time: `cons` is read
 * once for each record and believed only within bounds, `prod` is never read back.
 */
struct trace_ring {
    struct t_buf *buf;
    uint8_t *data;
    uint32_t size;                      /* bytes of data: a multiple of 8 */
    uint32_t prod;                      /* 0 .. 2 * size */
    /* Records for which there was no room, since when, and who ran then. */
    uint32_t lost;
    uint32_t lost_vcpu;
    uint64_t lost_since;
} aligned(64);

struct trace_record {
    uint32_t event;
    uint32_t vcpu;                      /* who runs: domain in the low half, vcpu in the high one */
    uint64_t ticks;
    unsigned int words;
    const uint32_t *data;
};

void ring_init(struct trace_ring *r, void *pages, uint32_t bytes);
/* True: from now on the ring is half full, and its reader wants to know. */
bool ring_put(struct trace_ring *r, const struct trace_record *rec);
/* Record from `event` on, up to words; where tests and buffers meet. */
void trace_write(uint32_t event, unsigned int words, const uint32_t *data);

#endif
