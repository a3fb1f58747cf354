/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop: waits for guests, readers and the store; ticks while somebody waits for a tick.
 */
#include <base/clock.h>
#include <base/log.h>
#include <xc/xc.h>

#include "console.h"
#include "server.h"

/* How often the store is tried, and a hypervisor without its VIRQ is asked. */
#define SLOW_TICK_MS 1000

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
    int64_t now = monotonic_ms(), latest = now + (is_quick(s) ? TICK_MS : SLOW_TICK_MS);

    if (s->next_tick > latest || s->next_tick <= now - SLOW_TICK_MS)
        s->next_tick = latest;
    return s->next_tick > now ? s->next_tick - now : 0;
}

static void tick(struct server *s)
{
    s->next_tick = monotonic_ms() + (is_quick(s) ? TICK_MS : SLOW_TICK_MS);
    if (!list_empty(&s->throttled))
        give_budgets(s);
    hypervisor_tick(s);
    store_tick(s);
}

void loop_step(struct server *s, int timeout_ms)
{
    int left = time_left(s);

    if (left >= 0 && (timeout_ms < 0 || left < timeout_ms))
        timeout_ms = left;
    /* One at a time: serving one may free another that is ready as well. */
    sources_serve(s->sources, 1, timeout_ms);
    if ((is_quick(s) || is_slow(s)) && monotonic_ms() >= s->next_tick)
        tick(s);
}

void loop_run(struct server *s)
{
    while (!s->stopping)
        loop_step(s, -1);
}
