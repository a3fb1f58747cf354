/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each policy promises on several CPUs, in virtual time: shares by weight beside a domain that
 * comes and goes, and though CPUs stand still now and then, as under an emulator or in a guest of
 * another hypervisor; sedf's slices, wherever the vcpus wait; new parameters count at once.
 *
 * sources: xen/common/sched/core.c xen/common/sched/placement.c xen/common/sched/balance.c
 * sources: xen/common/sched/pool.c xen/common/sched/shares.c xen/common/sched/credit.c
 * sources: xen/common/sched/fair.c xen/common/sched/sedf.c xen/common/sched/bvt.c
 * sources: xen/common/sched/runstate.c xen/common/sched/affinity.c xen/common/sched/timers.c
 * sources: xen/common/sched/control.c xen/lib/bitmap.c xen/lib/rbtree.c xen/lib/format.c
 * flags: -include tests/unit/common/sched/percpu_array.h
 */
#include "sim.h"

#define SECONDS 10

static time_ns before[DOMAINS];

/* CPUs stand still for up to `still` each, or for no time. */
static void run_still(time_ns duration, time_ns still)
{
    time_ns end = now + duration;

    while (still && now < end) {
        sim_run((time_ns)below(100 * NS_PER_MS));
        cpus[below(cpu_count)].still_until = now + (time_ns)below((uint64_t)still);
    }
    sim_run(max(end - now, still));
}

static void measure(time_ns still)
{
    sim_run(NS_PER_S);
    for (unsigned int d = 0; d < nr_domains; d++)
        before[d] = ran(&domains[d]);
    run_still(SECONDS * NS_PER_S, still);
}

static double got(const struct domain *d) { return (double)(ran(d) - before[d->id]); }

static double distance(double a, double b) { return a > b ? a - b : b - a; }

/* ---- By weight ------------------------------------------------------------------------------- */

struct load { time_ns burst, sleep, still; };

/* Three that spin, and one that does not: how far from 1 : 2 : 4 is the worst of them? */
static double share_error(const struct sched_policy *policy, const struct load *l, uint64_t seed)
{
    struct domain *spinners[3];
    double sum = 0, worst = 0;

    sim_start(policy, 2 + (unsigned int)(seed % 2) * 2, seed);
    sim_live(sim_domain(1 + (unsigned int)below(2)), l->burst, l->sleep);
    for (unsigned int i = 0; i < 3; i++) {
        spinners[i] = sim_spinner(cpu_count);
        assert_int_equal(sim_weight(spinners[i], 256u << i, 0), 0);
    }
    for (unsigned int i = 0; i < nr_domains; i++)
        may_idle[i] = l->still != 0;
    measure(l->still);
    for (unsigned int i = 0; i < 3; i++)
        sum += got(spinners[i]);
    for (unsigned int i = 0; i < 3; i++)
        worst = max(worst, distance(got(spinners[i]) / (sum * (1 << i) / 7), 1));
    sim_end();
    return worst;
}

static void shares_beside_one_that_sleeps(void **state)
{
    static const struct sched_policy *const by_weight[] = { &sched_credit, &sched_fair,
                                                            &sched_bvt };
    static const struct load loads[] = {
        { NS_PER_MS / 5, NS_PER_MS, 0 }, { 5 * NS_PER_MS, 10 * NS_PER_MS, 0 },
        { 20 * NS_PER_MS, 50 * NS_PER_MS, 0 }, { 100 * NS_PER_MS, 300 * NS_PER_MS, 0 },
        { 5 * NS_PER_MS, 10 * NS_PER_MS, 20 * NS_PER_MS },
    };

    (void)state;
    for (unsigned int p = 0; p < ARRAY_SIZE(by_weight); p++) {
        double worst = 0;
        for (unsigned int i = 0; i < ARRAY_SIZE(loads); i++)
            for (uint64_t seed = 0; seed < 20; seed++)
                worst = max(worst, share_error(by_weight[p], &loads[i], seed));
        print_message("%s: worst error %.2f %%\n", by_weight[p]->option, worst * 100);
        assert_true(worst < 0.02);
    }
}

/* ---- sedf ------------------------------------------------------------------------------------ */

/*
 * As many as earliest deadline first can serve on so many CPUs, whatever the periods: with parts
 * that sum to no more than m - (m - 1) * the largest.  Others want what is left.
 */
