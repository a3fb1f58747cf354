/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What follows when a domain goes down by itself: on_poweroff, on_reboot, on_crash.
 *
 * A restart is a stop that leaves the domain with restarts set, and then a start; the record says
 * so in between.
 */
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xen/sched.h>

#include "device/device.h"
#include "domain/domain.h"
#include "store.h"

#define RESTART_GUARD_S 60

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
    d->restarts = false;
    domain_start(d, false, NULL, NULL);
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

static void corpse_is_bare(void *arg, int rc, const struct failure *f)
{
    (void)rc;
    (void)f;
    domain_start(arg, false, NULL, NULL);
}

/* The corpse takes a name and a UUID of its own, and its successor the old ones. */
static void rename_restart(struct domain *d)
{
    if (is_too_fast(d)) {
        keep(d);
        return;
    }
    struct domain *next = domain_new(d->x, d->name, d->uuid);
    uint8_t handle[16];
    char *name;

    next->config = sxp_copy(d->config);
    next->is_managed = d->is_managed;
    next->last_restart = time_now();
    state_remove(d);
    domain_random_uuid(d->uuid);
    name = xasprintf("Domain-%s", d->uuid);
    d->is_managed = false;
    domain_rename(d, name);
    free(name);
    if (host_uuid_parse(d->uuid, handle))
        xc_domain_set_handle(d->x->xc, d->domid, handle);
    store_set(d->x, d->name, "/local/domain/%u/name", d->domid);
    keep(d);
    /* Its disks are its successor's. */
    devices_disconnect(d, corpse_is_bare, next);
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

static void went_down(struct domain *d)
{
    unsigned int reason = host_shutdown_reason(d->info.flags);
    const char *policy = policy_of(d, reason);

    if (reason == SHUTDOWN_suspend)
        return;
    log_info("%s: domain %u went down (%s): %s", d->name, d->domid, reason_name(reason), policy);
    loop_cancel(&d->shutdown_timer);
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, policy))
            continue;
        if (actions[i].wants_core)
            log_error("%s: no core is written: dumping is not supported", d->name);
        perform(d, actions[i].action);
        return;
    }
    log_error("%s: Invalid event handling mode: %s", d->name, policy);
    domain_stop(d, NULL, NULL);
}

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

        if (d->phase != DOMAIN_RUNNING && d->phase != DOMAIN_DOWN)
            continue;
        if (is_over(d)) {
            log_info("%s: domain %u was destroyed by another", d->name, d->domid);
            domain_stop(d, NULL, NULL);
        } else if (d->phase == DOMAIN_RUNNING && (d->info.flags & XEN_DOMINF_shutdown)) {
            went_down(d);
        }
    }
}
