/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One device's way to being connected, and back; see the picture in device.h.
 *
 * That the kernel's backend let a device go is read from sysfs, not from the store: the node's
 * state says what a driver means to do, the missing device that it has done it. QEMU removes the
 * nodes of what it let go.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>

#include "device/device.h"
#include "device/qemu.h"

#define STATE_INITIALISING 1
#define STATE_INIT_WAIT 2
#define STATE_CONNECTED 4
#define STATE_CLOSING 5
#define STATE_CLOSED 6
#define POLL_MS 20
#define FORCED_MS 10000

void device_set_paths(struct device *v, uint32_t domid)
{
    v->domid = domid;
    free(v->backend);
    free(v->frontend);
    v->backend = xasprintf("/local/domain/0/backend/%s/%u/%u", v->kind, domid, v->devid);
    v->frontend = xasprintf("/local/domain/%u/device/%s/%u", domid, v->class->name, v->devid);
}

static void quiet(struct device *v)
{
    store_unwatch(v->d->x, &v->watch);
    loop_cancel(&v->timer);
    script_kill(&v->script);
}

static void tell(struct device *v, int rc, const struct failure *f)
{
    domain_done_fn *done = v->done;

    v->done = NULL;
    if (done)
        done(v->done_arg, rc, f);
}

static void connect_failed(struct device *v, int rc, const char *why)
{
    struct failure f;

    quiet(v);
    fail(&f, rc, "Device %u (%s) could not be connected. %s", v->devid, v->class->name, why);
    log_error("%s: %s", v->d->name, f.text);
    tell(v, rc, &f);
}

/* ---- scripts ---- */

static struct script *run_script(struct device *v, const char *action, script_done_fn *done,
                                 char **path)
{
    struct strings env = { 0 };

    *path = v->class->script(v, &env);
    strings_give(&env, xasprintf("XENBUS_PATH=%s", v->backend));
    strings_add(&env, "XENBUS_BASE_PATH=backend");
    strings_give(&env, xasprintf("XENBUS_TYPE=%s", v->class->name));
    strings_give(&env, xasprintf("ACTION=%s", action));
    strings_give(&env, xasprintf("script=%s", *path));
    struct script *s = script_start(v->d->x, *path, action, &env, done, v);

    strings_free(&env);
    return s;
}

static void is_connected(struct device *v)
{
    quiet(v);
    if (!store_has(v->d->x, "%s/hotplug-status", v->backend))
        store_set(v->d->x, "connected", "%s/hotplug-status", v->backend);
    v->phase = DEVICE_CONNECTED;
    log_debug("%s: %s %u is connected", v->d->name, v->class->name, v->devid);
    tell(v, 0, NULL);
}

static void script_on_done(void *arg, int status, const char *last)
{
    struct device *v = arg;

    v->script = NULL;
    if (status) {
        struct strings env = { 0 };
        char *path = v->class->script(v, &env);
        char *why = xasprintf("%s %s: exit status %d%s%s", path, v->class->script_on, status,
                              *last ? ": " : "", last);

        connect_failed(v, -EIO, why);
        strings_free(&env);
        free(path);
        free(why);
        return;
    }
    v->class->is_ready(v);
    is_connected(v);
}

/* ---- connecting ---- */

static void write_nodes(struct store_tx *t, void *arg)
{
    struct device *v = arg;

    xs_remove(t->x->xs, t->id, v->backend);
    xs_remove(t->x->xs, t->id, v->frontend);
    tx_dir(t, v->domid, 0, "%s", v->frontend);
    tx_write(t, v->frontend, "backend", v->backend);
    tx_write(t, v->frontend, "backend-id", "0");
    tx_dir(t, 0, v->domid, "%s", v->backend);
    tx_write(t, v->backend, "frontend", v->frontend);
    tx_printf(t, v->backend, "frontend-id", "%u", v->domid);
    tx_write(t, v->backend, "domain", v->d->name);
    tx_write(t, v->backend, "online", "1");
    v->class->write(v, t);
    tx_printf(t, v->frontend, "state", "%d", STATE_INITIALISING);
    tx_printf(t, v->backend, "state", "%d", STATE_INITIALISING);
}

