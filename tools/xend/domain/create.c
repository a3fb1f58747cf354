/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting a domain: a list of steps. A step ends with 0, or -E, or WAIT and goes on later.
 *
 * Before anything is made, the record says STARTING with the UUID that the hypervisor's domain
 * will carry; so whoever reads it after a crash knows what to clean away. The undo of any step is
 * domain_stop().
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <guest/guest.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xen/grant_table.h>

#include "device/device.h"
#include "domain/domain.h"
#include "domain/loader.h"
#include "store.h"
#include "worker.h"

#define WAIT 1
#define SLACK_KIB 2048          /* what a PV domain takes of the hypervisor besides its memory */
#define MEMORY_RETRY_MS 100
#define EVTCHN_PORTS 1023
#define GRANT_FRAMES 64
#define MAPTRACK_FRAMES 1024

struct start {
    struct domain *d;
    unsigned int step;
    struct start_how how;
    bool is_claimed;
    struct config_domain config;
    struct guest_pv_result built;
    struct memory_asked asked;
    struct worker *worker;
    struct loader *loader;
    struct event *timer;
    domain_done_fn *done;
    void *done_arg;
    struct failure f;
};

/* ---- defining ---- */

static bool has_loader(const struct config_domain *c)
{
    return c->bootloader && *c->bootloader;
}

/* That it is one that can be started: also of what was read back from a file. */
static int check_kind(const struct config_domain *c, struct failure *f)
{
    if (strcmp(c->builder, "linux"))
        return fail(f, -ENOTSUP, "builder '%s' is not supported: only paravirtual domains are",
                    c->builder);
    if (c->access_control.count)
        return fail(f, -ENOTSUP, "access_control is not supported: there are no security policies");
    if (!c->kernel && !has_loader(c))
        return fail(f, -EINVAL, "neither a kernel nor a bootloader is given");
    return 0;
}

static int check_config(struct xend *x, const struct config_domain *c, struct failure *f)
{
    int rc = check_kind(c, f);

    if (rc)
        return rc;
    domains_refresh(x);
    if (c->uuid && domain_find_uuid(x, c->uuid) &&
        strcmp(domain_find_uuid(x, c->uuid)->name, c->name))
        return fail(f, -EEXIST, "uuid %s belongs to another domain", c->uuid);
    if (c->maxmem < c->memory)
        return fail(f, -EINVAL, "maxmem (%lld) is less than memory (%lld)", (long long)c->maxmem,
                    (long long)c->memory);
    return domain_check_name(x, c->name, NULL, f);
}

static void number_devices(struct sxp *config)
{
    struct sxp *entry;

    for (size_t i = 0; (entry = sxp_find(config, "device", i)); i++) {
        struct sxp *s = entry->count > 1 ? entry->item[1] : NULL;
        char uuid[37];

        if (!s || !sxp_is_list(s) || !sxp_head(s) || sxp_value(s, "uuid") ||
            (strcmp(sxp_head(s), "vbd") && strcmp(sxp_head(s), "vif") &&
             strncmp(sxp_head(s), "tap", 3)))
            continue;
        domain_random_uuid(uuid);
        sxp_add_pair(s, "uuid", uuid);
    }
}

int domain_define(struct xend *x, const struct sxp *config, struct domain **d, struct failure *f)
{
    struct config_domain c;
    struct config_error e;
    char uuid[37];

    *d = NULL;
    int rc = config_from_sxp(config, &c, &e);

    if (rc)
        return fail(f, rc, "%s", e.what);
    rc = check_config(x, &c, f);
    if (!rc && c.uuid)
        snprintf(uuid, sizeof(uuid), "%s", c.uuid);
    else
        domain_random_uuid(uuid);
    if (!rc) {
        *d = domain_new(x, c.name, uuid);
        (*d)->config = config_to_sxp(&c, "domain");
        domain_put(*d, "uuid", uuid);
        devices_name(x, (*d)->config);
        number_devices((*d)->config);
    }
    config_domain_free(&c);
    return rc;
}

/* ---- the steps ---- */

static uint64_t memory_kib(const struct start *s)
{
    return (uint64_t)s->config.memory << 10;
}

uint64_t start_pending_kib(const struct domain *d)
{
    return d->start && d->start->is_claimed ? SLACK_KIB : 0;
}

static int check_images(struct start *s)
{
    const struct config_domain *c = &s->config;

    if (access(c->kernel, R_OK))
        return fail(&s->f, -ENOENT, "Kernel image does not exist: %s", c->kernel);
    if (c->ramdisk && access(c->ramdisk, R_OK))
        return fail(&s->f, -ENOENT, "Kernel ramdisk does not exist: %s", c->ramdisk);
    return 0;
}

