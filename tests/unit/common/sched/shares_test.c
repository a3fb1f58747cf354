/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each policy promises, in virtual time and under many random loads: shares by weight, caps,
 * nobody starves, who wakes up runs soon, guaranteed slices.
 *
 * sources: xen/common/sched/core.c xen/common/sched/placement.c xen/common/sched/balance.c
 * sources: xen/common/sched/pool.c xen/common/sched/shares.c xen/common/sched/credit.c
 * sources: xen/common/sched/fair.c xen/common/sched/sedf.c xen/common/sched/bvt.c
 * sources: xen/common/sched/runstate.c xen/common/sched/affinity.c xen/common/sched/timers.c
 * sources: xen/common/sched/control.c xen/lib/bitmap.c xen/lib/rbtree.c xen/lib/format.c
 * flags: -include tests/unit/common/sched/percpu_array.h
 */
#include "sim.h"

static const struct sched_policy *const by_weight[] = { &sched_credit, &sched_fair, &sched_bvt };

/* What each domain should get of nr_cpus: by weight, but none more than it has vcpus, or its cap;
 * in CPUs. */
static void fair_shares(double *share, const unsigned int *weight, const double *limit,
                        unsigned int n, double total)
{
    bool is_full[DOMAINS] = { false };

    memset(share, 0, n * sizeof(*share));
    for (unsigned int round = 0; round < n; round++) {
        double weights = 0, rest = total;
        for (unsigned int i = 0; i < n; i++) {
            weights += is_full[i] ? 0 : weight[i];
            rest -= is_full[i] ? share[i] : 0;
        }
        bool again = false;
        for (unsigned int i = 0; i < n && !again; i++) {
            if (is_full[i])
                continue;
            share[i] = rest * weight[i] / weights;
            if (share[i] > limit[i]) {
                share[i] = limit[i];
                is_full[i] = again = true;
            }
        }
        if (!again)
            return;
    }
}

static double worst_share, worst_wait;

/* Nobody starves: a vcpu's longest wait, over how long it takes to earn a slice of 10 ms. */
static void note_wait(unsigned int d, unsigned int i, double share)
{
    const struct life *l = &lives[d][i];
    time_ns wait = max(l->longest_wait, l->waits_since ? now - l->waits_since : 0L);
    double slices = (double)wait * share / (10.0 * NS_PER_MS);

    worst_wait = max(worst_wait, slices);
}

static void one_share_load(const struct sched_policy *policy, uint64_t seed)
{
    static const unsigned int some_weights[] = { 64, 128, 256, 256, 512, 1024 };
    unsigned int weight[DOMAINS], n;
    double share[DOMAINS], limit[DOMAINS];

    sim_start(policy, 1 + (unsigned int)(seed % 4), seed);
    n = 2 + (unsigned int)below(5);
    for (unsigned int i = 0; i < n; i++) {
        struct domain *d = sim_spinner(1 + (unsigned int)below(cpu_count + 1));
        weight[i] = some_weights[below(ARRAY_SIZE(some_weights))];
        limit[i] = min(d->max_vcpus, cpu_count);
        assert_int_equal(sim_weight(d, weight[i], 0), 0);
    }
    sim_run(NS_PER_S);
    time_ns before[DOMAINS];
    for (unsigned int i = 0; i < n; i++)
        before[i] = ran(&domains[i]);
    sim_run(10 * NS_PER_S);
    fair_shares(share, weight, limit, n, cpu_count);
    for (unsigned int i = 0; i < n; i++) {
        double got = (double)(ran(&domains[i]) - before[i]) / (10.0 * NS_PER_S);
        double error = (got > share[i] ? got - share[i] : share[i] - got) / share[i];
        worst_share = max(worst_share, error);
        if (error > 0.02)
            printf("%s seed %lu, %u cpus: d%u of %u vcpus, weight %u got %.4f, should %.4f\n",
                   policy->option, seed, cpu_count, i, domains[i].max_vcpus, weight[i], got,
                   share[i]);
        for (unsigned int k = 0; k < domains[i].max_vcpus; k++)
            note_wait(i, k, share[i] / domains[i].max_vcpus);
    }
    sim_end();
}

