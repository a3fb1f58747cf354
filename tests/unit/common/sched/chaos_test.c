/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything changes all the time: vcpus sleep and wake, are paused, pinned, taken down, CPUs and
 * domains move between pools of all policies, weights change; registers take time to save.  sim.h
 * checks after each step that no vcpu is lost, none waits where a CPU idles, and each runs where it
 * may.
 *
 * sources: xen/common/sched/core.c xen/common/sched/placement.c xen/common/sched/balance.c
 * sources: xen/common/sched/pool.c xen/common/sched/shares.c xen/common/sched/credit.c
 * sources: xen/common/sched/fair.c xen/common/sched/sedf.c xen/common/sched/bvt.c
 * sources: xen/common/sched/runstate.c xen/common/sched/affinity.c xen/common/sched/timers.c
 * sources: xen/common/sched/control.c xen/lib/bitmap.c xen/lib/rbtree.c xen/lib/format.c
 * flags: -include tests/unit/common/sched/percpu_array.h
 */
#include "sim.h"

static const struct sched_policy *const all[] = { &sched_credit, &sched_fair, &sched_bvt,
                                                  &sched_sedf };

static unsigned int refused;             /* what could not be done, as is right */
static uint32_t paused[DOMAINS][VCPUS], domain_paused[DOMAINS];

static struct vcpu *some_vcpu(void)
{
    struct domain *d = &domains[below(nr_domains)];
    return d->vcpu[below(d->max_vcpus)];
}

static void pause_or_not(struct vcpu *v)
{
    uint32_t *count = &paused[v->domain->id][v->vcpu_id];

    if (*count && below(2)) {
        (*count)--;
        vcpu_unpause(v);
    } else if (*count < 3) {
        (*count)++;
        vcpu_pause_nosync(v);
    }
}

static void pause_domain_or_not(struct domain *d)
{
    if (domain_paused[d->id]) {
        domain_paused[d->id]--;
        domain_unpause(d);
    } else {
        domain_paused[d->id]++;
        domain_pause_nosync(d);
    }
}

static void up_or_down(struct vcpu *v)
{
    if (atomic_test_and_clear_bit(VPF_DOWN, &v->pause_flags))
        vcpu_wake(v);
    else if (!atomic_test_and_set_bit(VPF_DOWN, &v->pause_flags))
        vcpu_sleep_nosync(v);
}

static void pin(struct vcpu *v)
{
    struct cpumask mask = { { below(3) ? below(1u << cpu_count) : ~0ul } };
    bool possible = bitmap_intersects(mask.bits, v->sched->domain->pool->cpus.bits, cpu_count);

    assert_int_equal(vcpu_set_hard_affinity(v, &mask), possible ? 0 : -EINVAL);
}

static void like(struct vcpu *v)
{
    struct cpumask mask = { { below(1u << cpu_count) } };
    assert_int_equal(vcpu_set_soft_affinity(v, &mask), 0);
}

/* As sysctl does, but that the vcpus get time to stop. */
static void move_domain(struct domain *d)
{
    domain_pause_nosync(d);
    sim_run(switch_time + 1);
    on_cpu(0);
    spin_lock(&cpupool_lock);
    refused += cpupool_move_domain(d, (unsigned int)below(4)) != 0;
    spin_unlock(&cpupool_lock);
    domain_unpause(d);
}

static void change_pools(void)
{
    unsigned int id = (unsigned int)below(4), cpu = (unsigned int)below(cpu_count);
    unsigned int any = XEN_SYSCTL_CPUPOOL_PAR_ANY;
    struct xen_sysctl op = { 0 };

    op.u.cpupool_op = (struct xen_sysctl_cpupool_op){
        .op = (uint32_t[]){ XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_OP_DESTROY,
                            XEN_SYSCTL_CPUPOOL_OP_ADDCPU, XEN_SYSCTL_CPUPOOL_OP_ADDCPU,
                            XEN_SYSCTL_CPUPOOL_OP_ADDCPU, XEN_SYSCTL_CPUPOOL_OP_RMCPU }[below(6)],
        .cpupool_id = id, .cpu = below(2) ? any : cpu, .sched_id = all[below(4)]->id,
    };
    refused += sysctl_cpupool(&op) != 0;
}

