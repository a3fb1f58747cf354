/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xs/xs.h>

#include "console.h"
#include "domain.h"

static struct domain *find(const struct server *s, uint32_t domid)
{
    for_each_list(l, &s->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->domid == domid)
            return d;
    }
    return NULL;
}

static struct domain *add(struct server *s, uint32_t domid)
{
    struct domain *d = xcalloc(1, sizeof(*d));

    d->domid = domid;
    d->console = console_new(s, domid);
    list_add_tail(&s->domains, &d->link);
    return d;
}

static void discard(struct domain *d)
{
    log_debug("domain %u: gone", d->domid);
    list_remove(&d->link);
    console_free(d->console);
    free(d);
}

/* ---- what the store says ---- */

struct settings {
    unsigned long long ring_ref, port, limit;
    bool is_complete;
    bool is_ours;
};

static const char *path_of(char path[64], uint32_t domid, const char *below)
{
    snprintf(path, 64, "/local/domain/%u/%s", domid, below);
    return path;
}

static bool read_number(struct xs *xs, uint32_t domid, const char *below, unsigned long long *value)
{
    char path[64];

    return !xs_read_uint(xs, XS_NO_TX, path_of(path, domid, below), value);
}

static char *read_text(struct xs *xs, uint32_t domid, const char *below)
{
    char path[64], *value;

    return xs_read(xs, XS_NO_TX, path_of(path, domid, below), &value, NULL) ? NULL : value;
}

static void read_settings(struct xs *xs, uint32_t domid, struct settings *t)
{
    char *type = read_text(xs, domid, "console/type");

    t->is_ours = !type || !strcmp(type, "xenconsoled");
    free(type);
    t->is_complete = read_number(xs, domid, "console/ring-ref", &t->ring_ref) &&
                     read_number(xs, domid, "console/port", &t->port) && t->port;
    if (!read_number(xs, domid, "console/limit", &t->limit) || !t->limit)
        t->limit = LIMIT_DEFAULT;
    if (t->limit > LIMIT_MAX)
        t->limit = LIMIT_MAX;
}

static void open_log(struct server *s, struct domain *d)
{
    if (!s->options.log_guests || d->console->log)
        return;
    char *name = read_text(s->xs, d->domid, "name");
    char number[32];

    snprintf(number, sizeof(number), "%u", d->domid);
    d->console->log = logfile_new(s->options.log_dir, "guest-", name && *name ? name : number);
    d->console->log->with_time = s->options.time_guests;
    d->console->log->replace_escape = s->options.replace_escape;
    d->console->log->limit = s->options.log_size;
    free(name);
}

/* Only where there is a console still: writing must not make nodes anew that a toolstack, taking
 * the domain apart, has just removed. */
static int write_if_there(struct server *s, struct domain *d, const char *path)
{
    char port[64];
    uint32_t tx;
    int rc = xs_transaction_start(s->xs, &tx);

    if (rc)
        return rc;
    if (!xs_exists(s->xs, tx, path_of(port, d->domid, "console/port"))) {
        xs_transaction_abort(s->xs, tx);
        return 0;
    }
    rc = xs_write_string(s->xs, tx, path, d->console->pty.name);
    if (rc) {
        xs_transaction_abort(s->xs, tx);
        return rc;
    }
    return xs_transaction_commit(s->xs, tx);
}

static void write_tty(struct server *s, struct domain *d)
{
    char path[64];
    int rc;

    path_of(path, d->domid, "console/tty");
    do {
        rc = write_if_there(s, d, path);
    } while (rc == -EAGAIN);
    if (rc)
        log_warn("domain %u: %s not written: %s", d->domid, path, strerror(-rc));
}

/* Somebody may have overwritten it; our own writing comes back as a change, and changes nothing. */
static void check_tty(struct server *s, struct domain *d)
{
    char *known = read_text(s->xs, d->domid, "console/tty");

    if (!known || strcmp(known, d->console->pty.name))
        write_tty(s, d);
    free(known);
}

static void connect_console(struct server *s, struct domain *d, const struct settings *t)
{
    open_log(s, d);
    int rc = console_connect(d->console, t->ring_ref, t->port);

    if (rc) {
        log_warn("domain %u: console not connected: %s", d->domid, strerror(-rc));
        return;
    }
    log_info("domain %u: console is %s", d->domid, d->console->pty.name);
    write_tty(s, d);
}

static void update(struct server *s, struct domain *d)
{
    struct settings t = { 0 };
    struct console *c = d->console;

    read_settings(s->xs, d->domid, &t);
    c->limit = t.limit;
    if (!t.is_ours && c->ring)
        console_disconnect(c);
    if (!t.is_ours || !t.is_complete)
        return;
    if (c->ring && c->ring_ref == t.ring_ref && c->remote_port == t.port)
        check_tty(s, d);
    else
        connect_console(s, d, &t);
}

static void watch(struct server *s, struct domain *d)
{
    char path[64], token[16];

    if (d->is_watched)
        return;
    snprintf(token, sizeof(token), "%u", d->domid);
    int rc = xs_watch(s->xs, path_of(path, d->domid, "console"), token);

    if (rc)
        log_warn("domain %u: not watched: %s", d->domid, strerror(-rc));
    d->is_watched = !rc;
}

void domain_changed(struct server *s, uint32_t domid)
{
    struct domain *d = find(s, domid);

    if (d)
        update(s, d);
}

/* ---- which there are ---- */

static void see(struct server *s, const struct xen_domctl_getdomaininfo *info)
{
    if (!info->domain || info->flags & XEN_DOMINF_dying)
        return;
    struct domain *d = find(s, info->domain);

    if (!d)
        d = add(s, info->domain);
    d->is_alive = true;
}

static int see_all(struct server *s)
{
    struct xen_domctl_getdomaininfo info[64];
    uint32_t first = 1;

    for (;;) {
        unsigned int count = 64;
        int rc = xc_domain_list(s->xc, first, info, &count);

        if (rc || !count)
            return rc;
        for (unsigned int i = 0; i < count; i++)
            see(s, &info[i]);
        first = info[count - 1].domain + 1u;
    }
}

static void unwatch(struct server *s, struct domain *d)
{
    char path[64], token[16];

    snprintf(token, sizeof(token), "%u", d->domid);
    if (d->is_watched && s->xs)
        xs_unwatch(s->xs, path_of(path, d->domid, "console"), token);
}

void domains_update(struct server *s)
{
    for_each_list(l, &s->domains)
        list_entry(l, struct domain, link)->is_alive = false;
    int rc = see_all(s);

    if (rc) {
        log_error("the hypervisor does not list its domains: %s", strerror(-rc));
        return;
    }
    for_each_list_safe(l, &s->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->is_alive) {
            watch(s, d);
            continue;
        }
        unwatch(s, d);
        discard(d);
    }
}

void domains_unwatched(struct server *s)
{
    for_each_list(l, &s->domains)
        list_entry(l, struct domain, link)->is_watched = false;
}

void domains_reopen_logs(struct server *s)
{
    for_each_list(l, &s->domains) {
        struct console *c = list_entry(l, struct domain, link)->console;

        if (c->log)
            logfile_reopen(c->log);
    }
    if (s->hypervisor_log)
        logfile_reopen(s->hypervisor_log);
}

void domains_free(struct server *s)
{
    for_each_list_safe(l, &s->domains)
        discard(list_entry(l, struct domain, link));
}
