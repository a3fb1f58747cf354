/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who was in which state, when and where: what the scheduler's records say, put together.
 *
 * A change of runstate names the state that ends and the one that begins, so a vcpu's story is
 * known back to the first stamp as soon as it changes once.
 */
#include <stdlib.h>
#include <string.h>

#include "xentrace.h"

/* The first vcpu whose id is not below. */
static size_t place_of(const struct history *h, uint32_t id)
{
    size_t low = 0, high = h->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (h->vcpu[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* A vcpu; a new one was in that state since the beginning. NULL: too many. */
static struct vcpu_history *vcpu_of(struct history *h, uint32_t id, enum vcpu_state state,
                                    unsigned int cpu)
{
    size_t at = place_of(h, id);

    if (at < h->count && h->vcpu[at].id == id)
        return &h->vcpu[at];
    if (h->count == VCPUS_MAX)
        return NULL;
    if (h->count == h->room) {
        size_t room = h->room ? 2 * h->room : 64;
        struct vcpu_history *more = reallocarray(h->vcpu, room, sizeof(*more));

        if (!more)
            return NULL;
        h->vcpu = more;
        h->room = room;
    }
    memmove(&h->vcpu[at + 1], &h->vcpu[at], (h->count - at) * sizeof(*h->vcpu));
    h->count++;
    h->vcpu[at] = (struct vcpu_history){ id, state, h->first, cpu };
    return &h->vcpu[at];
}

static void enter(struct history *h, struct vcpu_history *v, enum vcpu_state state, uint64_t now,
                  unsigned int cpu)
{
    if (now < v->since)
        now = v->since;                 /* CPUs' clocks need not agree to the last tick */
    if (now > v->since)
        h->span(h->arg, v, now);
    v->state = state;
    v->since = now;
    if (state == VCPU_RUNNING)
        v->cpu = cpu;
}

bool history_feed(struct history *h, const struct record *r)
{
    if (!r->stamped)
        return true;
    if (!h->started)
        h->first = h->last = r->stamp;
    h->started = true;
    if (r->stamp > h->last)
        h->last = r->stamp;

    uint32_t from = (r->event - TRC_SCHED_RUNSTATE_CHANGE) >> 8 & 0xf;
    uint32_t to = (r->event - TRC_SCHED_RUNSTATE_CHANGE) >> 4 & 0xf;
    bool change = r->event == TRC_SCHED_RUNSTATE_CHANGE + (from << 8) + (to << 4) &&
                  from < VCPU_STATES && to < VCPU_STATES;

    if (r->words < 1 || (!change && r->event != TRC_SCHED_CONTINUE_RUNNING))
        return true;
    struct vcpu_history *v = vcpu_of(h, r->data[0], change ? from : VCPU_RUNNING, r->cpu);

    if (!v)
        return false;
    if (change) {
        v->state = from;                /* records between may have been lost */
        enter(h, v, to, r->stamp, r->cpu);
    }
    return true;
}

void history_close(struct history *h, uint64_t until)
{
    for (size_t i = 0; i < h->count; i++)
        enter(h, &h->vcpu[i], h->vcpu[i].state, until, h->vcpu[i].cpu);
}

void history_free(struct history *h)
{
    free(h->vcpu);
    h->vcpu = NULL;
    h->count = h->room = 0;
}

/* ---- Records of several CPUs in one order ---- */

static int compare(const void *a, const void *b)
{
    const struct record *x = a, *y = b;

    return x->stamp < y->stamp ? -1 : x->stamp > y->stamp;
}

/* qsort() of the C library merges, if memory allows; CPUs' records must not change places. */
void records_sort(struct record *r, size_t count)
{
    struct record *spare = calloc(count ? count : 1, sizeof(*r));

    if (!spare) {
        qsort(r, count, sizeof(*r), compare);
        return;
    }
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t from = 0; from < count; from += 2 * run) {
            size_t mid = from + run < count ? from + run : count;
            size_t end = mid + run < count ? mid + run : count;
            size_t a = from, b = mid;

            for (size_t i = from; i < end; i++)
                spare[i] = b == end || (a < mid && r[a].stamp <= r[b].stamp) ? r[a++] : r[b++];
        }
        memcpy(r, spare, count * sizeof(*r));
    }
    free(spare);
}

static bool is_of_interest(const struct record *r)
{
    return r->stamped && ((r->event & 0x0fff0000) == (TRC_SCHED & 0x0fff0000) ||
                          r->event == TRC_LOST_RECORDS);
}

struct record *load_schedule(FILE *in, const char *name, size_t *count)
{
    struct reader *reader = malloc(sizeof(*reader));
    struct record *list = NULL, r;
    size_t room = 0;
    int rc = reader ? 1 : -1;

    *count = 0;
    if (reader)
        reader_init(reader, in);
    while (rc > 0 && (rc = reader_next(reader, &r)) > 0) {
        if (!is_of_interest(&r))
            continue;
        if (*count == room) {
            room = room ? 2 * room : 4096;
            struct record *more = reallocarray(list, room, sizeof(*more));

            if (!more) {
                complain("out of memory");
                break;
            }
            list = more;
        }
        list[(*count)++] = r;
    }
    if (rc < 0)
        complain("%s is no trace, or a part of one: %s", name,
                 reader ? reader->error : "out of memory");
    free(reader);
    if (!rc && !*count) {
        complain("%s tells nothing about scheduling: capture with -e sched", name);
        rc = -1;
    }
    if (rc) {
        free(list);
        return NULL;
    }
    records_sort(list, *count);
    return list;
}