static void reweigh(struct domain *d)
{
    const struct sched_policy *policy = d->sched->pool->policy;

    if (policy == &sched_sedf)
        refused += sim_sedf(d, (time_ns)(1 + below(50)) * NS_PER_MS,
                            (time_ns)below(20) * NS_PER_MS, 256, below(2)) != 0;
    else
        refused += sim_weight(d, 1 + (unsigned int)below(1000),
                              below(4) ? 0 : (unsigned int)below(150)) != 0;
    may_idle[d->id] = true;             /* until it is in another pool a cap may have been set */
}

static void one_change(void)
{
    on_cpu((unsigned int)below(cpu_count));
    switch (below(12)) {
    case 0: case 1: pause_or_not(some_vcpu()); break;
    case 2: pause_domain_or_not(&domains[below(nr_domains)]); break;
    case 3: case 4: up_or_down(some_vcpu()); break;
    case 5: case 6: pin(some_vcpu()); break;
    case 7: like(some_vcpu()); break;
    case 8: move_domain(&domains[below(nr_domains)]); break;
    case 9: change_pools(); break;
    case 10: reweigh(&domains[below(nr_domains)]); break;
    default: if (!cpus[fake_cpu].vcpu->is_idle) vcpu_yield();
    }
}

static void undo_all(void)
{
    for (unsigned int d = 0; d < nr_domains; d++) {
        domain_pause_nosync(&domains[d]);
        sim_run(switch_time + 1);
        on_cpu(0);
        spin_lock(&cpupool_lock);
        assert_int_equal(cpupool_move_domain(&domains[d], 0), 0);
        spin_unlock(&cpupool_lock);
        domain_unpause(&domains[d]);
    }
    sim_run(switch_time + 1);
    on_cpu(0);
    spin_lock(&cpupool_lock);
    for (unsigned int id = 1; id < 8; id++)
        if (cpupool_find(id))
            assert_int_equal(cpupool_destroy(id), 0);
    spin_unlock(&cpupool_lock);
    sim_run(switch_time + 1);
}

static void one_chaos(uint64_t seed)
{
    sim_start(all[seed % 4], 1 + (unsigned int)(seed / 4 % 8), seed);
    memset(paused, 0, sizeof(paused));
    memset(domain_paused, 0, sizeof(domain_paused));
    switch_time = seed % 3 ? 20 * NS_PER_US : 0;
    threads_per_core = 1 + (unsigned int)(seed % 2);
    cores_per_node = 2;
    unsigned int n = 1 + (unsigned int)below(6);
    for (unsigned int i = 0; i < n; i++) {
        struct domain *d = sim_domain(1 + (unsigned int)below(4));
        time_ns burst = (time_ns)(1 + below(20)) * NS_PER_MS / 4;
        may_idle[i] = false;
        sim_live(d, burst, below(3) ? (time_ns)(1 + below(20)) * NS_PER_MS / 4 : 0);
    }
    for (unsigned int step = 0; step < 100; step++) {
        one_change();
        sim_run((time_ns)below(5 * NS_PER_MS));
    }
    undo_all();
    sim_end();
    switch_time = 0;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4000; seed++)
        one_chaos(seed);
}

/* Runstates sum to the time that passed, and what ran to what CPUs were not idle. */
static void time_is_accounted(void **state)
{
    (void)state;
    for (unsigned int p = 0; p < ARRAY_SIZE(all); p++) {
        sim_start(all[p], 3, p + 1);
        sim_live(sim_domain(2), NS_PER_MS, NS_PER_MS);
        sim_live(sim_domain(3), 3 * NS_PER_MS, 2 * NS_PER_MS);
        sim_spinner(1);
        sim_run(5 * NS_PER_S);
        uint64_t all_ran = 0, idle = 0;
        for (unsigned int d = 0; d < nr_domains; d++) {
            for (unsigned int i = 0; i < domains[d].max_vcpus; i++) {
                struct vcpu_runstate_info info;
                on_cpu(0);
                vcpu_runstate_get(domains[d].vcpu[i], &info);
                uint64_t sum = info.time[0] + info.time[1] + info.time[2] + info.time[3];
                assert_int_equal(sum, 5 * NS_PER_S);
            }
            all_ran += domain_cpu_time(&domains[d]);
            assert_int_equal(domain_cpu_time(&domains[d]), ran(&domains[d]));
        }
        for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
            idle += vcpu_cpu_time(idle_table[cpu]);
        assert_int_equal(all_ran + idle, 3 * 5 * NS_PER_S);
        sim_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost), cmocka_unit_test(time_is_accounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
