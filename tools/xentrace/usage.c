/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long domains ran, waited for a CPU and slept, within an interval: sums over their vcpus.
 */
#include <stdlib.h>
#include <string.h>

#include "xentrace.h"

struct usage_domain *usage_of(struct usage *u, uint16_t domid)
{
    size_t at = 0;

    while (at < u->count && u->domain[at].id < domid)
        at++;
    if (at < u->count && u->domain[at].id == domid)
        return &u->domain[at];
    if (u->count == u->room) {
        size_t room = u->room ? 2 * u->room : 16;
        struct usage_domain *more = reallocarray(u->domain, room, sizeof(*more));

        if (!more)
            return NULL;
        u->domain = more;
        u->room = room;
    }
    memmove(&u->domain[at + 1], &u->domain[at], (u->count - at) * sizeof(*u->domain));
    u->count++;
    u->domain[at] = (struct usage_domain){ .id = domid };
    return &u->domain[at];
}

static struct usage_domain *add_ticks(struct usage *u, const struct vcpu_history *v,
                                      uint64_t until)
{
    uint64_t from = v->since > u->from ? v->since : u->from;
    struct usage_domain *d = usage_of(u, v->id >> 16);

    if (d && until > from)
        d->ticks[v->state] += until - from;
    return d;
}

void usage_ongoing(struct usage *u, const struct history *h)
{
    for (size_t i = 0; i < h->count; i++)
        add_ticks(u, &h->vcpu[i], u->to);
}

void usage_span(void *arg, const struct vcpu_history *v, uint64_t until)
{
    struct usage *u = arg;
    struct usage_domain *d = add_ticks(u, v, until);

    if (!d || v->state != VCPU_RUNNABLE || v->id >> 16 == DOMID_OF_IDLE)
        return;
    /* A wait that began earlier counts as a whole, in the interval in which it ends. */
    d->waits++;
    d->wait_total += until - v->since;
    if (until - v->since > d->wait_max)
        d->wait_max = until - v->since;
}

static void print_line(const struct usage_domain *d, double khz, double interval, double at,
                       FILE *out)
{
    double whole = khz * 1000 * interval;       /* ticks */

    fprintf(out, "%9.3f  ", at);
    if (d->id == DOMID_OF_IDLE)
        fprintf(out, "%-6s", "idle");
    else
        fprintf(out, "%-6u", d->id);
    for (int state = VCPU_RUNNING; state <= VCPU_BLOCKED; state++) {
        if (d->id == DOMID_OF_IDLE && state != VCPU_RUNNING)
            fprintf(out, " %9s %6s", "-", "-");
        else
            fprintf(out, " %9.3f %6.2f", d->ticks[state] / khz, 100 * d->ticks[state] / whole);
    }
    fprintf(out, " %8llu %10.1f %10.1f\n", (unsigned long long)d->waits,
            d->waits ? d->wait_total * 1000 / khz / d->waits : 0, d->wait_max * 1000 / khz);
}

void usage_print(const struct usage *u, double khz, double at, FILE *out)
{
    double interval = (u->to - u->from) / (khz * 1000);

    if (u->to <= u->from)
        return;
    for (size_t i = 0; i < u->count; i++)
        print_line(&u->domain[i], khz, interval, at, out);
}

void usage_clear(struct usage *u)
{
    u->count = 0;
}
