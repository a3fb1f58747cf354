/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon: one process, one thread, one structure that everything hangs on.
 */
#ifndef XENCONSOLED_SERVER_H
#define XENCONSOLED_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/list.h>
#include <base/source.h>

struct xc;
struct xc_evtchn;
struct xc_gnttab;
struct xs;
struct console;
struct logfile;

struct options {
    bool log_guests;
    bool log_hypervisor;
    bool time_guests;               /* lines of logs begin with the time */
    bool time_hypervisor;
    bool replace_escape;            /* a dot for each ESC in guests' logs */
    bool keep_overflow;             /* a guest waits for its reader; else its oldest output goes */
    bool foreground;
    bool verbose;
    uint64_t log_size;              /* bytes that one log file may have; 0: no limit */
    const char *log_dir;
    const char *pid_file;
};

struct server {
    struct options options;

    struct xc *xc;
    struct xc_evtchn *evtchn;
    struct xc_gnttab *gnttab;       /* NULL: rings are mapped by frame */
    struct source evtchn_source;

    struct xs *xs;                  /* NULL while xenstored is away */
    struct source store_source;

    struct list domains;            /* struct domain, by domid */
    struct console **by_port;       /* who has a local port; NULL where nobody */
    size_t port_count;

    /* Consoles that had their share of this tick; they go on with the next. */
    struct list throttled;
    int64_t next_tick;              /* in ms of monotonic_ms() */

    /* The hypervisor's console. */
    struct logfile *hypervisor_log; /* NULL: not logged */
    int hypervisor_port;            /* its VIRQ, or -1 */
    uint32_t hypervisor_index;
    bool hypervisor_waits;          /* its VIRQ is masked until the next tick */

    int sources;
    bool stopping;
};

/* ---- loop.c ---- */

#define TICK_MS 100

/* Waits for something at most timeout_ms (-1: for ever) and serves it. */
void loop_step(struct server *s, int timeout_ms);
void loop_run(struct server *s);

/* ---- store.c: the connection to xenstored ---- */

/* Connects, and again whenever the connection was lost; what changes arrives in domain.h. */
int store_connect(struct server *s);
void store_disconnect(struct server *s);
/* Tries again, if the connection is gone. */
void store_tick(struct server *s);

/* ---- hypervisor.c ---- */

void hypervisor_start(struct server *s);
/* Its VIRQ fired. */
void hypervisor_event(struct server *s);
void hypervisor_tick(struct server *s);
void hypervisor_stop(struct server *s);

#endif
