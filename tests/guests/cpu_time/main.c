/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time is accounted exactly: over a second in which vcpus spin, sleep and yield, what they used
 * and what CPUs idled add up to the CPUs' time, and a vcpu's runstates to the time that passed,
 * within a thousandth.  So also while vcpus go down and up, and while another domain is paused and
 * unpaused, or moved from one CPU pool to another and back.
 *
 * smp: 2
 * options: dom0_max_vcpus=4
 * seconds: 90
 */
#include "../lib/domain.h"

#include <public/sysctl.h>

#define CPUS 2
#define VCPUS 4
#define TRIES 10

static struct xen_sysctl sysctl;
static struct xen_sysctl_cpuinfo idle[CPUS];
static struct child other;
static volatile bool stop;

struct times {
    uint64_t now, used, idle;
};

static long ask(unsigned int cmd)
{
    sysctl.cmd = cmd;
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HYPERCALL_1(sysctl, &sysctl);
}

static uint64_t read_idle(void)
{
    memset(&sysctl, 0, sizeof(sysctl));
    sysctl.u.getcpuinfo.max_cpus = CPUS;
    set_xen_guest_handle(sysctl.u.getcpuinfo.info, idle);
    REQUIRE_EQ(ask(XEN_SYSCTL_getcpuinfo), 0);
    REQUIRE_EQ(sysctl.u.getcpuinfo.nr_cpus, CPUS);
    return idle[0].idletime + idle[1].idletime;
}

/* By all domains that there are. */
static uint64_t read_used(void)
{
    uint64_t sum = 0;

    for (unsigned int id = 0; id <= other.id; id++) {
        REQUIRE_EQ(domctl(XEN_DOMCTL_getdomaininfo, id), 0);
        REQUIRE_EQ(domctl_args.domain, id);
        sum += domctl_args.u.getdomaininfo.cpu_time;
    }
    return sum;
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

/* For a second, `meanwhile` again and again. */
static void check_sum(const char *what, void (*meanwhile)(void))
{
    uint64_t wall = 0, sum = 0, off = ~0UL;

    section(what);
    for (unsigned int i = 0; i < TRIES && off > wall / 1000; i++) {
        struct times start = take();

        while (time_now() < start.now + SECOND)
            meanwhile();
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

static void spin(void)
{
    time_spin(10 * MS);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static void work_a_little(void *arg)
{
    time_spin(current()->id * 200 * US);
}

static void down_and_up(void)
{
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_run(id, work_a_little, NULL);
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    time_spin(300 * US);
}

/* The other domain, for ever. */
static void spin_and_sleep(void)
{
    long timer = event_bind_virq(VIRQ_TIMER, 0);

    event_unmask(timer);
    for (;;) {
        time_spin(MS);
        set_timer_op(time_now() + 200 * US);
        sched_op(SCHEDOP_block, NULL);
        upcalls_disable();
    }
}

static void pause_and_unpause(void)
{
    REQUIRE_EQ(domctl(XEN_DOMCTL_pausedomain, other.id), 0);
    time_spin(700 * US);
    REQUIRE_EQ(domctl(XEN_DOMCTL_unpausedomain, other.id), 0);
    time_spin(1300 * US);
}

static long pool_op(unsigned int op, unsigned int pool)
{
    sysctl.u.cpupool_op.op = op;
    sysctl.u.cpupool_op.cpupool_id = pool;
    return ask(XEN_SYSCTL_cpupool_op);
}

static unsigned int pool_create(void)
{
    memset(&sysctl, 0, sizeof(sysctl));
    sysctl.u.cpupool_op.cpu = 1;
    REQUIRE_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0), 0);
    sysctl.u.cpupool_op.sched_id = XEN_SCHEDULER_CREDIT;
    REQUIRE_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_PAR_ANY), 0);
    unsigned int pool = sysctl.u.cpupool_op.cpupool_id;

    sysctl.u.cpupool_op.cpu = 1;
    REQUIRE_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, pool), 0);
    return pool;
}

static unsigned int second_pool;

static void move_and_back(void)
{
    sysctl.u.cpupool_op.domid = other.id;
    REQUIRE_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, second_pool), 0);
    time_spin(900 * US);
    sysctl.u.cpupool_op.domid = other.id;
    REQUIRE_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0), 0);
    time_spin(400 * US);
}

static void check_runstates(void)
{
    struct vcpu_runstate_info r[2];
    uint64_t before[2], after[2];

    section("a vcpu's states are the time that passed");
    for (unsigned int id = 0; id < VCPUS; id++) {
        uint64_t sum = 0;

        for (unsigned int i = 0; i < 2; i++) {
            before[i] = time_now();
            EXPECT_EQ(vcpu_op(VCPUOP_get_runstate_info, id, &r[i]), 0);
            after[i] = time_now();
            if (!i)
                time_spin(100 * MS);
        }
        for (unsigned int state = 0; state < 4; state++)
            sum += r[1].time[state] - r[0].time[state];
        /* The host may have been elsewhere between our looks at the clock and the answer. */
        uint64_t least = before[1] - after[0], most = after[1] - before[0];

        printf("  vcpu %u: %lu us, of %lu to %lu\n", id, sum / US, least / US, most / US);
        EXPECT(sum + 100 * US >= least && sum <= most + 100 * US);
    }
}

TEST("cpu_time")
{
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_run(id, work, NULL);
    check_sum("what was used and what idled are the CPUs' time", spin);
    check_runstates();
    stop = true;
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    check_sum("while vcpus go down and up", down_and_up);
    child_create(&other, 1);
    child_start(&other, spin_and_sleep);
    check_sum("while another domain is paused and unpaused", pause_and_unpause);
    second_pool = pool_create();
    check_sum("while it is moved from pool to pool", move_and_back);
    child_destroy(&other);
}