static int step_check(struct start *s)
{
    struct config_error e;
    int rc = config_from_sxp(s->d->config, &s->config, &e);

    if (rc)
        return fail(&s->f, rc, "%s", e.what);
    rc = check_kind(&s->config, &s->f);
    if (!rc && !has_loader(&s->config))
        rc = check_images(s);
    if (!rc)
        rc = settings_check(s->d->x, &s->config, &s->f);
    if (!rc)
        rc = devices_from_config(s->d, &s->f);
    if (!rc)
        rc = devices_check(s->d, &s->f);
    return rc || !has_loader(&s->config) ? rc : loader_check(s->d, &s->config, &s->f);
}

static void go_on(struct start *s, int rc);

static void memory_again(void *arg)
{
    go_on(arg, -EAGAIN);
}

static int step_memory(struct start *s)
{
    int rc = memory_find(s->d, memory_kib(s) + SLACK_KIB, &s->asked, &s->f);

    if (rc != -EAGAIN)
        return rc;
    loop_after(s->d->x, &s->timer, MEMORY_RETRY_MS, memory_again, s);
    return WAIT;
}

static int step_record(struct start *s)
{
    return state_save(s->d, &s->f);
}

static int step_domain(struct start *s)
{
    struct domain *d = s->d;
    struct xen_domctl_createdomain c = {
        .max_vcpus = s->config.vcpus,
        .max_evtchn_port = EVTCHN_PORTS,
        .max_grant_frames = GRANT_FRAMES,
        .max_maptrack_frames = MAPTRACK_FRAMES,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };
    uint32_t domid = 0;

    if (!host_uuid_parse(d->uuid, c.handle))
        return fail(&s->f, -EINVAL, "'%s' is not a UUID", d->uuid);
    int rc = settings_pool(d->x, &s->config, &c.cpupool_id, &s->f);

    if (rc)
        return rc;
    rc = xc_domain_create(d->x->xc, &domid, &c);

    if (rc)
        return fail(&s->f, rc, "the hypervisor refuses a new domain: %s", strerror(-rc));
    d->domid = domid;
    d->is_seen = true;
    d->start_time = time_now();
    log_info("%s: is domain %u, uuid %s", d->name, domid, d->uuid);
    rc = memory_claim(d, memory_kib(s), &s->f);
    s->is_claimed = !rc;
    return rc;
}

static int step_nodes(struct start *s)
{
    int rc = nodes_write(s->d, &s->config);

    return rc ? fail(&s->f, rc, "cannot write to the store: %s", strerror(-rc)) : 0;
}

static void loaded(void *arg, int rc, const struct failure *f)
{
    struct start *s = arg;

    if (rc)
        s->f = *f;
    else
        rc = check_images(s);
    go_on(s, rc);
}

static int step_loader(struct start *s)
{
    if (!has_loader(&s->config))
        return 0;
    s->loader = loader_start(s->d, &s->config, s->how.console, loaded, s, &s->f);
    if (!s->loader)
        return s->f.rc;
    if (s->how.console)
        s->how.console(s->done_arg);
    return WAIT;
}

/* Runs in the worker, which has our memory as it was. */
static int build(struct xc *xc, const void *arg, void *result, struct failure *f)
{
    const struct start *s = arg;
    const struct config_domain *c = &s->config;
    char error[GUEST_ERROR_SIZE] = "", *line = config_command_line(c);
    struct guest_pv_config g = {
        .kernel = c->kernel,
        .ramdisk = c->ramdisk,
        .cmdline = line,
        .features = c->features,
        .cache_dir = KERNEL_CACHE,
        .memory_kib = memory_kib(s),
        .max_memory_kib = (uint64_t)c->maxmem << 10,
        .vcpus = c->vcpus,
    };
    int rc = guest_build_pv(xc, s->d->domid, &g, result, error);

    free(line);
    return rc ? fail(f, rc, "%s", *error ? error : strerror(-rc)) : 0;
}

static void built(void *arg, int rc, const void *result, struct failure *f)
{
    struct start *s = arg;

    s->worker = NULL;
    loader_clean(s->d);
    memcpy(&s->built, result, sizeof(s->built));
    if (rc)
        s->f = *f;
    else
        log_info("%s: kernel %s (%s)", s->d->name, s->config.kernel, s->built.kernel.packing);
    go_on(s, rc);
}

