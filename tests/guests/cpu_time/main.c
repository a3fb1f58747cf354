/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time is accounted exactly: over a second in which vcpus spin, sleep and yield, what they used
 * and what CPUs idled add up to the CPUs' time, and a vcpu's runstates to the time that passed,
 * within a thousandth.
 *
 * flags: -D__XEN_TOOLS__
 * smp: 2
 * options: dom0_max_vcpus=4
 * seconds: 60
 */
#include "../lib/guest.h"

#include <public/domctl.h>
#include <public/sysctl.h>

#define CPUS 2
#define VCPUS 4
#define TRIES 10

static struct xen_sysctl sysctl;
static struct xen_domctl domctl;
static struct xen_sysctl_cpuinfo idle[CPUS];
static volatile bool stop;

struct times {
    uint64_t now, used, idle;
};

static uint64_t read_idle(void)
{
    sysctl = (struct xen_sysctl){ .cmd = XEN_SYSCTL_getcpuinfo,
                                  .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    sysctl.u.getcpuinfo.max_cpus = CPUS;
    set_xen_guest_handle(sysctl.u.getcpuinfo.info, idle);
    REQUIRE_EQ(HYPERCALL_1(sysctl, &sysctl), 0);
    REQUIRE_EQ(sysctl.u.getcpuinfo.nr_cpus, CPUS);
    return idle[0].idletime + idle[1].idletime;
}

static uint64_t read_used(void)
{
    domctl = (struct xen_domctl){ .cmd = XEN_DOMCTL_getdomaininfo,
                                  .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    REQUIRE_EQ(HYPERCALL_1(domctl, &domctl), 0);
    return domctl.u.getdomaininfo.cpu_time;
}

/* All at one time: taken again if it took long, as on a host that had something else to do. */
static struct times take(void)
{
    struct times t;
    uint64_t before;

    for (unsigned int i = 0; i < 200; i++) {
        before = time_now();
        t.used = read_used();
        t.idle = read_idle();
        t.now = time_now();
        if (t.now - before < 100 * US)
            break;
    }
    t.now -= (t.now - before) / 2;
    return t;
}

/* Some CPU time, some sleep, some yields, by turns. */
static void work(void *arg)
{
    unsigned int me = current()->id;
    long timer = event_bind_virq(VIRQ_TIMER, me);

    REQUIRE(timer > 0);
    event_unmask(timer);
    while (!stop) {
        time_spin(me * MS);
        set_timer_op(time_now() + 3 * MS);
        sched_op(SCHEDOP_block, NULL);
        upcalls_disable();
        for (unsigned int i = 0; i < 20; i++)
            sched_op(SCHEDOP_yield, NULL);
    }
}

static void check_sum(void)
{
    uint64_t wall = 0, sum = 0, off = ~0UL;

    section("what was used and what idled are the CPUs' time");
    for (unsigned int i = 0; i < TRIES && off > wall / 1000; i++) {
        struct times start = take();

        time_spin(SECOND);
        struct times end = take();

        wall = (end.now - start.now) * CPUS;
        sum = end.used - start.used + end.idle - start.idle;
        off = sum > wall ? sum - wall : wall - sum;
        printf("  of %lu us: %lu used, %lu idle, %lu us off\n", wall / US,
               (end.used - start.used) / US, (end.idle - start.idle) / US, off / US);
        EXPECT(end.used > start.used && end.idle > start.idle);
    }
    EXPECT(off <= wall / 1000);
}

static void check_runstates(void)
{
    struct vcpu_runstate_info r[2];
    uint64_t at[2];

    section("a vcpu's states are the time that passed");
    for (unsigned int id = 0; id < VCPUS; id++) {
        uint64_t sum = 0, off = 0;

        for (unsigned int i = 0; i < 2; i++) {
            EXPECT_EQ(vcpu_op(VCPUOP_get_runstate_info, id, &r[i]), 0);
            at[i] = time_now();
            if (!i)
                time_spin(100 * MS);
        }
        for (unsigned int state = 0; state < 4; state++)
            sum += r[1].time[state] - r[0].time[state];
        uint64_t passed = at[1] - at[0];

        off = sum > passed ? sum - passed : passed - sum;
        printf("  vcpu %u: %lu us, %lu ns off\n", id, passed / US, off);
        /* Between the answer and our look at the clock the host may be elsewhere: not here for
         * long. */
        EXPECT(off < passed / 20);
    }
}

TEST("cpu_time")
{
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_run(id, work, NULL);
    check_sum();
    check_runstates();
    stop = true;
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
}
