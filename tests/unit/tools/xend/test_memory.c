/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for new domains: what is free counts once, dom0 gives what is missing and never goes below
 * its floor, what was found is claimed, and a refusal says the numbers.
 *
 * sources: tools/xend/domain/memory.c tools/xend/failure.c tools/libs/base/[a-z]*.c
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

#include <base/log.h>
#include <xc/xc.h>
#include <xen/sysctl.h>

#include "domain/domain.h"
#include "store.h"

static struct xend x;
static struct domain first, second;
static uint64_t free_kib, dom0_kib, asked_kib, pending;
static unsigned int asks;

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info)
{
    memset(info, 0, sizeof(*info));
    info->free_pages = free_kib / 4;
    return 0;
}

static uint64_t limit_kib, claimed_pages;

int xc_domain_set_max_mem(struct xc *xc, uint32_t domid, uint64_t kib)
{
    limit_kib = kib;
    return 0;
}

int xc_memory_claim(struct xc *xc, uint32_t domid, unsigned long pages)
{
    if (pages > free_kib / 4)
        return -ENOMEM;
    claimed_pages = pages;
    return 0;
}

long xc_memory_current(struct xc *xc, uint32_t domid)
{
    return dom0_kib / 4;
}

uint64_t start_pending_kib(const struct domain *d)
{
    return d == &second ? pending : 0;
}

int xs_printf(struct xs *xs, uint32_t tx, const char *path, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    asked_kib = va_arg(args, unsigned long long);
    va_end(args);
    asks++;
    return 0;
}

static int setup(void **state)
{
    memset(&x, 0, sizeof(x));
    list_init(&x.domains);
    first.x = second.x = &x;
    list_add_tail(&x.domains, &first.link);
    list_add_tail(&x.domains, &second.link);
    x.config.dom0_min_mem = 100;
    x.config.dom0_ballooning = 1;
    free_kib = 50000;
    dom0_kib = 400000;
    pending = asks = 0;
    return 0;
}

static void test_what_is_free(void **state)
{
    struct memory_asked asked = { 0 };
    struct failure f;

    assert_int_equal(memory_find(&first, 50000, &asked, &f), 0);
    /* What another start has in mind is not free. */
    pending = 10000;
    assert_int_equal(memory_find(&first, 50000, &asked, &f), -EAGAIN);
    assert_int_equal(asked_kib, 390000);
    assert_int_equal(memory_find(&second, 50000, &(struct memory_asked){ 0 }, &f), 0);
}

static void test_balloon(void **state)
{
    struct memory_asked asked = { 0 };
    struct failure f;

    assert_int_equal(memory_find(&first, 150000, &asked, &f), -EAGAIN);
    assert_int_equal(asked_kib, 300000);
    /* It gives in steps, and is not asked at each of them. */
    dom0_kib = 350000;
    free_kib = 100000;
    assert_int_equal(memory_find(&first, 150000, &asked, &f), -EAGAIN);
    assert_int_equal(asks, 1);
    dom0_kib = 300000;
    free_kib = 150000;
    assert_int_equal(memory_find(&first, 150000, &asked, &f), 0);
}

static void test_floor(void **state)
{
    struct memory_asked asked = { 0 };
    struct failure f;

    assert_int_equal(memory_find(&first, 400000, &asked, &f), -ENOMEM);
    assert_string_equal(f.text, "I need 400000 KiB, but dom0_min_mem is 102400 and shrinking to "
                        "102400 KiB would leave only 347600 KiB free.");
    assert_int_equal(asks, 0);
}

static void test_no_balloon(void **state)
{
    struct memory_asked asked = { 0 };
    struct failure f;

    x.config.dom0_ballooning = 0;
    assert_int_equal(memory_find(&first, 60000, &asked, &f), -ENOMEM);
    assert_string_equal(f.text, "Not enough free memory and enable-dom0-ballooning is False, so I "
                        "cannot release any more.  I need 60000 KiB but only have 50000.");
}

/* A dom0 that gives nothing, though its memory wavers, is not waited for for ever. */
static void test_stuck(void **state)
{
    struct memory_asked asked = { 0 };
    struct failure f;
    int rounds = 0, rc;

    do {
        dom0_kib = 400000 + rounds % 3 * 4;
        rc = memory_find(&first, 150000, &asked, &f);
    } while (rc == -EAGAIN && ++rounds < 1000);
    assert_int_equal(rc, -ENOMEM);
    assert_string_equal(f.text,
                        "Not enough memory is available, and dom0 cannot be shrunk any further");
}

/* The limit comes first: the hypervisor promises nothing beyond it. */
static void test_claim(void **state)
{
    struct failure f;

    assert_int_equal(memory_claim(&first, 50000, &f), 0);
    assert_int_equal(limit_kib, 50000);
    assert_int_equal(claimed_pages, 12500);
    free_kib = 49000;
    assert_int_equal(memory_claim(&first, 50000, &f), -ENOMEM);
    assert_string_equal(f.text, "I need 50000 KiB but only have 49000.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_free, setup),
        cmocka_unit_test_setup(test_balloon, setup),
        cmocka_unit_test_setup(test_floor, setup),
        cmocka_unit_test_setup(test_no_balloon, setup),
        cmocka_unit_test_setup(test_stuck, setup),
        cmocka_unit_test_setup(test_claim, setup),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