static void shares_follow_weights(void **state)
{
    (void)state;
    for (unsigned int p = 0; p < ARRAY_SIZE(by_weight); p++) {
        worst_share = worst_wait = 0;
        for (uint64_t seed = 0; seed < 120; seed++)
            one_share_load(by_weight[p], seed);
        print_message("%s: worst error %.2f %%, longest wait %.1f slices\n", by_weight[p]->option,
                      worst_share * 100, worst_wait);
        assert_true(worst_share < 0.02);
        assert_true(worst_wait < 20);
    }
}

/* ---- Caps ------------------------------------------------------------------------------------ */

static double worst_cap;

static void one_cap_load(const struct sched_policy *policy, uint64_t seed)
{
    unsigned int cap[DOMAINS], n;
    double total = 0;

    sim_start(policy, 1 + (unsigned int)(seed % 4), seed);
    n = 1 + (unsigned int)below(4);
    for (unsigned int i = 0; i < n; i++) {
        struct domain *d = sim_spinner(1 + (unsigned int)below(4));
        cap[i] = 5 + (unsigned int)below(100 * min(d->max_vcpus, cpu_count) - 5);
        total += cap[i] / 100.0;
        assert_int_equal(sim_weight(d, 256, cap[i]), 0);
    }
    /* When all caps together fit, each gets exactly his. */
    bool fits = total < cpu_count * 0.75;
    struct domain *rest = sim_spinner(cpu_count);
    assert_int_equal(sim_weight(rest, 1, 0), 0);
    sim_run(NS_PER_S);
    time_ns before[DOMAINS];
    for (unsigned int i = 0; i < n; i++)
        before[i] = ran(&domains[i]);
    sim_run(10 * NS_PER_S);
    for (unsigned int i = 0; i < n; i++) {
        double got = (double)(ran(&domains[i]) - before[i]) / (10.0 * NS_PER_S),
               should = cap[i] / 100.0;
        if (got > should * 1.01 || (fits && got < should * .99))
            printf("%s seed %lu cap %u d%u got %.3f cpus %u vcpus %u n %u total %.2f\n",
                   policy->option, seed, cap[i], i, got, cpu_count, domains[i].max_vcpus, n, total);
        if (fits)
            worst_cap = max(worst_cap, (should - got) / should);
    }
    sim_end();
}

static void caps_hold(void **state)
{
    (void)state;
    for (unsigned int p = 0; p < 2; p++) {
        worst_cap = 0;
        for (uint64_t seed = 0; seed < 80; seed++)
            one_cap_load(by_weight[p], seed);
        print_message("%s: at most %.2f %% below the cap\n", by_weight[p]->option, worst_cap * 100);
        assert_true(worst_cap < 0.01);
    }
}

/* ---- Latency --------------------------------------------------------------------------------- */

/* One that runs little next to spinners runs soon when it wakes up. */
static void one_latency_load(const struct sched_policy *policy, uint64_t seed, time_ns *worst,
                             time_ns *sum, unsigned int *wakeups)
{
    sim_start(policy, 1 + (unsigned int)(seed % 4), seed);
    for (unsigned int i = 0; i < 1 + seed % 3; i++)
        sim_spinner(cpu_count + (unsigned int)below(2));
    sim_run(NS_PER_S);
    struct domain *d = sim_domain(1 + (unsigned int)below(cpu_count));
    sim_live(d, 300 * NS_PER_US, 10 * NS_PER_MS);
    sim_run(100 * NS_PER_MS);
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        lives[d->id][i].longest_latency = lives[d->id][i].sum_latency = lives[d->id][i].wakeups = 0;
    sim_run(5 * NS_PER_S);
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        *worst = max(*worst, lives[d->id][i].longest_latency);
        *sum += lives[d->id][i].sum_latency;
        *wakeups += lives[d->id][i].wakeups;
    }
    sim_end();
}

