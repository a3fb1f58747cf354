/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All domains: found by name, number or UUID.
 */
#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>
#include <host/host.h>
#include <xc/xc.h>

#include "device/device.h"
#include "domain/core.h"
#include "domain/domain.h"

double time_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

void domain_random_uuid(char text[37])
{
    uint8_t uuid[16];

    if (getrandom(uuid, sizeof(uuid), 0) != sizeof(uuid))
        abort();
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    host_uuid_text(uuid, text);
}

struct domain *domain_new(struct xend *x, const char *name, const char *uuid)
{
    struct domain *d = xcalloc(1, sizeof(*d));

    d->x = x;
    d->name = xstrdup(name);
    snprintf(d->uuid, sizeof(d->uuid), "%s", uuid);
    d->domid = NO_DOMID;
    list_init(&d->devices);
    list_add_tail(&x->domains, &d->link);
    return d;
}

void domain_free(struct domain *d)
{
    core_cancel(d);
    devices_free(d);
    loop_cancel(&d->shutdown_timer);
    list_remove(&d->link);
    sxp_free(d->config);
    free(d->name);
    free(d);
}

void domain_rename(struct domain *d, const char *name)
{
    char *copy = xstrdup(name);

    free(d->name);
    d->name = copy;
}

void domain_put(struct domain *d, const char *key, const char *value)
{
    struct sxp *pair = d->config ? sxp_find(d->config, key, 0) : NULL;

    if (!d->config)
        return;
    if (!pair) {
        sxp_add_pair(d->config, key, value);
        return;
    }
    while (pair->count > 1)
        sxp_remove(pair, pair->count - 1);
    sxp_add(pair, sxp_atom(value));
}

bool domain_is_alive(const struct domain *d)
{
    return d->domid != NO_DOMID;
}

struct domain *domain_find_id(struct xend *x, uint32_t domid)
{
    for_each_list(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->domid == domid)
            return d;
    }
    return NULL;
}

struct domain *domain_find_uuid(struct xend *x, const char *uuid)
{
    for_each_list(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (!strcasecmp(d->uuid, uuid) && d->phase != DOMAIN_FOREIGN)
            return d;
    }
    return NULL;
}

struct domain *domain_find_name(struct xend *x, const char *name)
{
    struct domain *halted = NULL;

    for_each_list(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (strcmp(d->name, name))
            continue;
        if (domain_is_alive(d))
            return d;
        halted = d;
    }
    return halted;
}

static void see(struct xend *x, const struct xen_domctl_getdomaininfo *info)
{
    struct domain *d = domain_find_id(x, info->domain);
    char uuid[37];

    host_uuid_text(info->handle, uuid);
    if (d && d->phase != DOMAIN_FOREIGN && strcasecmp(uuid, d->uuid))
        d = NULL;       /* its number was taken by another already */
    if (!d) {
        char *name = host_domain_name(x->xs, info->domain);

        /* A start's own domain becomes known by its number a moment later. */
        if (domain_find_uuid(x, uuid)) {
            free(name);
            return;
        }
        d = domain_new(x, name, uuid);
        free(name);
        d->domid = info->domain;
        d->phase = DOMAIN_FOREIGN;
    } else if (d->phase == DOMAIN_FOREIGN) {
        char *name = host_domain_name(x->xs, info->domain);

        domain_rename(d, name);
        free(name);
    }
    d->info = *info;
    d->is_seen = true;
}

int domains_refresh(struct xend *x)
{
    struct xen_domctl_getdomaininfo *info;
    unsigned int count;
    int rc = host_domain_infos(x->xc, &info, &count);

    if (rc)
        return rc;
    for_each_list(l, &x->domains)
        list_entry(l, struct domain, link)->is_seen = false;
    for (unsigned int i = 0; i < count; i++)
        see(x, &info[i]);
    free(info);
    for_each_list_safe(l, &x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (!d->is_seen && d->phase == DOMAIN_FOREIGN)
            domain_free(d);
    }
    return 0;
}

struct domain *domain_find(struct xend *x, const char *word, struct failure *f)
{
    unsigned long long number;

    domains_refresh(x);
    struct domain *d = domain_find_name(x, word);

    if (!d && parse_number(word, NO_DOMID - 1, &number))
        d = domain_find_id(x, number);
    if (!d)
        d = domain_find_uuid(x, word);
    if (!d)
        fail(f, -ESRCH, "Domain '%s' does not exist.", word);
    return d;
}

static bool is_name(const char *name)
{
    for (const char *p = name; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("_-.:+", *p))
            return false;
    }
    return *name;
}

int domain_check_name(struct xend *x, const char *name, const struct domain *self,
                      struct failure *f)
{
    struct domain *other = domain_find_name(x, name);

    if (!is_name(name))
        return fail(f, -EINVAL, "Invalid VM Name: '%s' (letters, digits and _-.:+ are allowed)",
                    name);
    if (!other || other == self)
        return 0;
    if (domain_is_alive(other))
        return fail(f, -EEXIST, "VM name '%s' already exists as domain %u", name, other->domid);
    return fail(f, -EEXIST, "VM name '%s' already exists", name);
}
