/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dom0 makes random calls (lib/chaos.h) from three vCPUs at once, with all its rights but none of
 * those calls that end the machine; commands about domains name one that waits to be run, or none.
 *
 * Much of it succeeds and does harm, to dom0 and to the other domain; the hypervisor must answer at
 * the end as it did at the beginning.
 *
 * The command line may say seed= and calls= (of each vCPU).
 *
 * smp: 3
 * options: guest_loglvl=none loglvl=warning
 * seconds: 60
 */
#define __XEN_TOOLS__
#include "../lib/chaos.h"
#include "../lib/domain.h"

#define VCPUS 3

static struct child child;
static uint64_t calls = 2000;

static void nothing(void)
{
}

static void choose_targets(void)
{
    for (unsigned int i = 0; i < CHAOS_STRANGERS; i++)
        chaos_target.mfns[i] = child.frames[i * 40];
    chaos_target.mfns[0] = child.shared_info_mfn;
    chaos_target.hypervisors = hypervisor_mfn();
    chaos_target.ids[1] = 0;
    chaos_target.ids[0] = chaos_target.ids[2] = child.id;
    chaos_target.ids[3] = 4711;
}

static void call_more(void *unused)
{
    chaos_run(calls);
}

/* They may be down at any time: whoever is done looks after the others. */
static bool are_done(void)
{
    bool all = true;

    for (unsigned int i = 1; i < VCPUS; i++) {
        vcpu_op(VCPUOP_up, i, NULL);
        all = all && chaos_of[i].calls >= calls;
    }
    return all;
}

TEST("random_calls_dom0")
{
    uint64_t seed = told_number("seed=", 1);

    calls = told_number("calls=", calls);
    child_create(&child, 2);
    child_build(&child, nothing);
    choose_targets();
    chaos_init(seed, CHAOS_PRIVILEGED);

    section("calls");
    for (unsigned int i = 1; i < VCPUS; i++)
        vcpu_run(i, call_more, NULL);
    chaos_run(calls);
    while (!are_done())
        sched_op(SCHEDOP_yield, NULL);
    printf("  seed %lu: %lu calls\n", seed, VCPUS * calls);

    section("and it still answers");
    EXPECT_EQ(xen_version(XENVER_version, NULL) >> 16, 4);
    EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, 0), 0);
    EXPECT_EQ(domctl_args.domain, 0);
    EXPECT_ANY(domctl(XEN_DOMCTL_destroydomain, child.id), 0, -XEN_ESRCH);
}
