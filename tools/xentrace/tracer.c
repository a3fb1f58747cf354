/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's buffers, being filled for us.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <xen/sysctl.h>

#include "tracer.h"

volatile bool interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = true;
}

void catch_signals(void)
{
    struct sigaction action = { .sa_handler = interrupt };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static int set_cpus(struct tracer *t, const char *text)
{
    uint8_t map[CPUS_MAX / 8];

    if (!text)
        return 0;
    if (t->cpus > CPUS_MAX || !parse_cpu_mask(text, t->cpus, map))
        return complain("CPU mask '%s': give 'all', a list of CPUs from 0 to %u, or hex bits",
                        text, t->cpus - 1);
    int rc = xc_trace_set_cpu_mask(t->xc, map, (t->cpus + 7) / 8);

    return rc ? complain("cannot choose CPUs: %s", strerror(-rc)) : 0;
}

/* Buffers are made once; whose size was asked for first has it. */
static int map_buffers(struct tracer *t, const struct tracer_options *o)
{
    int made = xc_trace_set_size(t->xc, o->pages);
    int rc = xc_trace_open(t->xc, &t->trace);

    if (rc == -ENOENT)
        return complain("no buffers of %lu pages can be had: %s", o->pages, strerror(-made));
    if (rc)
        return complain("cannot map the trace buffers: %s", strerror(-rc));
    t->cpus = xc_trace_cpus(t->trace);
    return 0;
}

static int begin(struct tracer *t, const struct tracer_options *o)
{
    int rc = set_cpus(t, o->cpu_mask);

    if (rc)
        return rc;
    rc = xc_trace_set_event_mask(t->xc, o->events);
    if (rc)
        return complain("cannot choose events: %s", strerror(-rc));
    for (unsigned int cpu = 0; o->discard && cpu < t->cpus; cpu++)
        xc_trace_discard(t->trace, cpu);
    rc = o->start ? xc_trace_enable(t->xc, true) : 0;
    return rc ? complain("cannot start tracing: %s", strerror(-rc)) : 0;
}

static void bind_virq(struct tracer *t)
{
    if (xc_evtchn_open(&t->evtchn))
        return;
    if (xc_evtchn_bind_virq(t->evtchn, VIRQ_TBUF) < 0) {
        xc_evtchn_close(t->evtchn);
        t->evtchn = NULL;
    }
}

static double khz_of(struct xc *xc)
{
    struct xen_sysctl_physinfo machine;

    return xc_physinfo(xc, &machine) ? 0 : machine.cpu_khz;
}

double machine_khz(void)
{
    struct xc *xc;

    if (xc_open(&xc))
        return 0;
    double khz = khz_of(xc);

    xc_close(xc);
    return khz;
}

int tracer_open(struct tracer *t, const struct tracer_options *o)
{
    memset(t, 0, sizeof(*t));
    int rc = xc_open(&t->xc);

    if (rc)
        return complain("cannot reach the hypervisor: %s", strerror(-rc));
    t->khz = khz_of(t->xc);
    rc = map_buffers(t, o);
    if (!rc)
        bind_virq(t);
    if (!rc)
        rc = begin(t, o);
    if (rc)
        tracer_close(t, false);
    return rc;
}

void tracer_wait(struct tracer *t, unsigned int ms)
{
    struct pollfd fd = { .fd = t->evtchn ? xc_evtchn_fd(t->evtchn) : -1, .events = POLLIN };

    if (poll(&fd, 1, ms) <= 0 || !(fd.revents & POLLIN))
        return;
    int port = xc_evtchn_pending(t->evtchn);

    if (port >= 0)
        xc_evtchn_unmask(t->evtchn, port);
}

void tracer_close(struct tracer *t, bool stop)
{
    if (stop)
        xc_trace_enable(t->xc, false);
    xc_evtchn_close(t->evtchn);
    xc_trace_close(t->trace);
    xc_close(t->xc);
}
