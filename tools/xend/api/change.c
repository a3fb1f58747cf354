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
#include "domain/core.h"

static struct domain *find(struct request *r)
{
    return request_domain(r);
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

static void attended(void *arg)
{
    struct request *r = arg;
    struct sxp *s = sxp_list("console");

    sxp_add_pairf(s, "domid", "%u", r->d->domid);
    tell(r, s);
}

/* With the arguments: paused, console. */
static void start(struct request *r, struct domain *d)
{
    struct start_how how = { flag(r, 1), flag(r, 2) ? attended : NULL };

    r->d = d;
    r->cancel = cancel_start;
    domain_start(d, &how, started, r);
}

void change_create(struct request *r)
{
    struct failure f;
    struct domain *d;

    if (domain_define(r->x, r->words->item[1], &d, &f))
        answer_fail(r, &f);
    else
        start(r, d);
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
        start(r, d);
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

void change_trigger(struct request *r)
{
    struct domain *d = find(r);
    unsigned long long vcpu = 0;
    struct failure f;

    if (!d)
        return;
    if (*word(r, 2) && !parse_number(word(r, 2), 8191, &vcpu))
        say(r, -EINVAL, "'%s' is not a VCPU's number", word(r, 2));
    else
        answer(r, domain_trigger(d, word(r, 1), vcpu, &f), &f);
}

void change_reset(struct request *r)
{
    struct domain *d = find(r);
    struct failure f;

    if (!d)
        return;
    r->d = d;
    if (domain_reset(d, started, r, &f))
        answer_fail(r, &f);
}

/* ---- cores ---- */

static void dumped(void *arg, int rc, const struct failure *f)
{
    struct request *r = arg;
    struct domain *d = r->d;
    struct failure why;

    r->cancel = NULL;
    if (rc)
        answer_fail(r, f);
    else if (!flag(r, 3) && !flag(r, 4))
        answer_ok(r, NULL);
    else if (flag(r, 3))
        domain_stop(d, stopped, r);
    else if (domain_reset(d, started, r, &why))
        answer_fail(r, &why);
}

static void cancel_dump(struct request *r)
{
    core_cancel(r->d);
}

void change_dump(struct request *r)
{
    struct domain *d = find(r);
    struct failure f;

    if (!d)
        return;
    if (!d->domid) {
        say(r, -EPERM, "Cannot dump core for privileged domain %s", d->name);
        return;
    }
    if (!domain_is_alive(d) || d->phase == DOMAIN_STARTING || d->phase == DOMAIN_STOPPING) {
        say(r, -ENOENT, "Domain '%s' is not started", d->name);
        return;
    }
    if (d->phase == DOMAIN_FOREIGN && (flag(r, 3) || flag(r, 4))) {
        say(r, -EPERM, "Domain '%s' is not xend's: it can be dumped, not ended", d->name);
        return;
    }
    r->d = d;
    if (core_start(d, word(r, 1), flag(r, 2), dumped, r, &f))
        answer_fail(r, &f);
    else
        r->cancel = cancel_dump;
}
