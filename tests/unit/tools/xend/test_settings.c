/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a configuration asks of a built domain: each request reaches the hypervisor as meant, and
 * what this machine does not have is refused before anything is made.
 *
 * sources: tools/xend/domain/settings.c tools/xend/failure.c tools/libs/base/[a-z]*.c
 * sources: tools/libs/config/cpu.c tools/libs/config/error.c tools/libs/config/field.c
 * flags: -D_GNU_SOURCE -D__XEN_TOOLS__ -Itools/libs -Itools/xend -Idist/include
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail

#include <base/alloc.h>
#include <base/log.h>
#include <xc/xc.h>
#include <xen/sysctl.h>

#include "domain/domain.h"
#include "store.h"

static struct xend x;
static struct domain d = { .x = &x, .domid = 7, .name = "web" };
static struct config_domain c;
static struct failure f;
static uint64_t pinned[8];
static unsigned int scheduler, weight, cap;
static int64_t clock_offset, tsc;

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info)
{
    memset(info, 0, sizeof(*info));
    info->max_cpu_id = 3;
    return 0;
}

int xc_vcpu_set_affinity(struct xc *xc, uint32_t domid, unsigned int vcpu, uint8_t *hard,
                         uint8_t *soft, size_t size)
{
    assert_null(soft);
    memcpy(&pinned[vcpu], hard, sizeof(pinned[vcpu]));
    return 0;
}

int xc_sched_credit_set(struct xc *xc, uint32_t domid, unsigned int w, unsigned int n)
{
    weight = w;
    cap = n;
    return 0;
}

int xc_sched_credit2_set(struct xc *xc, uint32_t domid, unsigned int w, unsigned int n)
{
    weight = w + 1000;
    return 0;
}

int xc_domain_set_time_offset(struct xc *xc, uint32_t domid, int64_t seconds)
{
    clock_offset = seconds;
    return 0;
}

int xc_domain_set_tsc_info(struct xc *xc, uint32_t domid, uint32_t mode, uint64_t elapsed,
                           uint32_t khz, uint32_t incarnation)
{
    tsc = mode;
    return 0;
}

int xc_cpupool_info(struct xc *xc, struct xc_cpupool *pool)
{
    if (pool->id > 4)
        return -ENOENT;
    pool->id = pool->id ? 4 : 0;
    pool->sched_id = scheduler;
    return 0;
}

/* Pool 4 has a name; pool 0 was never given one. */
char *store_get(struct xend *unused, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    unsigned int id = va_arg(args, unsigned int);
    va_end(args);
    return id == 4 ? xstrdup("fast") : NULL;
}

static int setup(void **state)
{
    memset(&c, 0, sizeof(c));
    memset(pinned, 0, sizeof(pinned));
    c.vcpus = 2;
    c.cpu_weight = c.cpu_cap = c.tsc_mode = c.localtime = c.rtc_timeoffset = CONFIG_UNSET;
    scheduler = XEN_SCHEDULER_CREDIT;
    weight = cap = clock_offset = tsc = 0;
    return 0;
}

static int teardown(void **state)
{
    strings_free(&c.cpus);
    return 0;
}

static void test_nothing(void **state)
{
    assert_int_equal(settings_check(&x, &c, &f), 0);
    assert_int_equal(settings_apply(&d, &c, &f), 0);
    assert_int_equal(pinned[0] | weight | cap | clock_offset | tsc, 0);
}

static void test_pinning(void **state)
{
    strings_add(&c.cpus, "0-3,^1");
    assert_int_equal(settings_check(&x, &c, &f), 0);
    assert_int_equal(settings_apply(&d, &c, &f), 0);
    assert_int_equal(pinned[0], 0xd);
    assert_int_equal(pinned[1], 0xd);
    strings_free(&c.cpus);
    pinned[0] = pinned[1] = 0;
    c.cpus_each = true;
    strings_add(&c.cpus, "2");
    strings_add(&c.cpus, "");
    assert_int_equal(settings_apply(&d, &c, &f), 0);
    assert_int_equal(pinned[0], 4);
    assert_int_equal(pinned[1], 0);
}

static void refused(const char *cpus, const char *text)
{
    strings_add(&c.cpus, cpus);
    assert_int_equal(settings_check(&x, &c, &f), -EINVAL);
    assert_string_equal(f.text, text);
    strings_free(&c.cpus);
}

static void test_no_such_cpu(void **state)
{
    refused("4", "cpus '4': there is no CPU 4; this machine has 0-3");
    refused("1,^1", "cpus '1,^1': that is no CPU at all");
}

static void test_share(void **state)
{
    c.cpu_weight = 512;
    c.cpu_cap = 200;
    assert_int_equal(settings_check(&x, &c, &f), 0);
    assert_int_equal(settings_apply(&d, &c, &f), 0);
    assert_int_equal(weight, 512);
    assert_int_equal(cap, 200);
    scheduler = XEN_SCHEDULER_CREDIT2;
    assert_int_equal(settings_apply(&d, &c, &f), 0);
    assert_int_equal(weight, 1512);
    c.cpu_cap = 201;
    assert_int_equal(settings_check(&x, &c, &f), -EINVAL);
}

static void test_vcpus(void **state)
{
    assert_true(settings_vcpu_is_online(&c, 5));
    c.vcpu_avail = "5";
    assert_true(settings_vcpu_is_online(&c, 0));
    assert_false(settings_vcpu_is_online(&c, 1));
    assert_true(settings_vcpu_is_online(&c, 2));
    /* All ones in more bits than a number has. */
    c.vcpu_avail = "340282366920938463463374607431768211455";
    assert_true(settings_vcpu_is_online(&c, 1));
    assert_true(settings_vcpu_is_online(&c, 127));
    assert_false(settings_vcpu_is_online(&c, 128));
    c.vcpu_avail = "36893488147419103233";              /* 2^65 + 1 */
    assert_true(settings_vcpu_is_online(&c, 0));
    assert_false(settings_vcpu_is_online(&c, 1));
    assert_false(settings_vcpu_is_online(&c, 64));
    assert_true(settings_vcpu_is_online(&c, 65));
    assert_false(settings_vcpu_is_online(&c, 66));
}

static void test_clock(void **state)
{
    setenv("TZ", "JST-9", 1);
    c.localtime = 1;
    c.rtc_timeoffset = 60;
    c.tsc_mode = 2;
    assert_int_equal(settings_apply(&d, &c, &f), 0);
    assert_int_equal(clock_offset, 9 * 3600 + 60);
    assert_int_equal(tsc, 2);
}

static void test_pool(void **state)
{
    uint32_t id;

    c.pool = "Pool-0";
    assert_int_equal(settings_pool(&x, &c, &id, &f), 0);
    assert_int_equal(id, 0);
    c.pool = "fast";
    assert_int_equal(settings_pool(&x, &c, &id, &f), 0);
    assert_int_equal(id, 4);
    c.pool = "slow";
    assert_int_equal(settings_check(&x, &c, &f), -ENOENT);
    assert_string_equal(f.text, "Pool 'slow' does not exist.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pinning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_such_cpu, setup, teardown),
        cmocka_unit_test_setup_teardown(test_share, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vcpus, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pool, setup, teardown),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
