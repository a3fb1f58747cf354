/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What follows a domain's end: each policy for each reason, and the guard against loops.
 *
 * sources: tools/xend/domain/reboot.c tools/libs/base/[a-z]*.c
 * flags: -Itools/xend
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail

#include <base/alloc.h>
#include <base/log.h>
#include <host/host.h>
#include <xc/xc.h>
#include <xen/sched.h>

#include "device/device.h"
#include "domain/core.h"
#include "domain/domain.h"

static struct xend x;
static char did[64];        /* s: stop, S: start, k: kept, d: devices taken, c: core, h: shutdown */
static int core_rc;         /* what dumping a core comes to */
static double now = 1000;

static void note(char c)
{
    size_t n = strlen(did);

    did[n] = c;
    did[n + 1] = '\0';
}

/* ---- the rest of xend ---- */

double time_now(void)
{
    return now;
}

int domains_refresh(struct xend *unused)
{
    return 0;
}

void domain_stop(struct domain *d, domain_done_fn *done, void *arg)
{
    note('s');
    d->phase = DOMAIN_HALTED;
    if (done)
        done(arg, 0, NULL);
}

void domain_start(struct domain *d, const struct start_how *how, domain_done_fn *done, void *arg)
{
    note('S');
    d->phase = DOMAIN_RUNNING;
}

void devices_disconnect(struct domain *d, domain_done_fn *done, void *arg)
{
    note('d');
    done(arg, 0, NULL);
}

int state_save(struct domain *d, struct failure *f)
{
    note('k');
    return 0;
}

void state_remove(struct domain *d)
{
}

struct domain *domain_new(struct xend *unused, const char *name, const char *uuid)
{
    struct domain *d = xcalloc(1, sizeof(*d));

    d->x = &x;
    d->name = xstrdup(name);
    snprintf(d->uuid, sizeof(d->uuid), "%s", uuid);
    d->domid = NO_DOMID;
    list_init(&d->devices);
    list_add_tail(&x.domains, &d->link);
    return d;
}

void domain_rename(struct domain *d, const char *name)
{
    free(d->name);
    d->name = xstrdup(name);
}

void domain_put(struct domain *d, const char *key, const char *value)
{
    sxp_add_pair(d->config, key, value);
}

void domain_random_uuid(char text[37])
{
    strcpy(text, "11111111-1111-4111-8111-111111111111");
}

bool host_uuid_parse(const char *text, uint8_t uuid[16])
{
    return false;
}

