/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace files, record by record.  Nothing in a file is believed: each record must lie within its
 * CPU's window, and windows must follow each other without a gap.
 */
#include <string.h>

#include "xentrace.h"

#define RECORD_MAX (4 + 8 + 4 * TRACE_EXTRA_MAX)

size_t record_parse(const void *p, size_t left, struct record *r)
{
    const uint8_t *bytes = p;
    uint32_t head;

    if (left < 4)
        return 0;
    memcpy(&head, bytes, 4);
    size_t at = 4, words = TRC_HD_EXTRA(head);
    bool stamped = TRC_HD_INCLUDES_CYCLE_COUNT(head);

    if (left < 4 + (stamped ? 8 : 0) + 4 * words)
        return 0;
    *r = (struct record){ .event = TRC_HD_TO_EVENT(head), .stamped = stamped, .words = words };
    if (stamped) {
        memcpy(&r->stamp, bytes + at, 8);
        at += 8;
    }
    memcpy(r->data, bytes + at, 4 * words);
    return at + 4 * words;
}

void reader_init(struct reader *r, FILE *in)
{
    memset(r, 0, sizeof(*r));
    r->in = in;
}

static int broken(struct reader *r, const char *why)
{
    snprintf(r->error, sizeof(r->error), "%s at byte %llu", why, (unsigned long long)r->offset);
    return -1;
}

/* At least a record's size, unless the file ends before. */
static void refill(struct reader *r)
{
    if (r->have - r->at >= RECORD_MAX || feof(r->in))
        return;
    memmove(r->buf, r->buf + r->at, r->have - r->at);
    r->have -= r->at;
    r->at = 0;
    r->have += fread(r->buf + r->have, 1, sizeof(r->buf) - r->have, r->in);
}

/* A window begins. */
static int enter_window(struct reader *r, const struct record *w)
{
    if (w->words != 2)
        return broken(r, "a CPU's window without its size");
    if (w->data[0] >= CPUS_MAX)
        return broken(r, "a CPU's number that is none");
    r->cpu = w->data[0];
    r->window = w->data[1];
    return 0;
}

int reader_next(struct reader *r, struct record *record)
{
    for (;;) {
        refill(r);
        if (r->at == r->have)
            return ferror(r->in) ? broken(r, "cannot be read on")
                   : r->window   ? broken(r, "it ends within a CPU's window") : 0;
        size_t size = record_parse(r->buf + r->at, r->have - r->at, record);

        if (!size)
            return broken(r, "it ends within a record");
        if (!r->window) {
            if (record->event != TRC_TRACE_CPU_CHANGE)
                return broken(r, "no CPU's window begins");
            if (enter_window(r, record))
                return -1;
        } else {
            if (size > r->window)
                return broken(r, "a record that does not end in its CPU's window");
            r->window -= size;
        }
        r->at += size;
        r->offset += size;
        if (record->event == TRC_TRACE_CPU_CHANGE || record->event == TRC_TRACE_WRAP_BUFFER)
            continue;
        record->cpu = r->cpu;
        if (record->stamped)
            r->stamp[r->cpu] = record->stamp;
        else
            record->stamp = r->stamp[r->cpu];
        return 1;
    }
}
