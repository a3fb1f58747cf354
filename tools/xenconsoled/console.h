/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest's console: ring -> log and pending -> pty, and back.
 *
 * What a guest can cost is bounded. Memory: pending holds at most limit bytes; what comes on top
 * pushes out the oldest (or waits in the ring, with keep_overflow). Time: each tick has a budget of
 * bytes and events, and a console that used its own up keeps its event channel masked until the
 * next tick. So a flooding guest waits for itself, and for nobody else.
 */
#ifndef XENCONSOLED_CONSOLE_H
#define XENCONSOLED_CONSOLE_H

#include <base/buffer.h>
#include <base/list.h>

#include "logfile.h"
#include "pty.h"
#include "ring.h"
#include "server.h"

/* What console/limit says if it says nothing, and the most it is believed. */
#define LIMIT_DEFAULT (256u << 10)
#define LIMIT_MAX     (1u << 20)

/* A tick's budget, and what an event costs besides its bytes. */
#define BUDGET     (192 << 10)
#define EVENT_COST 1024

struct console {
    struct server *server;
    uint32_t domid;

    struct xencons_interface *ring;     /* NULL: not connected */
    bool is_granted;                    /* the ring came through the grant table */
    unsigned long long ring_ref;        /* as in the store */
    unsigned long long remote_port;
    int port;                           /* ours, or -1 */

    struct pty pty;
    struct source source;               /* of the pty's master; fd -1: none */
    uint32_t polled;                    /* events asked of the loop */

    struct buffer pending;              /* for the pty */
    size_t limit;
    bool is_masked;                     /* an event was taken and not yet unmasked */
    int budget;
    struct list throttled;              /* in the server's list, or alone */

    struct logfile *log;                /* NULL: not logged */
};

struct console *console_new(struct server *s, uint32_t domid);
/* Gives everything back. */
void console_free(struct console *c);

/* Maps the ring and binds the port, replacing others; opens the pty once. 0 or -E. */
int console_connect(struct console *c, unsigned long long ring_ref, unsigned long long port);
void console_disconnect(struct console *c);

/* The event channel fired. */
void console_event(struct console *c);
/* A new tick: whoever waited for it goes on. */
void console_tick(struct console *c);

#endif