unsigned int host_shutdown_reason(uint32_t flags)
{
    return (flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
}

int xc_domain_set_handle(struct xc *xc, uint32_t domid, const uint8_t handle[16])
{
    return 0;
}

int core_start(struct domain *d, const char *path, bool live, domain_done_fn *done, void *arg,
               struct failure *f)
{
    struct failure why = { .rc = core_rc };

    note('c');
    done(arg, core_rc, &why);
    return 0;
}

int domain_shutdown(struct domain *d, const char *reason, struct failure *f)
{
    note('h');
    return 0;
}

bool domain_is_alive(const struct domain *d)
{
    return d->domid != NO_DOMID;
}

void loop_stop(struct xend *unused)
{
    note('.');
}

void loop_after(struct xend *unused, struct event **timer, unsigned int ms,
                void (*fn)(void *arg), void *arg)
{
    note('t');
}

int fail(struct failure *f, int rc, const char *fmt, ...)
{
    return rc;
}

int store_set(struct xend *unused, const char *value, const char *fmt, ...)
{
    return 0;
}

void loop_cancel(struct event **timer)
{
}

/* ---- the tests ---- */

static struct domain *running(const char *config)
{
    char error[100];
    struct domain *d;

    list_init(&x.domains);
    did[0] = '\0';
    d = domain_new(&x, "web", "01234567-89ab-4def-8123-456789abcdef");
    d->domid = 5;
    d->phase = DOMAIN_RUNNING;
    d->is_seen = true;
    d->config = sxp_parse(config, strlen(config), NULL, error, sizeof(error));
    assert_non_null(d->config);
    return d;
}

static void drop_all(void)
{
    for_each_list_safe(l, &x.domains) {
        struct domain *d = list_entry(l, struct domain, link);

        list_remove(&d->link);
        sxp_free(d->config);
        free(d->name);
        free(d);
    }
}

static void check(const char *config, unsigned int reason, const char *expected)
{
    struct domain *d = running(config);

    d->info.flags = XEN_DOMINF_shutdown | reason << XEN_DOMINF_shutdownshift;
    domains_check(&x);
    assert_string_equal(did, expected);
    drop_all();
}

static void test_defaults(void **state)
{
    check("(domain)", SHUTDOWN_poweroff, "s");
    check("(domain)", SHUTDOWN_reboot, "sS");
    check("(domain)", SHUTDOWN_crash, "sS");
    check("(domain)", SHUTDOWN_suspend, "");
}

static void test_policies(void **state)
{
    check("(domain (on_poweroff restart))", SHUTDOWN_poweroff, "sS");
    check("(domain (on_poweroff preserve))", SHUTDOWN_poweroff, "k");
    check("(domain (on_reboot destroy))", SHUTDOWN_reboot, "s");
    check("(domain (on_crash rename-restart))", SHUTDOWN_crash, "kkdS");
    check("(domain (on_crash coredump-restart))", SHUTDOWN_crash, "csS");
    check("(domain (on_crash coredump-destroy))", SHUTDOWN_watchdog, "cs");
    /* What nobody understands must not leave a corpse for ever. */
    check("(domain (on_crash crash))", SHUTDOWN_crash, "s");
}

static void test_cores(void **state)
{
    /* No core is no reason to leave the domain as it is, unless somebody stops it already. */
    core_rc = -ENOSPC;
    check("(domain (on_crash coredump-restart))", SHUTDOWN_crash, "csS");
    core_rc = -ECANCELED;
    check("(domain (on_crash coredump-restart))", SHUTDOWN_crash, "c");
    core_rc = 0;
    x.config.enable_dump = 1;
    check("(domain (on_crash destroy))", SHUTDOWN_crash, "cs");
    check("(domain)", SHUTDOWN_reboot, "sS");
    x.config.enable_dump = 0;
}

static void test_leaving(void **state)
{
    struct domain *d = running("(domain (on_xend_stop shutdown) (on_poweroff restart))");

    domains_leave(&x);
    assert_string_equal(did, "ht");
    d->info.flags = XEN_DOMINF_shutdown | SHUTDOWN_poweroff << XEN_DOMINF_shutdownshift;
    domains_check(&x);
    /* It is not to come back under the next xend. */
    assert_string_equal(did, "hts");
    /* Whoever says it twice does not want to wait. */
    domains_leave(&x);
    assert_string_equal(did, "hts.");
    x.is_stopping = false;
    drop_all();
    running("(domain (on_xend_stop ignore))");
    domains_leave(&x);
    assert_string_equal(did, ".");
    x.is_stopping = false;
    drop_all();
}

static void test_guard(void **state)
{
    struct domain *d = running("(domain (on_crash restart))");
    uint32_t crashed = XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift;

    d->info.flags = crashed;
    domains_check(&x);
    assert_string_equal(did, "sS");
    now += 59;
    domains_check(&x);
    assert_string_equal(did, "sSs");
    d->phase = DOMAIN_RUNNING;
    now += 2;
    domains_check(&x);
    assert_string_equal(did, "sSssS");
    drop_all();
}

static void test_successor(void **state)
{
    struct domain *d = running("(domain (on_crash rename-restart))");

    d->is_managed = true;
    d->info.flags = XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift;
    domains_check(&x);
    assert_string_equal(d->name, "Domain-11111111-1111-4111-8111-111111111111");
    assert_int_equal(d->phase, DOMAIN_DOWN);
    assert_false(d->is_managed);
    /* What is kept of it must not say otherwise. */
    assert_string_equal(sxp_value(d->config, "name"), d->name);
    assert_string_equal(sxp_value(d->config, "uuid"), d->uuid);
    struct domain *next = list_entry(d->link.next, struct domain, link);

    assert_string_equal(next->name, "web");
    assert_string_equal(next->uuid, "01234567-89ab-4def-8123-456789abcdef");
    assert_true(next->is_managed);
    drop_all();
}

static void test_gone(void **state)
{
    struct domain *d = running("(domain)");

    d->is_seen = false;
    domains_check(&x);
    assert_string_equal(did, "s");
    drop_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_cores),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_successor),
        cmocka_unit_test(test_gone),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
