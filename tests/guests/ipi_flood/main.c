/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPIs there and back between two vCPUs that poll, block and take upcalls: none may be lost, or the
 * test stands still.
 *
 * smp: 2
 * seconds: 60
 */
#include "../lib/guest.h"

#define STEPS 600
#define LOST (20 * SECOND)         /* the poll's timeout: an event did not come */

static evtchn_port_t ping, pong;
static volatile bool started;

/* Sleep until the port is pending, by poll or by a busy look. */
static void await(evtchn_port_t port, bool sleeps)
{
    while (!event_take(port)) {
        struct sched_poll poll = { .nr_ports = 1, .timeout = time_now() + LOST };

        if (!sleeps) {
            cpu_relax();
            continue;
        }
        set_xen_guest_handle(poll.ports, &port);
        sched_op(SCHEDOP_poll, &poll);
    }
}

static void answer(void *arg)
{
    started = true;
    for (unsigned int n = 0; n < STEPS; n++) {
        await(ping, n & 1);
        event_send(pong);
    }
}

TEST("ipi_flood")
{
    uint64_t start, worst = 0;

    ping = event_bind_ipi(1);
    pong = event_bind_ipi(0);
    vcpu_run(1, answer, NULL);
    while (!started)
        cpu_relax();
    for (unsigned int n = 0; n < STEPS; n++) {
        start = time_now();
        EXPECT_EQ(event_send(ping), 0);
        await(pong, n & 2);
        if (time_now() - start > worst)
            worst = time_now() - start;
    }
    vcpu_join(1);
    printf("  worst %lu us\n", worst / US);
    EXPECT(worst < LOST - SECOND);
}