static int step_build(struct start *s)
{
    static_assert(sizeof(s->built) <= WORKER_RESULT_MAX, "a worker's result");
    s->worker = worker_start(s->d->x, build, s, built, s);
    return s->worker ? WAIT : fail(&s->f, -EAGAIN, "cannot start a worker: %s", strerror(errno));
}

static int step_settings(struct start *s)
{
    return settings_apply(s->d, &s->config, &s->f);
}

static int step_introduce(struct start *s)
{
    struct domain *d = s->d;
    int rc = nodes_write_console(d, &s->built);

    s->is_claimed = false;
    xc_memory_claim(d->x->xc, d->domid, 0);
    if (!rc)
        rc = xs_introduce(d->x->xs, d->domid, s->built.store_gfn, s->built.store_port);
    loader_end(&s->loader);     /* who looked on follows to the domain's own console */
    return rc ? fail(&s->f, rc, "cannot introduce it to the store: %s", strerror(-rc)) : 0;
}

static void devices_ready(void *arg, int rc, const struct failure *f)
{
    struct start *s = arg;

    if (rc)
        s->f = *f;
    go_on(s, rc);
}

static int step_devices(struct start *s)
{
    devices_connect(s->d, devices_ready, s);
    return WAIT;
}

static int step_run(struct start *s)
{
    struct domain *d = s->d;
    int rc = s->how.paused ? 0 : xc_domain_unpause(d->x->xc, d->domid);

    if (rc)
        return fail(&s->f, rc, "Failed to unpause domain %s: %s", d->name, strerror(-rc));
    d->phase = DOMAIN_RUNNING;
    d->restarts = false;
    return state_save(d, &s->f);
}

static const struct {
    const char *name;
    int (*run)(struct start *s);
    bool waits_again;       /* -EAGAIN from go_on(): the same step once more */
} steps[] = {
    { "check", step_check, false },
    { "memory", step_memory, true },
    { "record", step_record, false },
    { "domain", step_domain, false },
    { "nodes", step_nodes, false },
    { "loader", step_loader, false },
    { "build", step_build, false },
    { "settings", step_settings, false },
    { "introduce", step_introduce, false },
    { "devices", step_devices, false },
    { "run", step_run, false },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* ---- going through them ---- */

static void free_start(struct start *s)
{
    worker_kill(&s->worker);
    loader_end(&s->loader);
    loop_cancel(&s->timer);
    config_domain_free(&s->config);
    s->d->start = NULL;
    free(s);
}

struct undone {
    struct failure f;
    domain_done_fn *done;
    void *done_arg;
};

static void undone(void *arg, int rc, const struct failure *f)
{
    struct undone *u = arg;

    (void)rc;
    (void)f;
    if (u->done)
        u->done(u->done_arg, u->f.rc, &u->f);
    free(u);
}

static void give_up(struct start *s)
{
    struct domain *d = s->d;
    struct undone *u = xcalloc(1, sizeof(*u));

    log_error("%s: start failed at step '%s': %s", d->name, steps[s->step].name, s->f.text);
    d->restarts = false;
    u->f = s->f;
    u->done = s->done;
    u->done_arg = s->done_arg;
    free_start(s);
    domain_stop(d, undone, u);
}

static void succeed(struct start *s)
{
    struct domain *d = s->d;
    domain_done_fn *done = s->done;
    void *arg = s->done_arg;

    log_info("%s: started as domain %u", d->name, d->domid);
    free_start(s);
    if (done)
        done(arg, 0, NULL);
}

static void run_steps(struct start *s)
{
    while (s->step < STEPS) {
        log_debug("%s: step '%s'", s->d->name, steps[s->step].name);
        int rc = steps[s->step].run(s);

        if (rc == WAIT)
            return;
        if (rc) {
            give_up(s);
            return;
        }
        s->step++;
    }
    succeed(s);
}

static void go_on(struct start *s, int rc)
{
    if (rc == -EAGAIN && steps[s->step].waits_again) {
        run_steps(s);
        return;
    }
    if (rc) {
        give_up(s);
        return;
    }
    s->step++;
    run_steps(s);
}

void domain_start(struct domain *d, const struct start_how *how, domain_done_fn *done, void *arg)
{
    struct start *s = xcalloc(1, sizeof(*s));

    s->d = d;
    if (how)
        s->how = *how;
    s->done = done;
    s->done_arg = arg;
    d->start = s;
    d->phase = DOMAIN_STARTING;
    run_steps(s);
}

void domain_cancel_start(struct domain *d)
{
    struct start *s = d->start;

    if (!s)
        return;
    fail(&s->f, -ECANCELED, "cancelled");
    give_up(s);
}
