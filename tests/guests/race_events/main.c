/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs at the same ports: one sends, the other closes, binds anew, masks, moves.
 * At the end none is left.
 *
 * smp: 2
 * options: guest_loglvl=none
 * seconds: 60
 */
#include "../lib/guest.h"

#define STEPS 5000

static volatile evtchn_port_t port, peer;
static volatile bool stop, started;

static void rebind(void *arg)
{
    started = true;
    while (!stop) {
        long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF), b;

        if (a <= 0)
            continue;
        port = a;
        b = event_bind_interdomain(DOMID_SELF, a);
        if (b > 0) {
            peer = b;
            event_bind_vcpu(b, 1);
            event_send(a);
            event_bind_vcpu(b, 0);
            event_close(b);
        }
        event_close(a);
    }
}

TEST("race_events")
{
    struct evtchn_status status;

    section("send, move and close at once");
    vcpu_run(1, rebind, NULL);
    while (!started)
        cpu_relax();
    for (unsigned int n = 0; n < STEPS; n++) {
        event_send(port);
        event_send(peer);
        event_bind_vcpu(peer, n & 1);
        event_status(peer, &status);
        if (n % 7 == 0)
            event_close(peer);
        event_take(port);
        event_take(peer);
    }
    stop = true;
    vcpu_join(1);

    section("none is left");
    unsigned int open = 0;

    for (evtchn_port_t p = 1; p < 64; p++)
        open += !event_status(p, &status) && status.status != EVTCHNSTAT_closed;
    EXPECT_EQ(open, 0);
}
