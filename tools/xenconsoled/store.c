/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection to xenstored: domains coming and going, and their console nodes changing.
 *
 * Tokens: "domains", or a domain's number. When the daemon goes away, consoles go on; when it is
 * back, everything is read anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <base/log.h>
#include <base/strings.h>
#include <xs/xs.h>

#include "domain.h"
#include "server.h"

#define TOKEN_DOMAINS "domains"

static void take_event(struct server *s, const struct xs_event *e)
{
    unsigned long long domid;

    if (!strcmp(e->token, TOKEN_DOMAINS))
        domains_update(s);
    else if (parse_number(e->token, UINT16_MAX, &domid))
        domain_changed(s, domid);
}

static void store_ready(struct source *src, uint32_t events)
{
    struct server *s = list_entry(src, struct server, store_source);
    struct xs_event *e;
    int rc = 0;

    (void)events;
    for (int turns = 0; turns < 64; turns++) {
        rc = xs_next_event(s->xs, &e);
        if (rc)
            break;
        take_event(s, e);
        free(e);
    }
    if (!rc || rc == -EAGAIN)
        return;
    log_warn("xenstored is gone: %s", strerror(-rc));
    store_disconnect(s);
}

static int watch_domains(struct server *s)
{
    int rc = xs_watch(s->xs, "@introduceDomain", TOKEN_DOMAINS);

    return rc ? rc : xs_watch(s->xs, "@releaseDomain", TOKEN_DOMAINS);
}

int store_connect(struct server *s)
{
    int rc = xs_open(0, &s->xs);

    if (rc) {
        s->xs = NULL;
        return rc;
    }
    s->store_source.fd = xs_fd(s->xs);
    s->store_source.ready = store_ready;
    rc = source_add(s->sources, &s->store_source, EPOLLIN);
    if (rc) {
        xs_close(s->xs);
        s->xs = NULL;
        return rc;
    }
    domains_unwatched(s);
    rc = watch_domains(s);
    if (rc)
        store_disconnect(s);
    return rc;
}

void store_disconnect(struct server *s)
{
    if (!s->xs)
        return;
    source_remove(s->sources, &s->store_source);
    xs_close(s->xs);
    s->xs = NULL;
}

void store_tick(struct server *s)
{
    if (s->xs)
        return;
    if (!store_connect(s))
        log_info("xenstored is back");
}
