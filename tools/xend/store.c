/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection to the store. A watch's token is a number that is never used again, so that an
 * event which comes after its watch was removed finds nobody.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>

#include "store.h"

#define PATH_SIZE 512

struct watch {
    struct list link;
    unsigned int token;
    char *path;
    void (*fn)(void *arg);
    void *arg;
};

static void dispatch(struct xend *x, unsigned long token)
{
    for_each_list(l, &x->watches) {
        struct watch *w = list_entry(l, struct watch, link);

        if (w->token == token) {
            w->fn(w->arg);
            return;
        }
    }
}

static void lost(struct xend *x, int rc)
{
    log_error("xenstored: connection lost: %s", strerror(-rc));
    loop_stop(x);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct xend *x = arg;
    struct xs_event *event;
    int rc;

    (void)fd;
    (void)what;
    while (!(rc = xs_next_event(x->xs, &event))) {
        dispatch(x, strtoul(event->token, NULL, 10));
        free(event);
    }
    if (rc != -EAGAIN)
        lost(x, rc);
}

int store_open(struct xend *x)
{
    int rc = xs_open(0, &x->xs);

    if (rc)
        return rc;
    x->xs_event = event_new(x->base, xs_fd(x->xs), EV_READ | EV_PERSIST, on_readable, x);
    event_add(x->xs_event, NULL);
    return 0;
}

void store_close(struct xend *x)
{
    for_each_list_safe(l, &x->watches) {
        struct watch *w = list_entry(l, struct watch, link);

        list_remove(&w->link);
        free(w->path);
        free(w);
    }
    if (x->xs_event)
        event_free(x->xs_event);
    if (x->xs)
        xs_close(x->xs);
    x->xs_event = NULL;
    x->xs = NULL;
}

struct watch *store_watch(struct xend *x, const char *path, void (*fn)(void *arg), void *arg)
{
    struct watch *w = xcalloc(1, sizeof(*w));
    char token[16];

    w->token = ++x->next_token;
    w->path = xstrdup(path);
    w->fn = fn;
    w->arg = arg;
    list_add_tail(&x->watches, &w->link);
    snprintf(token, sizeof(token), "%u", w->token);
    int rc = xs_watch(x->xs, path, token);

    if (rc)
        log_error("%s: cannot watch: %s", path, strerror(-rc));
    return w;
}

void store_unwatch(struct xend *x, struct watch **watch)
{
    struct watch *w = *watch;
    char token[16];

    if (!w)
        return;
    *watch = NULL;
    snprintf(token, sizeof(token), "%u", w->token);
    xs_unwatch(x->xs, w->path, token);
    list_remove(&w->link);
    free(w->path);
    free(w);
}

static void make_path(char path[PATH_SIZE], const char *fmt, va_list args)
{
    vsnprintf(path, PATH_SIZE, fmt, args);
}

char *store_get(struct xend *x, const char *fmt, ...)
{
    char path[PATH_SIZE], *value;
    va_list args;

    va_start(args, fmt);
    make_path(path, fmt, args);
    va_end(args);
    return xs_read(x->xs, XS_NO_TX, path, &value, NULL) ? NULL : value;
}

long long store_get_number(struct xend *x, long long fallback, const char *fmt, ...)
{
    char path[PATH_SIZE], *value;
    unsigned long long number;
    va_list args;

    va_start(args, fmt);
    make_path(path, fmt, args);
    va_end(args);
    if (xs_read(x->xs, XS_NO_TX, path, &value, NULL))
        return fallback;
    bool is_number = parse_number(value, INT64_MAX, &number);

    free(value);
    return is_number ? (long long)number : fallback;
}

bool store_has(struct xend *x, const char *fmt, ...)
{
    char path[PATH_SIZE];
    va_list args;

    va_start(args, fmt);
    make_path(path, fmt, args);
    va_end(args);
    return xs_exists(x->xs, XS_NO_TX, path);
}

int store_set(struct xend *x, const char *value, const char *fmt, ...)
{
    char path[PATH_SIZE];
    va_list args;

    va_start(args, fmt);
    make_path(path, fmt, args);
    va_end(args);
    int rc = xs_write_string(x->xs, XS_NO_TX, path, value);

    if (rc)
        log_warn("%s: cannot write: %s", path, strerror(-rc));
    return rc;
}

void store_drop(struct xend *x, const char *fmt, ...)
{
    char path[PATH_SIZE];
    va_list args;

    va_start(args, fmt);
    make_path(path, fmt, args);
    va_end(args);
    int rc = xs_remove(x->xs, XS_NO_TX, path);

    if (rc && rc != -ENOENT)
        log_warn("%s: cannot remove: %s", path, strerror(-rc));
}

int store_transaction(struct xend *x, void (*body)(struct store_tx *t, void *arg), void *arg)
{
    int rc;

    do {
        struct store_tx t = { .x = x };

        rc = xs_transaction_start(x->xs, &t.id);
        if (rc)
            return rc;
        body(&t, arg);
        if (t.rc) {
            xs_transaction_abort(x->xs, t.id);
            return t.rc;
        }
        rc = xs_transaction_commit(x->xs, t.id);
    } while (rc == -EAGAIN);
    return rc;
}

void tx_write(struct store_tx *t, const char *base, const char *name, const char *value)
{
    char path[PATH_SIZE];

    if (t->rc || !value)
        return;
    snprintf(path, sizeof(path), "%s/%s", base, name);
    t->rc = xs_write_string(t->x->xs, t->id, path, value);
    if (t->rc && t->rc != -EAGAIN)
        log_error("%s: cannot write: %s", path, strerror(-t->rc));
}

void tx_printf(struct store_tx *t, const char *base, const char *name, const char *fmt, ...)
{
    va_list args;
    char *value;

    va_start(args, fmt);
    if (vasprintf(&value, fmt, args) < 0)
        value = NULL;
    va_end(args);
    if (!value)
        t->rc = -ENOMEM;
    tx_write(t, base, name, value);
    free(value);
}

void tx_dir(struct store_tx *t, uint32_t owner, uint32_t reader, const char *fmt, ...)
{
    struct xs_perm perms[2] = { { owner, XS_PERM_NONE }, { reader, XS_PERM_READ } };
    char path[PATH_SIZE];
    va_list args;

    if (t->rc)
        return;
    va_start(args, fmt);
    make_path(path, fmt, args);
    va_end(args);
    t->rc = xs_mkdir(t->x->xs, t->id, path);
    if (!t->rc)
        t->rc = xs_set_perms(t->x->xs, t->id, path, perms, reader == NO_DOMID ? 1 : 2);
    if (t->rc && t->rc != -EAGAIN)
        log_error("%s: cannot make: %s", path, strerror(-t->rc));
}
