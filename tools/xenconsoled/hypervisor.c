/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own console, kept in hypervisor.log.
 *
 * A VIRQ says that there is more; it stays masked until the next tick, so that a chatty hypervisor
 * costs ten reads a second. Without the VIRQ (somebody else has it), it is asked once a second.
 */
#include <errno.h>
#include <string.h>

#include <base/log.h>
#include <xc/xc.h>
#include <xen/xen.h>

#include "logfile.h"
#include "server.h"

static void read_more(struct server *s)
{
    char text[16384];

    /* Bounded: a hypervisor that prints because it is read must not hold us here. */
    for (int turns = 0; turns < 128; turns++) {
        uint32_t size = sizeof(text);
        int rc = xc_console_read(s->xc, text, &size, false, true, &s->hypervisor_index);

        if (rc) {
            log_warn("hypervisor's console not read: %s", strerror(-rc));
            return;
        }
        if (!size)
            return;
        logfile_write(s->hypervisor_log, text, size);
    }
}

void hypervisor_start(struct server *s)
{
    s->hypervisor_port = -1;
    if (!s->options.log_hypervisor)
        return;
    s->hypervisor_log = logfile_new(s->options.log_dir, "", "hypervisor");
    s->hypervisor_log->with_time = s->options.time_hypervisor;
    s->hypervisor_log->limit = s->options.log_size;
    int port = xc_evtchn_bind_virq(s->evtchn, VIRQ_CON_RING);

    if (port < 0)
        log_warn("hypervisor's console is asked once a second: no VIRQ: %s", strerror(-port));
    else
        s->hypervisor_port = port;
    read_more(s);
}

void hypervisor_event(struct server *s)
{
    s->hypervisor_waits = true;
}

void hypervisor_tick(struct server *s)
{
    if (!s->hypervisor_log || (s->hypervisor_port >= 0 && !s->hypervisor_waits))
        return;
    if (s->hypervisor_waits) {
        s->hypervisor_waits = false;
        xc_evtchn_unmask(s->evtchn, s->hypervisor_port);
    }
    read_more(s);
}

void hypervisor_stop(struct server *s)
{
    if (!s->hypervisor_log)
        return;
    read_more(s);
    logfile_free(s->hypervisor_log);
    s->hypervisor_log = NULL;
}
