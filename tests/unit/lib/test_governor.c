/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Governors of processors' frequencies: limits hold whoever chooses, ondemand follows the work and
 * comes to rest.
 *
 * sources: xen/lib/governor.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <lib/governor.h>
#include <lib/math.h>

static const struct governor_policy four = {
    .count = 4, .khz = { 3000000, 2000000, 1500000, 800000 }, .min_khz = 800000,
    .max_khz = 3000000, .wanted_khz = 3000000, .up_threshold = 80,
};

static void names(void **state)
{
    for (int i = 0; i < GOVERNORS; i++)
        assert_int_equal(governor_by_name(governor_names[i]), i);
    assert_int_equal(governor_by_name(""), -1);
    assert_int_equal(governor_by_name("ondemand "), -1);
}

static void fixed_choices(void **state)
{
    struct governor_policy p = four;

    p.governor = GOVERNOR_PERFORMANCE;
    assert_int_equal(governor_choose(&p, 0), 0);
    p.max_khz = 1999999;
    assert_int_equal(governor_choose(&p, 100), 2);
    p.governor = GOVERNOR_POWERSAVE;
    assert_int_equal(governor_choose(&p, 100), 3);
    p.min_khz = 800001;
    assert_int_equal(governor_choose(&p, 100), 2);
    p = four;
    p.governor = GOVERNOR_USERSPACE;
    for (uint32_t i = 0; i < 4; i++) {
        p.wanted_khz = p.khz[i];
        assert_int_equal(governor_choose(&p, 50), i);
    }
    p.wanted_khz = 1500001;
    assert_int_equal(governor_choose(&p, 50), 1);
    p.wanted_khz = 3000000;
    p.fastest = 2;
    assert_int_equal(governor_choose(&p, 50), 2);
    p.fastest = UINT32_MAX;                     /* a platform that allows next to nothing */
    assert_int_equal(governor_choose(&p, 50), 3);
}

/* The work of one period, in cycles, as busy percent at a state. */
static uint32_t busy_at(const struct governor_policy *p, uint32_t state, uint64_t khz)
{
    return (uint32_t)min(khz * 100 / p->khz[state], (uint64_t)100);
}

static void ondemand_follows(void **state)
{
    struct governor_policy p = four;

    p.governor = GOVERNOR_ONDEMAND;
    for (uint64_t work = 0; work <= 3000000; work += 1000) {
        for (uint32_t start = 0; start < 4; start++) {
            p.state = start;
            for (int i = 0; i < 8; i++)
                p.state = governor_choose(&p, busy_at(&p, p.state, work));
            uint32_t rest = p.state, next = governor_choose(&p, busy_at(&p, rest, work));
            assert_int_equal(next, rest);       /* it does not swing */
            if (rest > 0)
                assert_true(busy_at(&p, rest, work) < p.up_threshold);
        }
    }
    p.state = 3;
    assert_int_equal(governor_choose(&p, 80), 0);
    p.state = 0;
    assert_int_equal(governor_choose(&p, 0), 3);
}

static void limits_hold(void **state)
{
    srand(1);
    for (int i = 0; i < 200000; i++) {
        struct governor_policy p = { .count = 1 + (uint32_t)rand() % GOVERNOR_STATES };
        uint32_t khz = 5000000;
        for (uint32_t s = 0; s < p.count; s++) {
            p.khz[s] = khz;
            khz -= (uint32_t)rand() % 150000;
        }
        p.governor = (enum governor)(rand() % GOVERNORS);
        p.fastest = (uint32_t)rand() % GOVERNOR_STATES;
        p.max_khz = p.khz[rand() % (int)p.count];
        p.min_khz = min(p.max_khz, p.khz[rand() % (int)p.count]);
        p.wanted_khz = (uint32_t)rand() % 6000000;
        p.up_threshold = 11 + (uint32_t)rand() % 90;
        p.state = (uint32_t)rand() % p.count;
        uint32_t chosen = governor_choose(&p, (uint32_t)rand() % 101);
        assert_true(chosen < p.count);
        assert_true(chosen >= min(p.fastest, p.count - 1));
        assert_true(p.khz[chosen] <= p.max_khz);
        assert_true(p.khz[chosen] >= p.min_khz || chosen == min(p.fastest, p.count - 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names), cmocka_unit_test(fixed_choices),
        cmocka_unit_test(ondemand_follows), cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
