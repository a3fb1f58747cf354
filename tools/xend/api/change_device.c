/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Methods that attach, change and detach devices of running domains. They answer when it is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/strings.h>

#include "api/api.h"
#include "device/device.h"
#include "domain/domain.h"


/* What an attach has to undo, or to write down. */
struct attach {
    struct request *r;
    struct domain *d;
    struct device *v;
    struct failure f;
};

static void keep_device(struct domain *d, const struct device *v)
{
    sxp_add(sxp_add(d->config, sxp_list("device")), sxp_copy(v->config));
    state_save(d, NULL);
}

static void drop_device(struct domain *d, const struct sxp *config)
{
    for (size_t i = d->config->count; i-- > 1;) {
        const struct sxp *entry = d->config->item[i];

        if (sxp_is_list(entry) && entry->count > 1 && sxp_head(entry) &&
            !strcmp(sxp_head(entry), "device") && sxp_equal(entry->item[1], config)) {
            sxp_remove(d->config, i);
            break;
        }
    }
    state_save(d, NULL);
}

static void attach_undone(void *arg, int rc, const struct failure *f)
{
    struct attach *a = arg;

    (void)rc;
    (void)f;
    answer_fail(a->r, &a->f);
    free(a);
}

static void attached(void *arg, int rc, const struct failure *f)
{
    struct attach *a = arg;

    if (rc) {
        a->f = *f;
        if (rc == -ECANCELED)
            attach_undone(a, 0, NULL);
        else
            device_disconnect(a->v, true, attach_undone, a);
        return;
    }
    keep_device(a->d, a->v);
    answer_ok(a->r, NULL);
    free(a);
}

static struct domain *find_for_devices(struct request *r)
{
    struct domain *d = request_domain(r);

    if (!d)
        return NULL;
    if (d->phase == DOMAIN_RUNNING)
        return d;
    struct failure f;

    fail(&f, -EINVAL, "Domain '%s' is not one that devices can be attached to now", d->name);
    answer_fail(r, &f);
    return NULL;
}

void change_attach(struct request *r)
{
    struct domain *d = find_for_devices(r);
    struct failure f;

    if (!d)
        return;
    struct device *v = device_new(d, r->words->item[2], &f);

    if (!v) {
        answer_fail(r, &f);
        return;
    }
    struct attach *a = xcalloc(1, sizeof(*a));

    a->r = r;
    a->d = d;
    a->v = v;
    device_connect(v, attached, a);
}

struct detach {
    struct request *r;
    struct domain *d;
    struct sxp *config;
};

static void detached(void *arg, int rc, const struct failure *f)
{
    struct detach *t = arg;

    if (!rc)
        drop_device(t->d, t->config);
    answer(t->r, rc, f);
    sxp_free(t->config);
    free(t);
}

static struct device *find_device(struct domain *d, const char *class, const char *which)
{
    unsigned long long number;
    uint32_t devid;

    for_each_list(l, &d->devices) {
        struct device *v = list_entry(l, struct device, link);
        const char *mac = sxp_value(v->config, "mac");

        if (!strcmp(v->class->name, class) && mac && !strcasecmp(mac, which))
            return v;
    }
    if (parse_number(which, UINT32_MAX, &number))
        return device_find(d, class, number);
    return config_device_number(which, &devid) ? device_find(d, class, devid) : NULL;
}

void change_detach(struct request *r)
{
    struct domain *d = find_for_devices(r);
    struct failure f;

    if (!d)
        return;
    struct device *v = find_device(d, word(r, 1), word(r, 2));

    if (!v || v->phase != DEVICE_CONNECTED) {
        fail(&f, -ENODEV, "Cannot find device '%s' in domain '%s'", word(r, 2), d->name);
        answer_fail(r, &f);
        return;
    }
    struct detach *t = xcalloc(1, sizeof(*t));

    t->r = r;
    t->d = d;
    t->config = sxp_copy(v->config);
    device_disconnect(v, flag(r, 3), detached, t);
}

/* ---- another disk in the drive ---- */

/* If the new disk cannot be had, the old one is put back. */
struct configure {
    struct request *r;
    struct domain *d;
    struct device *v;           /* being connected */
    struct sxp *old, *next;
    bool is_putting_back;
    struct failure f;           /* why */
};

static void end_configure(struct configure *c)
{
    if (c->f.rc)
        answer_fail(c->r, &c->f);
    else
        answer_ok(c->r, NULL);
    sxp_free(c->old);
    sxp_free(c->next);
    free(c);
}

static void configure_gone(void *arg, int rc, const struct failure *f);

static void configured(void *arg, int rc, const struct failure *f)
{
    struct configure *c = arg;

    if (!rc)
        keep_device(c->d, c->v);
    else if (!c->f.rc)
        c->f = *f;
    if (!rc || rc == -ECANCELED)
        end_configure(c);
    else
        device_disconnect(c->v, true, configure_gone, c);
}

static void put_in(struct configure *c, const struct sxp *disk)
{
    struct failure f;

    c->v = device_new(c->d, disk, &f);
    if (c->v)
        device_connect(c->v, configured, c);
    else
        configure_gone(c, f.rc, &f);
}

/* What was to be connected is no more. */
static void configure_gone(void *arg, int rc, const struct failure *f)
{
    struct configure *c = arg;

    if (rc && !c->f.rc)
        c->f = *f;
    if (c->is_putting_back) {
        end_configure(c);
        return;
    }
    c->is_putting_back = true;
    put_in(c, c->old);
}

static void drive_is_empty(void *arg, int rc, const struct failure *f)
{
    struct configure *c = arg;

    if (rc) {
        c->f = *f;
        end_configure(c);
        return;
    }
    drop_device(c->d, c->old);
    put_in(c, c->next);
}

/* "xvdb:cdrom", read-only: a drive whose disk may be changed. */
static bool is_drive(const struct sxp *s)
{
    const char *dev = sxp_value(s, "dev"), *mode = sxp_value(s, "mode");
    const char *type = dev ? strchr(dev, ':') : NULL;

    return type && !strcmp(type, ":cdrom") && mode && !strcmp(mode, "r");
}

void change_configure(struct request *r)
{
    const struct sxp *next = r->words->item[2];
    const char *dev = sxp_is_list(next) ? sxp_value(next, "dev") : NULL;
    struct domain *d = find_for_devices(r);
    struct failure f;
    uint32_t devid;

    if (!d)
        return;     /* and r is gone */
    char *name = xstrndup(dev ? dev : "", dev ? strcspn(dev, ":") : 0);
    struct device *v = config_device_number(name, &devid) ? device_find(d, "vbd", devid) : NULL;

    free(name);
    if (!v || v->phase != DEVICE_CONNECTED) {
        fail(&f, -ENODEV, "Cannot find device '%s' in domain '%s'", dev ? dev : "", d->name);
        answer_fail(r, &f);
        return;
    }
    if (!is_drive(v->config) || !is_drive(next)) {
        fail(&f, -EINVAL, "Refusing to reconfigure device vbd:%u to %s", devid,
             sxp_value(next, "uname") ? sxp_value(next, "uname") : "''");
        answer_fail(r, &f);
        return;
    }
    /* Linux does not see an exchange that comes before its driver. */
    if (!device_is_in_use(v)) {
        fail(&f, -EBUSY, "The guest does not use device %u (vbd) yet.", devid);
        answer_fail(r, &f);
        return;
    }
    struct configure *c = xcalloc(1, sizeof(*c));

    *c = (struct configure){
        .r = r, .d = d, .old = sxp_copy(v->config), .next = sxp_copy(next),
    };
    device_disconnect(v, false, drive_is_empty, c);
}
