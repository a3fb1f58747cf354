/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xend's own world: one structure that everything hangs on, reached by everyone, in one thread.
 *
 * Slow work is done by child processes (worker.c, device/script.c); all else runs in the loop and
 * must not wait.
 */
#ifndef XEND_H
#define XEND_H

#include <stdbool.h>
#include <stdint.h>

#include <base/list.h>
#include <config/config.h>

struct event_base;
struct event;
struct worker;
struct xc;
struct xs;

#define XEND_DIR "/var/lib/xend"
#define NO_DOMID UINT32_MAX

struct xend {
    struct event_base *base;
    struct xc *xc;
    struct xs *xs;
    struct event *xs_event;
    struct config_xend config;
    struct list domains;        /* struct domain: domain/domain.h */
    struct list watches;        /* struct watch: store.h */
    struct list clients;        /* api/unix.c */
    struct event *listener;
    struct event *signal[3];
    int listen_fd;
    unsigned int next_token;
    struct event *unpack_timer; /* domain/kernels.c */
    struct worker *unpacker;
    bool is_foreground;
    bool is_stopping;           /* told to, and waits for domains that go with us */
    struct event *stop_timer;
    unsigned int stop_waited_ms;
};

/* What went wrong, in one line for a person. rc: -E, which decides xm's exit status. */
struct failure {
    int rc;
    char text[600];
};

/* Fills f (unless NULL) and returns rc. */
int fail(struct failure *f, int rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* configure.c */
int configure_load(struct xend *x);
/* SIGHUP: the log is opened again, and the configuration read if it is good. */
void configure_again(struct xend *x);
/* Moves a log that has grown large out of the way, now and then. */
void configure_watch_log(struct xend *x);

/* loop.c */
int loop_init(struct xend *x);
void loop_run(struct xend *x);
void loop_stop(struct xend *x);
/* Once, after ms; *timer is freed and NULL when fn is called. */
void loop_after(struct xend *x, struct event **timer, unsigned int ms, void (*fn)(void *arg),
                void *arg);
void loop_cancel(struct event **timer);

/* node/network.c: network-script at our start and stop. */
void network_script(struct xend *x, const char *action);

#endif