static void connect_timed_out(void *arg)
{
    struct device *v = arg;
    char *error = store_get(v->d->x, "/local/domain/0/error/backend/%s/%u/%u/error",
                            v->kind, v->domid, v->devid);
    char *why;

    if (v->phase == DEVICE_SCRIPT_ON)
        why = xasprintf("Its hotplug script did not end in time.");
    else if (error)
        why = xasprintf("The backend says: %s", error);
    else if (v->is_by_qemu)
        why = xasprintf("QEMU did not answer.");
    else
        why = xasprintf("The backend did not answer: is %s loaded?", v->class->driver);
    connect_failed(v, -ETIMEDOUT, why);
    free(error);
    free(why);
}

static void backend_changed(void *arg)
{
    struct device *v = arg;
    long long state = store_get_number(v->d->x, 0, "%s/state", v->backend);
    char *path;

    if (v->phase != DEVICE_WAIT_BACKEND || state < STATE_INIT_WAIT)
        return;
    if (state > STATE_CONNECTED) {
        connect_failed(v, -EIO, "The backend closed it at once.");
        return;
    }
    v->phase = DEVICE_SCRIPT_ON;
    v->script = run_script(v, v->class->script_on, script_on_done, &path);
    if (!v->script)
        connect_failed(v, -EAGAIN, "Its hotplug script cannot be started.");
    free(path);
}

/* It tells of failures in its log alone. */
static void look_at_qemu(void *arg)
{
    struct device *v = arg;
    struct domain *d = v->d;
    char *complaint = qemu_complaint(d, v->kind, v->devid);

    if (complaint || !qemu_runs(d)) {
        char *why = xasprintf("QEMU %s: %s", qemu_runs(d) ? "says" : "ended",
                              complaint ? complaint : "it did not say why");

        connect_failed(v, -EIO, why);
        free(why);
    } else if (store_get_number(d->x, 0, "%s/state", v->backend) >= STATE_INIT_WAIT &&
               v->class->is_ready(v)) {
        is_connected(v);
    } else if (v->waited_ms >= d->x->config.device_create_timeout * 1000) {
        connect_timed_out(v);
    } else {
        v->waited_ms += POLL_MS;
        loop_after(d->x, &v->timer, POLL_MS, look_at_qemu, v);
    }
    free(complaint);
}

static void watch_backend(struct device *v)
{
    struct xend *x = v->d->x;
    char *path = xasprintf("%s/state", v->backend);

    v->watch = store_watch(x, path, backend_changed, v);
    free(path);
    loop_after(x, &v->timer, x->config.device_create_timeout * 1000, connect_timed_out, v);
}

static void be_permitted(struct device *v)
{
    struct failure f;
    int rc = v->class->permit(v, true, &f);

    if (rc)
        connect_failed(v, rc, f.text);
    else
        is_connected(v);
}

void device_connect(struct device *v, domain_done_fn *done, void *arg)
{
    struct xend *x = v->d->x;
    struct failure f;

    v->done = done;
    v->done_arg = arg;
    int rc = v->class->check(v, &f);

    if (!rc && v->is_by_qemu)
        rc = qemu_need(v->d, &f);
    if (rc) {
        tell(v, rc, &f);
        return;
    }
    device_set_paths(v, v->d->domid);
    v->phase = DEVICE_WAIT_BACKEND;
    v->waited_ms = 0;
    rc = store_transaction(x, write_nodes, v);
    if (rc) {
        connect_failed(v, rc, "The store refuses its nodes.");
        return;
    }
    if (v->class->permit)
        be_permitted(v);
    else if (v->is_by_qemu)
        look_at_qemu(v);
    else
        watch_backend(v);
}

/* ---- disconnecting ---- */

/* The folder of all of its class that the domain had, with the last of them. */
static void remove_empty(struct device *v, const char *where)
{
    char *folder = xasprintf("%s/%s/%u", where, v->kind, v->domid), **names;
    size_t count;

    if (!xs_list(v->d->x->xs, XS_NO_TX, folder, &names, &count)) {
        free(names);
        if (!count)
            store_drop(v->d->x, "%s", folder);
    }
    free(folder);
}

static void remove_nodes(struct device *v)
{
    store_drop(v->d->x, "%s", v->backend);
    store_drop(v->d->x, "%s", v->frontend);
    store_drop(v->d->x, "/local/domain/0/error/backend/%s/%u/%u", v->kind, v->domid, v->devid);
    remove_empty(v, "/local/domain/0/backend");
    remove_empty(v, "/local/domain/0/error/backend");
    log_debug("%s: %s %u is removed", v->d->name, v->class->name, v->devid);
}

