/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop: wait, serve whoever has input in turns, send what is queued, see off who is gone.
 */
#include <base/clock.h>

#include "conn.h"
#include "server.h"

/* Lets those who waited for a protected transaction go on, once it is over or had its time. */
static int release_waiting(struct server *s)
{
    if (list_empty(&s->waiting))
        return -1;
    int64_t left = s->protector ? s->protect_until - monotonic_ms() : 0;

    if (left > 0)
        return left;
    s->protector = NULL;
    for_each_list_safe(l, &s->waiting) {
        list_remove(l);
        list_add_tail(&s->ready, l);
    }
    return 0;
}

static void serve(struct server *s)
{
    struct list now;

    if (list_empty(&s->ready))
        return;
    /* Those who want another turn queue up behind this round. */
    list_add(&s->ready, &now);
    list_remove(&s->ready);
    while (!list_empty(&now)) {
        struct conn *c = list_entry(now.next, struct conn, ready);

        list_remove(&c->ready);
        if (conn_run(c))
            list_add_tail(&s->ready, &c->ready);
    }
}

static void send_queued(struct server *s)
{
    while (!list_empty(&s->dirty)) {
        struct conn *c = list_entry(s->dirty.next, struct conn, dirty);

        list_remove(&c->dirty);
        if (!c->is_doomed)
            conn_flush(c);
        if (c->is_doomed) {
            conn_release(c);
            c->transport->close(c);
        }
    }
}

void loop_step(struct server *s, int timeout_ms)
{
    int wait = release_waiting(s);

    if (!list_empty(&s->ready))
        timeout_ms = 0;
    else if (wait >= 0 && (timeout_ms < 0 || wait < timeout_ms))
        timeout_ms = wait;
    sources_serve(s->sources, 64, timeout_ms);
    serve(s);
    send_queued(s);
}

void loop_run(struct server *s)
{
    while (!s->stopping)
        loop_step(s, -1);
}
