/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop, its signals and its timers.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include <base/alloc.h>
#include <base/log.h>

#include "domain/domain.h"

struct delayed {
    struct event **timer;
    void (*fn)(void *arg);
    void *arg;
};

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    (void)what;
    if (number == SIGHUP) {
        configure_again(arg);
        return;
    }
    log_info("told to stop");
    domains_leave(arg);
}

int loop_init(struct xend *x)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

    list_init(&x->domains);
    list_init(&x->watches);
    list_init(&x->clients);
    x->base = event_base_new();
    if (!x->base)
        return -ENOMEM;
    signal(SIGPIPE, SIG_IGN);
    /* Whoever started us may ignore it, and then no child's end would be known. */
    signal(SIGCHLD, SIG_DFL);
    for (unsigned int i = 0; i < 3; i++) {
        x->signal[i] = evsignal_new(x->base, signals[i], on_signal, x);
        event_add(x->signal[i], NULL);
    }
    return 0;
}

void loop_run(struct xend *x)
{
    event_base_dispatch(x->base);
}

void loop_stop(struct xend *x)
{
    event_base_loopbreak(x->base);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct delayed call = *(struct delayed *)arg;

    (void)fd;
    (void)what;
    loop_cancel(call.timer);
    call.fn(call.arg);
}

void loop_after(struct xend *x, struct event **timer, unsigned int ms, void (*fn)(void *arg),
                void *arg)
{
    struct timeval delay = { ms / 1000, ms % 1000 * 1000 };
    struct delayed *call = xmalloc(sizeof(*call));

    loop_cancel(timer);
    *call = (struct delayed){ timer, fn, arg };
    *timer = evtimer_new(x->base, on_time, call);
    evtimer_add(*timer, &delay);
}

void loop_cancel(struct event **timer)
{
    if (!*timer)
        return;
    free(event_get_callback_arg(*timer));
    event_free(*timer);
    *timer = NULL;
}
