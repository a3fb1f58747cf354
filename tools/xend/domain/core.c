/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dumping a core: the domain is held still, a worker reads and writes, and what it did not finish
 * is renamed so that nobody takes it for a core.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>

#include "domain/core.h"
#include "worker.h"

#define DUMP_DIR "/var/xen/dump"

struct core_dump {
    struct domain *d;
    char *path;
    struct worker *worker;
    domain_done_fn *done;
    void *arg;
};

static void make_dirs(const char *path)
{
    char *copy = xstrdup(path);

    for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(copy, 0755);
        *p = '/';
    }
    free(copy);
}

/* /var/xen/dump/NAME/2026-1121-1730.05-NAME.ID.core */
static char *usual_path(const struct domain *d)
{
    time_t now = time(NULL);
    char when[40];
    struct tm tm;

    strftime(when, sizeof(when), "%Y-%m%d-%H%M.%S", localtime_r(&now, &tm));
    return xasprintf("%s/%s/%s-%s.%u.core", DUMP_DIR, d->name, when, d->name, d->domid);
}

/* Written down first: if we are killed, the next xend lets it run on. */
static void hold(struct domain *d)
{
    d->is_held = true;
    if (d->config)
        state_save(d, NULL);
    xc_domain_pause(d->x->xc, d->domid);
}

static void release(struct domain *d)
{
    if (!d->is_held)
        return;
    d->is_held = false;
    xc_domain_unpause(d->x->xc, d->domid);
    if (d->config)
        state_save(d, NULL);
}

static int read_core(struct xc *xc, const void *arg, void *result, struct failure *f)
{
    const struct core_dump *c = arg;

    (void)result;
    return core_read(xc, c->d->domid, c->path, f);
}

static void finish(struct core_dump *c, int rc, const struct failure *f)
{
    struct domain *d = c->d;
    domain_done_fn *done = c->done;
    void *arg = c->arg;

    release(d);
    if (rc) {
        char *incomplete = xasprintf("%s-incomplete", c->path);

        log_error("%s: no core: %s", d->name, f->text);
        if (rename(c->path, incomplete) && errno != ENOENT)
            log_warn("%s: cannot be renamed: %s", c->path, strerror(errno));
        free(incomplete);
    } else {
        log_info("%s: core dumped to %s", d->name, c->path);
    }
    d->core = NULL;
    free(c->path);
    free(c);
    done(arg, rc, f);
}

static void done_reading(void *arg, int rc, const void *result, struct failure *f)
{
    struct core_dump *c = arg;

    (void)result;
    c->worker = NULL;
    finish(c, rc, f);
}

static int check_path(const char *path, struct failure *f)
{
    struct stat st;

    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return fail(f, -EISDIR, "Cannot dump core in a directory: %s", path);
    return 0;
}

int core_start(struct domain *d, const char *path, bool live, domain_done_fn *done, void *arg,
               struct failure *f)
{
    if (d->core)
        return fail(f, -EBUSY, "Domain '%s' is being dumped already", d->name);
    int rc = path && *path ? check_path(path, f) : 0;

    if (rc)
        return rc;
    struct core_dump *c = xcalloc(1, sizeof(*c));

    c->d = d;
    c->path = path && *path ? xstrdup(path) : usual_path(d);
    c->done = done;
    c->arg = arg;
    if (!path || !*path)
        make_dirs(c->path);
    if (!live)
        hold(d);
    c->worker = worker_start(d->x, read_core, c, done_reading, c);
    if (!c->worker) {
        rc = fail(f, -EAGAIN, "cannot start a worker: %s", strerror(errno));
        release(d);
        free(c->path);
        free(c);
        return rc;
    }
    d->core = c;
    return 0;
}

void core_cancel(struct domain *d)
{
    struct failure f;

    if (!d->core)
        return;
    worker_kill(&d->core->worker);
    fail(&f, -ECANCELED, "cancelled");
    finish(d->core, f.rc, &f);
}