static void sleepers_run_soon(void **state)
{
    /* No longer than credit's rate limit, and another sleeper. */
    static const time_ns bound[] = { 2 * NS_PER_MS, 2 * NS_PER_MS };

    (void)state;
    for (unsigned int p = 0; p < ARRAY_SIZE(bound); p++) {
        time_ns worst = 0, sum = 0;
        unsigned int wakeups = 0;
        for (uint64_t seed = 0; seed < 60; seed++)
            one_latency_load(by_weight[p], seed, &worst, &sum, &wakeups);
        print_message("%s: woken vcpus waited %ld us at most, %ld us in the mean\n",
                      by_weight[p]->option, worst / NS_PER_US, sum / wakeups / NS_PER_US);
        assert_true(worst <= bound[p]);
    }
}

/* ---- sedf ------------------------------------------------------------------------------------ */

/* Slices are had in full, and not exceeded without extra time; that is shared by weight. */
static void one_sedf_load(uint64_t seed)
{
    double guaranteed[DOMAINS], total = 0;
    unsigned int n;

    sim_start(&sched_sedf, 1, seed);
    n = 1 + (unsigned int)below(5);
    for (unsigned int i = 0; i < n; i++) {
        struct domain *d = sim_spinner(1);
        time_ns period = (time_ns)(5 + below(100)) * NS_PER_MS,
                slice = period / 100 * (time_ns)(1 + below(30));
        guaranteed[i] = (double)slice / (double)period;
        int rc = sim_sedf(d, period, slice, 256, false);
        assert_int_equal(rc, total + guaranteed[i] > 1.0 ? -ENOSPC : 0);
        guaranteed[i] = rc ? 0 : guaranteed[i];
        total += guaranteed[i];
    }
    struct domain *light = sim_spinner(1), *heavy = sim_spinner(1);
    assert_int_equal(sim_sedf(light, 100 * NS_PER_MS, 0, 100, true), 0);
    assert_int_equal(sim_sedf(heavy, 100 * NS_PER_MS, 0, 300, true), 0);
    sim_run(NS_PER_S);
    time_ns before[DOMAINS];
    for (unsigned int i = 0; i < nr_domains; i++)
        before[i] = ran(&domains[i]);
    sim_run(10 * NS_PER_S);
    for (unsigned int i = 0; i < n; i++) {
        double got = (double)(ran(&domains[i]) - before[i]) / (10.0 * NS_PER_S);
        if (guaranteed[i] > 0)
            assert_true(got > guaranteed[i] * 0.98 - 0.001 && got < guaranteed[i] * 1.02 + 0.001);
    }
    time_ns had_light = ran(light) - before[light->id], had_heavy = ran(heavy) - before[heavy->id];
    assert_true(had_heavy > had_light * 29 / 10 - 20 * NS_PER_MS &&
                had_heavy < had_light * 31 / 10 + 20 * NS_PER_MS);
    sim_end();
}

static void slices_are_guaranteed(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++)
        one_sedf_load(seed);
}

/* ---- bvt ------------------------------------------------------------------------------------- */

static void warped_run_first(void **state)
{
    (void)state;
    struct xen_domctl op = { 0 };
    struct xen_domctl_sched_params *p = (struct xen_domctl_sched_params *)&op.u;
    time_ns worst[2] = { 0, 0 };

    for (unsigned int warped = 0; warped < 2; warped++) {
        sim_start(&sched_bvt, 1, 7);
        for (unsigned int i = 0; i < 3; i++)
            sim_spinner(1);
        struct domain *d = sim_domain(1);
        p->sched_id = XEN_SCHEDULER_BVT;
        p->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
        p->u.bvt = (struct xen_domctl_sched_bvt){ 256, warped * 100000, 0, 0 };
        on_cpu(0);
        assert_int_equal(domctl_scheduler(d, &op), 0);
        sim_live(d, 10 * NS_PER_MS, 10 * NS_PER_MS);
        sim_run(10 * NS_PER_S);
        worst[warped] = lives[d->id][0].sum_latency / lives[d->id][0].wakeups;
        sim_end();
    }
    print_message("bvt: wake-up to run in the mean %ld us, warped %ld us\n", worst[0] / NS_PER_US,
                  worst[1] / NS_PER_US);
    assert_true(worst[1] < worst[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_weights), cmocka_unit_test(caps_hold),
        cmocka_unit_test(sleepers_run_soon), cmocka_unit_test(slices_are_guaranteed),
        cmocka_unit_test(warped_run_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