static void gone(struct device *v)
{
    domain_done_fn *done = v->done;
    void *arg = v->done_arg;

    device_free(v);
    if (done)
        done(arg, 0, NULL);
}

static void script_off_done(void *arg, int status, const char *last)
{
    struct device *v = arg;

    v->script = NULL;
    if (status)
        log_warn("%s: %s %u: script %s: exit status %d: %s", v->d->name, v->class->name, v->devid,
                 v->class->script_off, status, last);
    remove_nodes(v);
    gone(v);
}

static void script_off_late(void *arg)
{
    struct device *v = arg;

    log_warn("%s: %s %u: script %s did not end in time", v->d->name, v->class->name, v->devid,
             v->class->script_off);
    quiet(v);
    remove_nodes(v);
    gone(v);
}

static void clean_up(struct device *v)
{
    char *path;

    quiet(v);
    /* A domain that ends has nothing any more. */
    if (v->class->permit && v->d->phase == DOMAIN_RUNNING)
        v->class->permit(v, false, NULL);
    if (v->is_by_qemu || v->class->permit) {
        remove_nodes(v);
        gone(v);
        return;
    }
    v->phase = DEVICE_SCRIPT_OFF;
    v->script = run_script(v, v->class->script_off, script_off_done, &path);
    free(path);
    if (v->script) {
        loop_after(v->d->x, &v->timer, v->d->x->config.device_destroy_timeout * 1000,
                   script_off_late, v);
        return;
    }
    remove_nodes(v);
    gone(v);
}

static bool qemu_has(const struct device *v)
{
    long long state = store_get_number(v->d->x, 0, "%s/state", v->backend);

    return qemu_runs(v->d) && state >= STATE_INIT_WAIT && state != STATE_CLOSED;
}

static bool backend_has(const struct device *v)
{
    char path[128];

    if (v->is_by_qemu)
        return qemu_has(v);
    snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/%s-%u-%u", v->kind, v->domid,
             v->devid);
    return !access(path, F_OK);
}

static void look_again(void *arg)
{
    struct device *v = arg;
    struct failure f;
    unsigned int patience = v->is_forced ? FORCED_MS
                            : v->d->x->config.device_destroy_timeout * 1000;

    if (!backend_has(v)) {
        clean_up(v);
        return;
    }
    v->waited_ms += POLL_MS;
    if (v->waited_ms < patience) {
        loop_after(v->d->x, &v->timer, POLL_MS, look_again, v);
        return;
    }
    if (v->is_forced) {
        log_warn("%s: %s %u: the backend does not let go", v->d->name, v->class->name, v->devid);
        clean_up(v);
        return;
    }
    v->phase = DEVICE_CONNECTED;
    fail(&f, -ETIMEDOUT, "Device %u (%s) could not be disconnected: the guest does not let go "
         "(--force takes it away).", v->devid, v->class->name);
    tell(v, f.rc, &f);
}

static void ask_close(struct store_tx *t, void *arg)
{
    struct device *v = arg;

    tx_write(t, v->backend, "online", "0");
    tx_printf(t, v->backend, "state", "%d", STATE_CLOSING);
}

static void take_away(struct store_tx *t, void *arg)
{
    struct device *v = arg;

    tx_write(t, v->backend, "online", "0");
    xs_remove(t->x->xs, t->id, v->frontend);
}

/* A guest whose driver never looked at it has nothing to say. */
bool device_is_in_use(const struct device *v)
{
    return store_get_number(v->d->x, 0, "%s/state", v->frontend) > STATE_INITIALISING;
}

void device_disconnect(struct device *v, bool force, domain_done_fn *done, void *arg)
{
    struct failure f;

    quiet(v);
    if (v->done) {
        fail(&f, -ECANCELED, "Device %u (%s) is being taken away.", v->devid, v->class->name);
        tell(v, f.rc, &f);
    }
    v->done = done;
    v->done_arg = arg;
    v->waited_ms = 0;
    if (v->phase == DEVICE_NEW) {
        gone(v);
        return;
    }
    v->is_forced = force || !device_is_in_use(v);
    v->phase = DEVICE_CLOSING;
    store_transaction(v->d->x, v->is_forced ? take_away : ask_close, v);
    look_again(v);
}
