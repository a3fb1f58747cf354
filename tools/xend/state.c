/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What survives us, below xend-domains-path:
 *
 *     UUID/config.sxp      (domain …) of a managed domain, running or not
 *     UUID/running.sxp     (running (phase P) (domid N) … (domain …)) of a living one
 *
 * A file is replaced whole. After a crash the hypervisor says which domains live (they carry the
 * UUID), these files say whose they are and how far we were.
 */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>

#include "device/device.h"
#include "domain/domain.h"

#define FILE_MAX (4 << 20)

static const char *const phase_names[] = {
    [DOMAIN_HALTED] = "halted",
    [DOMAIN_STARTING] = "starting",
    [DOMAIN_RUNNING] = "running",
    [DOMAIN_DOWN] = "down",
    [DOMAIN_STOPPING] = "stopping",
};

static char *path_of(const struct domain *d, const char *file)
{
    return xasprintf("%s/%s%s%s", d->x->config.domains_path, d->uuid, file ? "/" : "",
                     file ? file : "");
}

/* ---- writing ---- */

static void make_dirs(const char *path)
{
    char *copy = xstrdup(path);

    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(copy, 0755);
        *p = '/';
    }
    mkdir(copy, 0700);
    free(copy);
}

static int write_file(const char *path, const struct sxp *s)
{
    char *temporary = xasprintf("%s.new", path);
    struct buffer text = { 0 };
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc = 0;

    sxp_print_pretty(&text, s);
    if (fd < 0 || write(fd, buffer_head(&text), text.len) != (ssize_t)text.len || fsync(fd) ||
        rename(temporary, path))
        rc = errno ? -errno : -EIO;
    if (fd >= 0)
        close(fd);
    if (rc)
        unlink(temporary);
    buffer_free(&text);
    free(temporary);
    return rc;
}

static struct sxp *running_sxp(const struct domain *d)
{
    struct sxp *s = sxp_list("running");

    sxp_add_pair(s, "phase", phase_names[d->phase]);
    if (domain_is_alive(d))
        sxp_add_pairf(s, "domid", "%u", d->domid);
    sxp_add_pairf(s, "start_time", "%.2f", d->start_time);
    sxp_add_pairf(s, "last_restart", "%.2f", d->last_restart);
    sxp_add_pairf(s, "restarts", "%d", d->restarts);
    if (d->is_held)
        sxp_add_pair(s, "held", "1");
    sxp_add(s, sxp_copy(d->config));
    return s;
}

int state_save(struct domain *d, struct failure *f)
{
    char *dir = path_of(d, NULL), *managed = path_of(d, "config.sxp");
    char *running = path_of(d, "running.sxp");
    int rc = 0;

    make_dirs(dir);
    if (d->is_managed)
        rc = write_file(managed, d->config);
    else
        unlink(managed);
    if (d->phase == DOMAIN_HALTED && !d->restarts) {
        unlink(running);
    } else if (!rc) {
        struct sxp *s = running_sxp(d);

        rc = write_file(running, s);
        sxp_free(s);
    }
    if (rc) {
        log_error("%s: cannot be written: %s", dir, strerror(-rc));
        fail(f, rc, "%s: cannot be written: %s", dir, strerror(-rc));
    }
    free(dir);
    free(managed);
    free(running);
    return rc;
}

void state_remove(struct domain *d)
{
    static const char *const files[] = { "config.sxp", "running.sxp", NULL };

    for (const char *const *p = files;; p++) {
        char *path = path_of(d, *p);

        if (*p)
            unlink(path);
        else
            rmdir(path);
        free(path);
        if (!*p)
            return;
    }
}

/* ---- reading ---- */

static struct sxp *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char error[200];

    if (!file)
        return NULL;
    char *text = xmalloc(FILE_MAX);
    size_t len = fread(text, 1, FILE_MAX, file);
    struct sxp *s = sxp_parse(text, len, NULL, error, sizeof(error));

    if (!s)
        log_error("%s: %s", path, error);
    fclose(file);
    free(text);
    return s;
}

static enum domain_phase phase_of(const struct sxp *running)
{
    const char *name = sxp_value(running, "phase");

    for (size_t i = 0; name && i < sizeof(phase_names) / sizeof(phase_names[0]); i++) {
        if (!strcmp(phase_names[i], name))
            return i;
    }
    return DOMAIN_STOPPING;
}

static double number_of(const struct sxp *s, const char *key)
{
    const char *text = sxp_value(s, key);

    return text ? strtod(text, NULL) : 0;
}

/* The hypervisor's domain that carries our UUID was listed as a foreign one. */
static bool take_over(struct domain *d)
{
    for_each_list(l, &d->x->domains) {
        struct domain *other = list_entry(l, struct domain, link);

        if (other->phase != DOMAIN_FOREIGN || strcasecmp(other->uuid, d->uuid))
            continue;
        d->domid = other->domid;
        d->info = other->info;
        d->is_seen = true;
        domain_free(other);
        return true;
    }
    return false;
}

static void recover_living(struct domain *d, const struct sxp *running)
{
    enum domain_phase phase = phase_of(running);
    bool lives = take_over(d);

    d->start_time = number_of(running, "start_time");
    d->last_restart = number_of(running, "last_restart");
    d->restarts = number_of(running, "restarts");
    if (!lives && sxp_value(running, "domid"))
        d->domid = number_of(running, "domid");
    devices_from_config(d, NULL);
    devices_adopt(d);
    d->phase = phase;
    if (lives && number_of(running, "held"))
        xc_domain_unpause(d->x->xc, d->domid);
    log_info("%s: domain %d, was %s, %s", d->name, (int)d->domid, phase_names[phase],
             lives ? "lives" : "is gone");
    if (d->restarts && phase != DOMAIN_RUNNING && phase != DOMAIN_DOWN)
        domain_restart_interrupted(d);
    else if (!lives || phase == DOMAIN_STARTING || phase == DOMAIN_STOPPING)
        domain_stop(d, NULL, NULL);
}

static void recover(struct xend *x, const char *uuid)
{
    char *managed = xasprintf("%s/%s/config.sxp", x->config.domains_path, uuid);
    char *living = xasprintf("%s/%s/running.sxp", x->config.domains_path, uuid);
    struct sxp *config = read_file(managed), *running = read_file(living);
    struct sxp *inner = running ? sxp_find(running, "domain", 0) : NULL;
    const struct sxp *use = inner ? inner : config;
    const char *name = use ? sxp_value(use, "name") : NULL;

    if (name) {
        struct domain *d = domain_new(x, name, uuid);

        d->is_managed = config;
        d->config = sxp_copy(use);
        if (inner)
            recover_living(d, running);
    } else {
        log_warn("%s/%s: nothing usable", x->config.domains_path, uuid);
    }
    sxp_free(config);
    sxp_free(running);
    free(managed);
    free(living);
}

void state_recover(struct xend *x)
{
    DIR *dir = opendir(x->config.domains_path);
    struct dirent *entry;

    domains_refresh(x);
    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        if (strlen(entry->d_name) == 36)
            recover(x, entry->d_name);
    }
    closedir(dir);
}
