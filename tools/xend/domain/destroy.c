/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking a domain down, from whatever phase: each step does nothing if there is nothing to undo.
 *
 *     1. a start under way is stopped      2. the hypervisor's domain is destroyed (a worker)
 *     3. devices are unplugged             4. nodes, record and (if not managed) the domain go
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>

#include "device/device.h"
#include "domain/core.h"
#include "domain/domain.h"
#include "domain/loader.h"
#include "store.h"
#include "worker.h"

struct waiter {
    struct list link;
    domain_done_fn *done;
    void *arg;
};

struct stop {
    struct domain *d;
    struct worker *worker;
    struct event *timer;
    struct list waiters;
};

static int destroy(struct xc *xc, const void *arg, void *result, struct failure *f)
{
    const struct stop *s = arg;
    int rc = xc_domain_destroy(xc, s->d->domid);

    (void)result;
    if (rc && rc != -ESRCH)
        return fail(f, rc, "the hypervisor cannot destroy it: %s", strerror(-rc));
    return 0;
}

static void finish(void *arg)
{
    struct stop *s = arg;
    struct domain *d = s->d;
    struct list waiters = LIST_INIT(waiters);

    nodes_remove(d);
    loader_clean(d);
    if (domain_is_alive(d))
        log_info("%s: domain %u is gone", d->name, d->domid);
    d->domid = NO_DOMID;
    d->stop = NULL;
    d->phase = DOMAIN_HALTED;
    for_each_list_safe(l, &s->waiters) {
        list_remove(l);
        list_add_tail(&waiters, l);
    }
    free(s);
    if (d->is_managed || d->restarts) {
        state_save(d, NULL);
    } else {
        state_remove(d);
        domain_free(d);
    }
    for_each_list_safe(l, &waiters) {
        struct waiter *w = list_entry(l, struct waiter, link);

        list_remove(l);
        w->done(w->arg, 0, NULL);
        free(w);
    }
}

static void devices_gone(void *arg, int rc, const struct failure *f)
{
    struct stop *s = arg;

    (void)rc;
    (void)f;
    /* Later, so that whoever called domain_stop() still finds its domain. */
    loop_after(s->d->x, &s->timer, 0, finish, s);
}

static void destroyed(void *arg, int rc, const void *result, struct failure *f)
{
    struct stop *s = arg;

    (void)result;
    s->worker = NULL;
    if (rc)
        log_error("%s: %s", s->d->name, f->text);
    devices_disconnect(s->d, devices_gone, s);
}

static void add_waiter(struct stop *s, domain_done_fn *done, void *arg)
{
    struct waiter *w;

    if (!done)
        return;
    w = xcalloc(1, sizeof(*w));
    w->done = done;
    w->arg = arg;
    list_add_tail(&s->waiters, &w->link);
}

void domain_stop(struct domain *d, domain_done_fn *done, void *arg)
{
    struct stop *s = d->stop;

    if (s) {
        add_waiter(s, done, arg);
        return;
    }
    if (d->start) {
        domain_cancel_start(d);
        if (d->stop)
            add_waiter(d->stop, done, arg);
        return;
    }
    core_cancel(d);
    loop_cancel(&d->shutdown_timer);
    s = d->stop = xcalloc(1, sizeof(*s));
    s->d = d;
    list_init(&s->waiters);
    add_waiter(s, done, arg);
    d->phase = DOMAIN_STOPPING;
    if (!domain_is_alive(d) || !d->is_seen) {
        devices_disconnect(d, devices_gone, s);
        return;
    }
    if (d->config)
        state_save(d, NULL);
    s->worker = worker_start(d->x, destroy, s, destroyed, s);
    if (!s->worker) {
        struct failure f;
        int rc = destroy(d->x->xc, s, NULL, &f);

        destroyed(s, rc, NULL, &f);
    }
}

bool domain_forget_waiter(struct domain *d, void *arg)
{
    if (!d->stop)
        return false;
    for_each_list_safe(l, &d->stop->waiters) {
        struct waiter *w = list_entry(l, struct waiter, link);

        if (w->arg != arg)
            continue;
        list_remove(l);
        free(w);
        return true;
    }
    return false;
}
