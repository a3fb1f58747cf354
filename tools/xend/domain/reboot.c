/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What follows when a domain goes down by itself: on_poweroff, on_reboot, on_crash.
 *
 * A restart is a stop that leaves the domain with restarts set, and then a start; the record says
 * so in between.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xen/sched.h>

#include "device/device.h"
#include "domain/core.h"
#include "domain/domain.h"
#include "store.h"

#define RESTART_GUARD_S 60
#define LEAVE_POLL_MS 200
#define LEAVE_MS 60000

enum action { ACT_DESTROY, ACT_RESTART, ACT_PRESERVE, ACT_RENAME_RESTART };

static const struct {
    const char *name;
    enum action action;
    bool wants_core;
} actions[] = {
    { "destroy", ACT_DESTROY, false },
    { "restart", ACT_RESTART, false },
    { "preserve", ACT_PRESERVE, false },
    { "rename-restart", ACT_RENAME_RESTART, false },
    { "coredump-destroy", ACT_DESTROY, true },
    { "coredump-restart", ACT_RESTART, true },
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static const char *policy_of(const struct domain *d, unsigned int reason)
{
    const char *key = reason == SHUTDOWN_poweroff ? "on_poweroff"
                      : reason == SHUTDOWN_reboot ? "on_reboot" : "on_crash";
    const char *value = sxp_value(d->config, key);

    if (value)
        return value;
    return reason == SHUTDOWN_poweroff ? "destroy" : "restart";
}

static const char *reason_name(unsigned int reason)
{
    static const char *const names[] = { "poweroff", "reboot", "suspend", "crash", "watchdog" };

    return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

static bool is_too_fast(struct domain *d)
{
    double since = time_now() - d->last_restart;

    if (since < 0 || since >= RESTART_GUARD_S)
        return false;
    log_error("VM %s restarting too fast (Elapsed time: %f seconds). Refusing to restart to avoid "
              "loops.", d->name, since);
    return true;
}

static void start_again(void *arg, int rc, const struct failure *f)
{
    struct domain *d = arg;

    (void)rc;
    (void)f;
    d->leaves = false;
    domain_start(d, NULL, NULL, NULL);
}

static void restart(struct domain *d)
{
    if (is_too_fast(d)) {
        domain_stop(d, NULL, NULL);
        return;
    }
    d->last_restart = time_now();
    d->restarts = true;
    domain_stop(d, start_again, d);
}

void domain_restart_interrupted(struct domain *d)
{
    domain_stop(d, start_again, d);
}

static void keep(struct domain *d)
{
    d->phase = DOMAIN_DOWN;
    state_save(d, NULL);
}

static void rename_corpse(struct domain *d)
{
    uint8_t handle[16];
    char *name, *vm;

    domain_random_uuid(d->uuid);
    name = xasprintf("Domain-%s", d->uuid);
    vm = xasprintf("/vm/%s", d->uuid);
    d->is_managed = false;
    domain_rename(d, name);
    domain_put(d, "name", name);
    domain_put(d, "uuid", d->uuid);
    if (host_uuid_parse(d->uuid, handle))
        xc_domain_set_handle(d->x->xc, d->domid, handle);
    store_set(d->x, d->name, "/local/domain/%u/name", d->domid);
    store_set(d->x, vm, "/local/domain/%u/vm", d->domid);
    store_set(d->x, d->name, "%s/name", vm);
    store_set(d->x, d->uuid, "%s/uuid", vm);
    free(name);
    free(vm);
}

/* The corpse takes a name and a UUID of its own, and its successor the old ones. */
static void rename_restart(struct domain *d)
{
    if (is_too_fast(d)) {
        keep(d);
        return;
    }
    struct domain *next = domain_new(d->x, d->name, d->uuid);

    next->config = sxp_copy(d->config);
    next->is_managed = d->is_managed;
    next->last_restart = time_now();
    next->restarts = true;
    state_save(next, NULL);
    rename_corpse(d);
    keep(d);
    /* Its disks are its successor's. */
    devices_disconnect(d, start_again, next);
}

static void perform(struct domain *d, enum action action)
{
    switch (action) {
    case ACT_DESTROY: domain_stop(d, NULL, NULL); return;
    case ACT_RESTART: restart(d); return;
    case ACT_PRESERVE: keep(d); return;
    case ACT_RENAME_RESTART: rename_restart(d); return;
    }
}

/* The place of a policy in the table; an unknown one destroys. */
static unsigned int find_action(const struct domain *d, const char *policy)
{
    for (unsigned int i = 0; i < ACTIONS; i++) {
        if (!strcmp(actions[i].name, policy))
            return i;
    }
    log_error("%s: Invalid event handling mode: %s", d->name, policy);
    return 0;
}

/* Whether or not there is a core now; unless somebody stops the domain already. */
static void core_dumped(void *arg, int rc, const struct failure *f)
{
    struct domain *d = arg;
    const char *policy = policy_of(d, host_shutdown_reason(d->info.flags));

    (void)f;
    if (rc != -ECANCELED)
        perform(d, actions[find_action(d, policy)].action);
}

static void went_down(struct domain *d)
{
    unsigned int reason = host_shutdown_reason(d->info.flags);
    const char *policy = d->leaves ? "destroy" : policy_of(d, reason);
    struct failure f;

    if (reason == SHUTDOWN_suspend)
        return;
    log_info("%s: domain %u went down (%s): %s", d->name, d->domid, reason_name(reason), policy);
    loop_cancel(&d->shutdown_timer);
    unsigned int i = find_action(d, policy);
    bool is_crash = reason != SHUTDOWN_poweroff && reason != SHUTDOWN_reboot;

    if (actions[i].wants_core || (is_crash && d->x->config.enable_dump == 1)) {
        if (!core_start(d, NULL, true, core_dumped, d, &f))
            return;
        log_error("%s: no core: %s", d->name, f.text);
    }
    perform(d, actions[i].action);
}

/* ---- on request ---- */

struct reset {
    struct domain *d;
    domain_done_fn *done;
    void *arg;
};

static void reset_stopped(void *arg, int rc, const struct failure *f)
{
    struct reset r = *(struct reset *)arg;

    (void)rc;
    (void)f;
    free(arg);
    domain_start(r.d, NULL, r.done, r.arg);
}

int domain_reset(struct domain *d, domain_done_fn *done, void *arg, struct failure *f)
{
    struct reset *r;

    if (!d->domid)
        return fail(f, -EPERM, "Cannot reset privileged domain %s", d->name);
    if (!d->config || (d->phase != DOMAIN_RUNNING && d->phase != DOMAIN_DOWN))
        return fail(f, -ENOENT, "Domain '%s' is not started", d->name);
    r = xcalloc(1, sizeof(*r));
    *r = (struct reset){ d, done, arg };
    d->restarts = true;
    domain_stop(d, reset_stopped, r);
    return 0;
}

/* ---- when xend stops ---- */

static bool is_left(struct xend *x)
{
    for_each_list(l, &x->domains) {
        if (list_entry(l, struct domain, link)->leaves)
            return true;
    }
    return false;
}

static void watch_leaving(void *arg)
{
    struct xend *x = arg;

    domains_check(x);
    for_each_list(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->leaves && !domain_is_alive(d))
            d->leaves = false;
    }
    x->stop_waited_ms += LEAVE_POLL_MS;
    if (!is_left(x) || x->stop_waited_ms >= LEAVE_MS)
        loop_stop(x);
    else
        loop_after(x, &x->stop_timer, LEAVE_POLL_MS, watch_leaving, x);
}

static void leave(struct domain *d)
{
    const char *wish = d->config ? sxp_value(d->config, "on_xend_stop") : NULL;
    struct failure f;

    if (d->phase != DOMAIN_RUNNING || !wish || !strcmp(wish, "ignore"))
        return;
    if (strcmp(wish, "shutdown")) {
        log_warn("%s: on_xend_stop=%s is not supported: it runs on", d->name, wish);
        return;
    }
    if (domain_shutdown(d, "poweroff", &f)) {
        log_warn("%s: %s", d->name, f.text);
        return;
    }
    log_info("%s: asked to go down, as xend stops", d->name);
    d->leaves = true;
}

void domains_leave(struct xend *x)
{
    if (x->is_stopping) {
        loop_stop(x);
        return;
    }
    x->is_stopping = true;
    domains_refresh(x);
    for_each_list_safe(l, &x->domains)
        leave(list_entry(l, struct domain, link));
    watch_leaving(x);
}

/* ---- looking ---- */

static bool is_over(const struct domain *d)
{
    return !d->is_seen || (d->info.flags & XEN_DOMINF_dying);
}

void domains_check(struct xend *x)
{
    if (domains_refresh(x))
        return;
    for_each_list_safe(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if ((d->phase != DOMAIN_RUNNING && d->phase != DOMAIN_DOWN) || d->core)
            continue;
        if (is_over(d)) {
            log_info("%s: domain %u was destroyed by another", d->name, d->domid);
            domain_stop(d, NULL, NULL);
        } else if (d->phase == DOMAIN_RUNNING && (d->info.flags & XEN_DOMINF_shutdown)) {
            went_down(d);
        }
    }
}
