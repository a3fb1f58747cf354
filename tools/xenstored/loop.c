/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop: wait, serve whoever has input in turns, send what is queued, see off who is gone.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "conn.h"
#include "server.h"

int64_t loop_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

int loop_init(struct server *s)
{
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return s->epoll_fd < 0 ? -errno : 0;
}

static int control(struct server *s, int op, struct source *src, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = src };

    return epoll_ctl(s->epoll_fd, op, src->fd, &ev) ? -errno : 0;
}

int loop_add(struct server *s, struct source *src, uint32_t events)
{
    return control(s, EPOLL_CTL_ADD, src, events);
}

int loop_change(struct server *s, struct source *src, uint32_t events)
{
    return control(s, EPOLL_CTL_MOD, src, events);
}

void loop_remove(struct server *s, struct source *src)
{
    control(s, EPOLL_CTL_DEL, src, 0);
}

/* Lets those who waited for a protected transaction go on, once it is over or had its time. */
static int release_waiting(struct server *s)
{
    if (list_empty(&s->waiting))
        return -1;
    int64_t left = s->protector ? s->protect_until - loop_now() : 0;

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
    struct epoll_event ev[64];
    int wait = release_waiting(s);

    if (!list_empty(&s->ready))
        timeout_ms = 0;
    else if (wait >= 0 && (timeout_ms < 0 || wait < timeout_ms))
        timeout_ms = wait;
    int n = epoll_wait(s->epoll_fd, ev, 64, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct source *src = ev[i].data.ptr;

        src->ready(src, ev[i].events);
    }
    serve(s);
    send_queued(s);
}

void loop_run(struct server *s)
{
    while (!s->stopping)
        loop_step(s, -1);
}
