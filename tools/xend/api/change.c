/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Methods that change something. What takes time answers when it is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/strings.h>
#include <xc/xc.h>

#include "api/api.h"
#include "device/device.h"
#include "domain/domain.h"

static struct domain *find(struct request *r)
{
    struct failure f;
    struct domain *d = domain_find(r->x, word(r, 0), &f);

    if (!d)
        answer_fail(r, &f);
    return d;
}

static void say(struct request *r, int rc, const char *fmt, const char *name)
{
    struct failure f;

    snprintf(f.text, sizeof(f.text), fmt, name);
    f.rc = rc;
    answer_fail(r, &f);
}

/* ---- lives ---- */

/* (started ID name) */
static void started(void *arg, int rc, const struct failure *f)
{
    struct request *r = arg;

    r->cancel = NULL;
    if (rc) {
        answer_fail(r, f);
        return;
    }
    struct sxp *out = sxp_list("started");

    sxp_add_pairf(out, "domid", "%u", r->d->domid);
    sxp_add_pair(out, "name", r->d->name);
    answer_ok(r, out);
}

static void cancel_start(struct request *r)
{
    domain_cancel_start(r->d);
}

static void start(struct request *r, struct domain *d, bool paused)
{
    r->d = d;
    r->cancel = cancel_start;
    domain_start(d, paused, started, r);
}

void change_create(struct request *r)
{
    struct failure f;
    struct domain *d;

    if (domain_define(r->x, r->words->item[1], &d, &f))
        answer_fail(r, &f);
    else
        start(r, d, flag(r, 1));
}

void change_new(struct request *r)
{
    struct failure f;
    struct domain *d;

    if (domain_define(r->x, r->words->item[1], &d, &f)) {
        answer_fail(r, &f);
        return;
    }
    d->is_managed = true;
    if (state_save(d, &f)) {
        state_remove(d);
        domain_free(d);
        answer_fail(r, &f);
        return;
    }
    answer_ok(r, NULL);
}

void change_delete(struct request *r)
{
    struct domain *d = find(r);

    if (!d)
        return;
    if (!d->is_managed) {
        say(r, -EINVAL, "Domain '%s' is not managed by Xend lifecycle support.", d->name);
        return;
    }
    if (d->phase != DOMAIN_HALTED) {
        say(r, -EBUSY, "Domain is not halted.%s", "");
        return;
    }
    state_remove(d);
    domain_free(d);
    answer_ok(r, NULL);
}

void change_start(struct request *r)
{
    struct domain *d = find(r);

    if (!d)
        return;
    if (d->phase != DOMAIN_HALTED)
        say(r, -EBUSY, "Domain is already running%s", "");
    else
        start(r, d, flag(r, 1));
}

static void stopped(void *arg, int rc, const struct failure *f)
{
    struct request *r = arg;

    r->cancel = NULL;
    answer(r, rc, f);
}

static void forget_stop(struct request *r)
{
    domain_forget_waiter(r->d, r);
    answer_ok(r, NULL);
}

static void destroy_foreign(struct request *r, struct domain *d)
{
    struct failure f;
    int rc = xc_domain_destroy(r->x->xc, d->domid);

    if (rc)
        fail(&f, rc, "domain %s cannot be destroyed: %s", d->name, strerror(-rc));
    answer(r, rc, &f);
}

void change_destroy(struct request *r)
{
    struct domain *d = find(r);

    if (!d)
        return;
    if (!d->domid) {
        say(r, -EPERM, "Cannot destroy privileged domain %s", d->name);
        return;
    }
    if (d->phase == DOMAIN_HALTED) {
        say(r, -ENOENT, "Domain '%s' is not started", d->name);
        return;
    }
    if (d->phase == DOMAIN_FOREIGN) {
        destroy_foreign(r, d);
        return;
    }
    r->d = d;
    r->cancel = forget_stop;
    d->restarts = false;
    domain_stop(d, stopped, r);
}

/* ---- while it lives ---- */

static void simple(struct request *r, int (*fn)(struct domain *d, struct failure *f))
{
    struct domain *d = find(r);
    struct failure f;

    if (d)
        answer(r, fn(d, &f), &f);
}

static void with_word(struct request *r,
                      int (*fn)(struct domain *d, const char *text, struct failure *f))
{
    struct domain *d = find(r);
    struct failure f;

    if (d)
        answer(r, fn(d, word(r, 1), &f), &f);
}

static void with_number(struct request *r,
                        int (*fn)(struct domain *d, uint64_t n, struct failure *f))
{
    struct domain *d = find(r);
    unsigned long long n;
    struct failure f;

    if (!d)
        return;
    if (!parse_number(word(r, 1), 1ull << 40, &n))
        say(r, -EINVAL, "'%s' is not a number", word(r, 1));
    else
        answer(r, fn(d, n, &f), &f);
}

static int set_vcpus(struct domain *d, uint64_t n, struct failure *f)
{
    return domain_set_vcpus(d, n > 8192 ? 8192 : n, f);
}

void change_pause(struct request *r)
{
    simple(r, domain_pause);
}

void change_unpause(struct request *r)
{
    simple(r, domain_unpause);
}

void change_shutdown(struct request *r)
{
    with_word(r, domain_shutdown);
}

void change_sysrq(struct request *r)
{
    with_word(r, domain_sysrq);
}

void change_name(struct request *r)
{
    with_word(r, domain_set_name);
}

void change_memory(struct request *r)
{
    with_number(r, domain_set_memory);
}

void change_max_memory(struct request *r)
{
    with_number(r, domain_set_max_memory);
}

void change_vcpus(struct request *r)
{
    with_number(r, set_vcpus);
}

void change_debug_keys(struct request *r)
{
    struct failure f;
    int rc = xc_debug_keys(r->x->xc, word(r, 0));

    if (rc)
        fail(&f, rc, "the hypervisor refuses the keys: %s", strerror(-rc));
    answer(r, rc, &f);
}

/* ---- devices ---- */

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
        device_disconnect(a->v, true, attach_undone, a);
        return;
    }
    keep_device(a->d, a->v);
    answer_ok(a->r, NULL);
    free(a);
}

static struct domain *find_for_devices(struct request *r)
{
    struct domain *d = find(r);

    if (!d)
        return NULL;
    if (d->phase == DOMAIN_RUNNING)
        return d;
    say(r, -EINVAL, "Domain '%s' is not one that devices can be attached to now", d->name);
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