static unsigned int guaranteed_load(double *part)
{
    unsigned int tries = 1 + (unsigned int)below(6), n = 0;
    double total = 0, most = 0;

    while (tries--) {
        time_ns period = (time_ns)(5 + below(100)) * NS_PER_MS;
        time_ns slice = period / 100 * (time_ns)(1 + below(60));
        double x = (double)slice / (double)period, largest = max(most, x);
        if (total + x > cpu_count - (cpu_count - 1) * largest - 0.02)
            continue;
        assert_int_equal(sim_sedf(sim_spinner(1), period, slice, 256, false), 0);
        part[n++] = x;
        total += x;
        most = largest;
    }
    for (unsigned int others = 1 + (unsigned int)below(4); others--; )
        sim_spinner(1);
    return n;
}

static void slices_are_had_on_any_cpu(void **state)
{
    double part[DOMAINS], worst = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        sim_start(&sched_sedf, 2 + (unsigned int)(seed % 3), seed);
        unsigned int n = guaranteed_load(part);
        measure(0);
        for (unsigned int i = 0; i < n; i++)
            worst = max(worst, distance(got(&domains[i]) / (SECONDS * NS_PER_S) / part[i], 1));
        sim_end();
    }
    print_message("sedf: worst error of a slice %.2f %%\n", worst * 100);
    assert_true(worst < 0.02);
}

/* Who is stopped late, since a CPU stood still, pays for it later: in the mean nobody gains. */
static void slices_are_not_exceeded(void **state)
{
    double part[DOMAINS], sum = 0, worst = 0;
    unsigned int nr = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        sim_start(&sched_sedf, 1 + (unsigned int)(seed % 4), seed);
        unsigned int n = guaranteed_load(part);
        for (unsigned int i = 0; i < nr_domains; i++)
            may_idle[i] = true;
        measure(5 * NS_PER_MS);
        for (unsigned int i = 0; i < n; i++) {
            double is = got(&domains[i]) / (SECONDS * NS_PER_S) / part[i];
            worst = max(worst, is - 1);
            sum += is;
            nr++;
        }
        sim_end();
    }
    print_message("sedf, stopped late: %.2f %% too much at most, %.2f %% in the mean\n",
                  worst * 100, (sum / nr - 1) * 100);
    assert_true(worst < 0.04 && sum / nr - 1 < 0.01);
}

/* Who has a slice and sleeps much has it soon after he wakes up. */
static void sleepers_have_their_slice_in_time(void **state)
{
    time_ns worst = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        sim_start(&sched_sedf, 1 + (unsigned int)(seed % 4), seed);
        for (unsigned int i = 0; i < cpu_count; i++)
            assert_int_equal(sim_sedf(sim_spinner(1), 100 * NS_PER_MS, 90 * NS_PER_MS, 256, true),
                             0);
        struct domain *d = sim_domain(1);
        assert_int_equal(sim_sedf(d, 10 * NS_PER_MS, NS_PER_MS, 256, false), 0);
        sim_live(d, 600 * NS_PER_US, 10 * NS_PER_MS);
        sim_run(5 * NS_PER_S);
        worst = max(worst, lives[d->id][0].longest_latency);
        sim_end();
    }
    print_message("sedf: woken vcpus waited %ld us at most\n", worst / NS_PER_US);
    assert_true(worst < 10 * NS_PER_MS);
}

/* A vcpu that had a CPU to itself, or waited, is bound to its slice from now on; and free again. */
static void parameters_count_at_once(void **state)
{
    (void)state;
    for (unsigned int nr_vcpus = 1; nr_vcpus <= 4; nr_vcpus++) {
        sim_start(&sched_sedf, 2, nr_vcpus);
        struct domain *d = sim_spinner(nr_vcpus);
        sim_run(NS_PER_S);
        assert_int_equal(sim_sedf(d, 100 * NS_PER_MS, 20 * NS_PER_MS, 256, false), 0);
        measure(0);
        double is = got(d) / (SECONDS * NS_PER_S);
        assert_true(distance(is, 0.2 * nr_vcpus) < 0.01);
        assert_int_equal(sim_sedf(d, 100 * NS_PER_MS, 0, 256, true), 0);
        measure(0);
        is = got(d) / (SECONDS * NS_PER_S);
        assert_true(distance(is, min(nr_vcpus, cpu_count)) < 0.01);
        sim_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_beside_one_that_sleeps),
        cmocka_unit_test(slices_are_had_on_any_cpu), cmocka_unit_test(slices_are_not_exceeded),
        cmocka_unit_test(sleepers_have_their_slice_in_time),
        cmocka_unit_test(parameters_count_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
