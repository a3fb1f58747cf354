/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performance counters, as a control tool asks for them: how many there are, names, values, and
 * back to nothing; on CPUs that are there.
 *
 * sources: xen/lib/format.c
 * flags: -DXEN_PERFC -include tests/unit/common/sched/percpu_array.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/common/trace/counters.c"

#define ROOM 4096

unsigned int cpu_count = 3;
struct cpumask cpu_online;
static unsigned int copies_left;

/* The caller's memory is ours. */
unsigned long copy_to_guest_va(uint64_t to, const void *from, unsigned long n)
{
    if (!copies_left)
        return n;
    copies_left--;
    memcpy((void *)to, from, n);
    return 0;
}

static struct xen_sysctl_perfc_desc descs[64];
static uint32_t values[ROOM];
static struct xen_sysctl op;

static int setup(void **state)
{
    (void)state;
    cpu_online.bits[0] = 5;                     /* 0 and 2 */
    copies_left = ~0u;
    reset();
    memset(&op, 0, sizeof(op));
    memset(values, 0xff, sizeof(values));
    op.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
    return 0;
}

/* Its first value. */
static const uint32_t *find(const char *name)
{
    uint32_t at = 0;

    for (unsigned int i = 0; i < op.u.perfc_op.nr_counters; i++) {
        if (!strcmp(descs[i].name, name))
            return &values[at];
        at += descs[i].nr_vals;
    }
    fail_msg("no counter %s", name);
    return NULL;
}

static void ask(void)
{
    op.u.perfc_op.desc.p = descs;
    op.u.perfc_op.val.p = values;
    assert_int_equal(sysctl_perfc(&op), 0);
}

static void sizes_first(void **state)
{
    (void)state;
    assert_int_equal(sysctl_perfc(&op), 0);
    uint32_t nr = op.u.perfc_op.nr_counters, all = op.u.perfc_op.nr_vals, sum = 0;
    assert_int_equal(nr, ARRAY_SIZE(counters));
    assert_in_range(nr, 5, 64);
    ask();
    for (unsigned int i = 0; i < nr; i++) {
        assert_true(descs[i].name[0]);
        assert_true(descs[i].nr_vals >= 3);
        sum += descs[i].nr_vals;
    }
    assert_int_equal(sum, all);
    assert_int_equal(values[all - 1], 0);
    assert_int_equal(values[all], UINT32_MAX);          /* nothing behind what was promised */
}

static void counts(void **state)
{
    (void)state;
    fake_cpu = 0;
    perf_count(PERF_WAKE);
    perf_count_of(PERF_HYPERCALLS, 17);
    fake_cpu = 2;
    perf_count(PERF_WAKE);
    perf_count(PERF_WAKE);
    perf_count_of(PERF_HYPERCALLS, 17);
    perf_count_of(PERF_HYPERCALLS, 63);
    ask();
    const uint32_t *wakes = find("sched: vcpus woken"), *calls = find("hypercalls");
    assert_int_equal(wakes[0], 1);
    assert_int_equal(wakes[1], 0);
    assert_int_equal(wakes[2], 2);
    assert_int_equal(calls[17], 2);             /* a list is of all CPUs together */
    assert_int_equal(calls[63], 1);
    assert_int_equal(find("exceptions handed to guests")[0], 0);
    op.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_reset;
    ask();
    assert_int_equal(wakes[2], 0);
    assert_int_equal(calls[17], 0);
}

static void bad_callers(void **state)
{
    (void)state;
    op.u.perfc_op.cmd = 7;
    assert_int_equal(sysctl_perfc(&op), -EINVAL);
    op.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
    op.u.perfc_op.desc.p = descs;
    op.u.perfc_op.val.p = values;
    for (unsigned int n = 0; n < 20; n++) {
        copies_left = n;
        assert_int_equal(sysctl_perfc(&op), -EFAULT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sizes_first, setup),
        cmocka_unit_test_setup(counts, setup),
        cmocka_unit_test_setup(bad_callers, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
