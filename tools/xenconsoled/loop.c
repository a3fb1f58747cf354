/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop: waits for guests, readers and the store; ticks while somebody waits for a tick.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include <base/log.h>
#include <xc/xc.h>

#include "console.h"
#include "server.h"

/* How often the store is tried, and a hypervisor without its VIRQ is asked. */
#define SLOW_TICK_MS 1000

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

static void give_budgets(struct server *s)
{
    struct list now;

    /* Those that use theirs up at once wait again, behind this round. */
    list_add(&s->throttled, &now);
    list_remove(&s->throttled);
    while (!list_empty(&now)) {
        struct console *c = list_entry(now.next, struct console, throttled);

        list_remove(&c->throttled);
        console_tick(c);
    }
}

static bool is_quick(const struct server *s)
{
    return !list_empty(&s->throttled) || s->hypervisor_waits;
}

static bool is_slow(const struct server *s)
{
    return !s->xs || (s->hypervisor_log && s->hypervisor_port < 0);
}

static int time_left(struct server *s)
{
    if (!is_quick(s) && !is_slow(s))
        return -1;
    int64_t now = loop_now(), latest = now + (is_quick(s) ? TICK_MS : SLOW_TICK_MS);

    if (s->next_tick > latest || s->next_tick <= now - SLOW_TICK_MS)
        s->next_tick = latest;
    return s->next_tick > now ? s->next_tick - now : 0;
}

static void tick(struct server *s)
{
    s->next_tick = loop_now() + (is_quick(s) ? TICK_MS : SLOW_TICK_MS);
    if (!list_empty(&s->throttled))
        give_budgets(s);
    hypervisor_tick(s);
    store_tick(s);
}

void loop_step(struct server *s, int timeout_ms)
{
    struct epoll_event ev;
    int left = time_left(s);

    if (left >= 0 && (timeout_ms < 0 || left < timeout_ms))
        timeout_ms = left;
    /* One at a time: serving one may free another that is ready as well. */
    int n = epoll_wait(s->epoll_fd, &ev, 1, timeout_ms);

    if (n == 1) {
        struct source *src = ev.data.ptr;

        src->ready(src, ev.events);
    }
    if ((is_quick(s) || is_slow(s)) && loop_now() >= s->next_tick)
        tick(s);
}

void loop_run(struct server *s)
{
    while (!s->stopping)
        loop_step(s, -1);
}
