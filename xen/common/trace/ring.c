/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring of trace records that one CPU writes and dom0 reads.
 *
 * A record is never split at the end of the data: what is left there is filled with padding.  When
 * there is no room, records are counted, and the next that has room is preceded by the number.
 * Written by its own CPU with interrupts off: no lock.
 */
#include <lib/string.h>
#include <xen/assert.h>
#include <xen/atomic.h>

#include "private.h"

void ring_init(struct trace_ring *r, void *pages, uint32_t bytes)
{
    *r = (struct trace_ring){ .buf = pages, .data = (uint8_t *)pages + sizeof(struct t_buf),
                              .size = bytes - (uint32_t)sizeof(struct t_buf) };
    *r->buf = (struct t_buf){ 0 };
}

/* Bytes in use.  A reader that says what cannot be gets nothing more until it mends its ways. */
static uint32_t used(const struct trace_ring *r)
{
    uint32_t cons = read_once(r->buf->cons);

    if (cons >= 2 * r->size || cons % 4)
        return r->size;
    uint32_t n = r->prod >= cons ? r->prod - cons : r->prod + 2 * r->size - cons;
    return n <= r->size ? n : r->size;
}

static uint32_t to_end(const struct trace_ring *r)
{
    return r->size - (r->prod >= r->size ? r->prod - r->size : r->prod);
}

static bool has_room(const struct trace_ring *r, uint32_t bytes)
{
    uint32_t end = to_end(r);

    return r->size - used(r) >= bytes + (end < bytes ? end : 0);
}

/* The words are there before the reader sees that prod has moved: x86 keeps the order of writes. */
static void advance(struct trace_ring *r, uint32_t bytes)
{
    r->prod += bytes;
    if (r->prod >= 2 * r->size)
        r->prod -= 2 * r->size;
    smp_wmb();
    write_once(r->buf->prod, r->prod);
}

static void *place(const struct trace_ring *r)
{
    return r->data + (r->size - to_end(r));
}

static uint32_t head(uint32_t event, unsigned int words, bool stamped)
{
    return (event & 0x0fffffff) | words << TRACE_EXTRA_SHIFT |
           (stamped ? (uint32_t)TRC_HD_CYCLE_FLAG : 0);
}

static void pad_to_end(struct trace_ring *r)
{
    static const uint32_t nothing[TRACE_EXTRA_MAX];

    for (uint32_t left = to_end(r); left;) {
        uint32_t words = left / 4 - 1 < TRACE_EXTRA_MAX ? left / 4 - 1 : TRACE_EXTRA_MAX;
        uint32_t word = head(TRC_TRACE_WRAP_BUFFER, words, false);
        uint8_t *p = place(r);
        memcpy(p, &word, 4);
        memcpy(p + 4, nothing, words * 4);
        advance(r, 4 + words * 4);
        left -= 4 + words * 4;
    }
}

static bool write(struct trace_ring *r, uint32_t event, uint64_t ticks, unsigned int words,
                  const uint32_t *data)
{
    uint32_t bytes = 4 + 8 + words * 4;

    if (!has_room(r, bytes))
        return false;
    if (to_end(r) < bytes)
        pad_to_end(r);
    uint32_t word = head(event, words, true);
    uint8_t *p = place(r);
    memcpy(p, &word, 4);
    memcpy(p + 4, &ticks, 8);
    memcpy(p + 12, data, words * 4);
    advance(r, bytes);
    return true;
}

static bool tell_lost(struct trace_ring *r, uint64_t ticks)
{
    const uint32_t data[] = { r->lost, r->lost_vcpu, (uint32_t)r->lost_since,
                              (uint32_t)(r->lost_since >> 32) };

    if (!write(r, TRC_LOST_RECORDS, ticks, 4, data))
        return false;
    r->lost = 0;
    return true;
}

static void lose(struct trace_ring *r, const struct trace_record *rec)
{
    if (r->lost == 0) {
        r->lost_since = rec->ticks;
        r->lost_vcpu = rec->vcpu;
    }
    if (r->lost != UINT32_MAX)
        r->lost++;
}

bool ring_put(struct trace_ring *r, const struct trace_record *rec)
{
    assert(rec->words <= TRACE_EXTRA_MAX);
    uint32_t before = used(r), half = r->size / 2;

    if ((r->lost && !tell_lost(r, rec->ticks)) ||
        !write(r, rec->event, rec->ticks, rec->words, rec->data)) {
        lose(r, rec);
        return false;
    }
    return before < half && used(r) >= half;
}
