/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors that idle by MWAIT lose no wake-up.  Two vcpus sleep and wake each other, by timers,
 * by polls and by events, in turn and at once; on one processor, where QEMU's interpreter makes
 * MWAIT a halt, and on two, where it is a short pause.  That it is MWAIT which they idle by, the
 * hypervisor's log tells.
 *
 * smp: 1 2
 * options: mwait-idle=yes dom0_max_vcpus=2
 * qemu: -cpu max,vendor=GenuineIntel,+monitor
 * seconds: 60
 */
#define __XEN_TOOLS__
#include "../lib/guest.h"
#include <public/sysctl.h>

#define STEPS 200
#define LOST (5 * SECOND)               /* a wake-up that took so long came from elsewhere */

static evtchn_port_t wake[2];           /* an IPI of each */
static volatile bool started;
static uint64_t worst[2];

static void note(unsigned int id, uint64_t start, uint64_t planned)
{
    uint64_t took = time_now() - start;

    EXPECT(took >= planned);
    if (took - planned > worst[id])
        worst[id] = took - planned;
}

/* Asleep until the other's event; a poll or a block, which ends with an upcall. */
static void await(unsigned int id, bool polls)
{
    uint64_t start = time_now();
    struct sched_poll poll = { .nr_ports = 1 };

    set_xen_guest_handle(poll.ports, &wake[id]);
    while (!event_take(wake[id])) {
        if (polls) {
            poll.timeout = time_now() + LOST;
            EXPECT_EQ(sched_op(SCHEDOP_poll, &poll), 0);
        } else {
            set_timer_op(time_now() + LOST);
            sched_op(SCHEDOP_block, NULL);
            upcalls_disable();
        }
    }
    note(id, start, 0);
}

static void sleep_a_while(unsigned int id, unsigned int step)
{
    uint64_t start = time_now(), ns = 100 * US + step * 7919 % 1000 * US;
    struct sched_poll poll = { .timeout = start + ns };

    EXPECT_EQ(sched_op(SCHEDOP_poll, &poll), 0);
    note(id, start, ns);
}

/* One is awake when the other sleeps, both sleep, and both wake. */
static void take_turns(unsigned int id)
{
    for (unsigned int step = 0; step < STEPS; step++) {
        if (id == step % 2) {
            sleep_a_while(id, step);
            event_send(wake[!id]);
        } else {
            await(id, step & 4);
        }
        if (step % 8 == 7)
            sleep_a_while(id, step);
    }
}

static void second(void *arg)
{
    started = true;
    take_turns(1);
}

/* The upcall: the pending bits are await()'s. */
static void only_wake(void)
{
    xchg8(&vcpu_info()->evtchn_upcall_pending, 0);
    xchg64(&vcpu_info()->evtchn_pending_sel, 0);
}

static bool idles_by_mwait(void)
{
    static char text[16384];
    static struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole,
                                    .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    op.u.readconsole.count = sizeof(text) - 1;
    set_xen_guest_handle(op.u.readconsole.buffer, text);
    return !HYPERCALL_1(sysctl, &op) && strstr_in(text, "idle: by MWAIT");
}

TEST("mwait")
{
    if (!(cpuid(1, 0).c & 1u << 3))
        skip("the processor has no MWAIT");
    EXPECT(idles_by_mwait());
    event_hook = only_wake;
    for (unsigned int id = 0; id < 2; id++) {
        long port = event_bind_ipi(id), timer = event_bind_virq(VIRQ_TIMER, id);

        REQUIRE(port > 0 && timer > 0);
        wake[id] = port;
        event_unmask(port);
        event_unmask(timer);
        vcpu_op(VCPUOP_stop_periodic_timer, id, NULL);
    }
    vcpu_run(1, second, NULL);
    while (!started)
        sched_op(SCHEDOP_yield, NULL);
    take_turns(0);
    vcpu_join(1);
    printf("  worst %lu and %lu us\n", worst[0] / US, worst[1] / US);
    EXPECT(worst[0] < LOST && worst[1] < LOST);
}
