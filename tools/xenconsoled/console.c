/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/clock.h>
#include <base/log.h>
#include <xc/xc.h>
#include <xen/grant_table.h>

#include "console.h"

static void pty_ready(struct source *src, uint32_t events);

struct console *console_new(struct server *s, uint32_t domid)
{
    struct console *c = xcalloc(1, sizeof(*c));

    c->server = s;
    c->domid = domid;
    c->port = -1;
    c->limit = LIMIT_DEFAULT;
    c->budget = BUDGET;
    c->pty.master = -1;
    c->pty.slave = -1;
    c->source.fd = -1;
    c->source.ready = pty_ready;
    list_init(&c->throttled);
    return c;
}

/* ---- towards the reader ---- */

/* Asks the loop for what can be done: reading where the guest has room, writing what is pending. */
static void poll_pty(struct console *c)
{
    uint32_t wanted = 0;

    if (c->source.fd < 0)
        return;
    if (c->ring && ring_room(c->ring))
        wanted |= EPOLLIN;
    if (c->pending.len)
        wanted |= EPOLLOUT;
    if (wanted == c->polled)
        return;
    int rc = source_change(c->server->sources, &c->source, wanted);

    if (rc)
        log_error("domain %u: console not polled: %s", c->domid, strerror(-rc));
    c->polled = wanted;
}

static void flush(struct console *c)
{
    while (c->pending.len) {
        ssize_t n = write(c->pty.master, buffer_head(&c->pending), c->pending.len);

        if (n <= 0)
            break;
        buffer_take(&c->pending, n);
    }
    /* A once long buffer is not kept for ever. */
    if (!c->pending.len && c->pending.size > 16384)
        buffer_free(&c->pending);
}

/*
 * Makes pending at most limit bytes long; what goes is the oldest, to the end of its line. Where
 * all is kept, may_take() is what bounds it, to a ring more.
 */
static void trim(struct console *c)
{
    if (c->pending.len <= c->limit || c->server->options.keep_overflow)
        return;
    size_t excess = c->pending.len - c->limit;
    const char *head = buffer_head(&c->pending);
    const char *end = memchr(head + excess, '\n', c->pending.len - excess);

    buffer_take(&c->pending, end ? (size_t)(end + 1 - head) : excess);
}

/* ---- towards the log and pending ---- */

/* True if the ring's output may be taken now. */
static bool may_take(const struct console *c)
{
    if (!c->ring || c->budget <= 0)
        return false;
    return !c->server->options.keep_overflow || c->pending.len < c->limit;
}

static size_t take_output(struct console *c)
{
    char bytes[sizeof(c->ring->out)];
    size_t n = ring_take(c->ring, bytes, sizeof(bytes));

    if (!n)
        return 0;
    if (c->log)
        logfile_write(c->log, bytes, n);
    buffer_append(&c->pending, bytes, n);
    return n;
}

static void unmask(struct console *c)
{
    if (!c->is_masked || c->port < 0)
        return;
    c->is_masked = false;
    int rc = xc_evtchn_unmask(c->server->evtchn, c->port);

    if (rc)
        log_error("domain %u: event channel not unmasked: %s", c->domid, strerror(-rc));
}

static void throttle(struct console *c)
{
    struct server *s = c->server;

    if (!list_empty(&c->throttled))
        return;
    if (list_empty(&s->throttled))
        s->next_tick = monotonic_ms() + TICK_MS;
    list_add_tail(&s->throttled, &c->throttled);
}

/* One turn: a ring's worth of output, then the event channel is open again or has to wait. */
static void run(struct console *c)
{
    if (may_take(c)) {
        size_t n = take_output(c);

        c->budget -= n;
        if (n)
            xc_evtchn_notify(c->server->evtchn, c->port);
        flush(c);
        trim(c);
    }
    poll_pty(c);
    /* Every turn ends the budget sometime, so every console that had one waits for a tick. */
    throttle(c);
    if (may_take(c))
        unmask(c);
}

void console_event(struct console *c)
{
    c->is_masked = true;
    c->budget -= EVENT_COST;
    run(c);
}

void console_tick(struct console *c)
{
    bool was_spent = c->budget <= 0;

    c->budget = BUDGET;
    if (was_spent)
        run(c);
}

/* ---- towards the guest ---- */

static void read_pty(struct console *c)
{
    char bytes[sizeof(c->ring->in)];
    size_t room = c->ring ? ring_room(c->ring) : 0;

    if (!room)
        return;
    ssize_t n = read(c->pty.master, bytes, room);

    if (n <= 0)
        return;
    ring_give(c->ring, bytes, n);
    xc_evtchn_notify(c->server->evtchn, c->port);
}

static void pty_ready(struct source *src, uint32_t events)
{
    struct console *c = list_entry(src, struct console, source);

    if (events & EPOLLIN)
        read_pty(c);
    if (events & EPOLLOUT)
        flush(c);
    /* A guest that waited for its reader may go on. */
    if (c->is_masked && may_take(c))
        run(c);
    else
        poll_pty(c);
}

/* ---- connecting ---- */

static int open_pty(struct console *c)
{
    if (c->source.fd >= 0)
        return 0;
    int rc = pty_open(&c->pty);

    if (rc)
        return rc;
    c->source.fd = c->pty.master;
    c->polled = 0;
    rc = source_add(c->server->sources, &c->source, 0);
    if (rc) {
        c->source.fd = -1;
        pty_close(&c->pty);
    }
    return rc;
}

/* The reserved grant first: it needs no privilege over the guest's memory. */
static int map_ring(struct console *c, unsigned long long ring_ref)
{
    struct server *s = c->server;
    uint32_t ref = GNTTAB_RESERVED_CONSOLE;
    xen_pfn_t frame = ring_ref;

    c->is_granted = true;
    if (s->gnttab)
        c->ring = xc_gnttab_map(s->gnttab, c->domid, &ref, 1, PROT_READ | PROT_WRITE);
    if (c->ring)
        return 0;
    c->is_granted = false;
    c->ring = xc_map_frames(s->xc, c->domid, PROT_READ | PROT_WRITE, &frame, 1, NULL);
    return c->ring ? 0 : -errno;
}

static void set_port(struct server *s, int port, struct console *c)
{
    if ((size_t)port >= s->port_count) {
        size_t count = port + 64;

        s->by_port = xrealloc(s->by_port, count * sizeof(*s->by_port));
        memset(s->by_port + s->port_count, 0, (count - s->port_count) * sizeof(*s->by_port));
        s->port_count = count;
    }
    s->by_port[port] = c;
}

int console_connect(struct console *c, unsigned long long ring_ref, unsigned long long port)
{
    console_disconnect(c);
    int rc = open_pty(c);

    if (!rc)
        rc = map_ring(c, ring_ref);
    if (rc)
        return rc;
    c->port = xc_evtchn_bind_interdomain(c->server->evtchn, c->domid, port);
    if (c->port < 0) {
        rc = c->port;
        console_disconnect(c);
        return rc;
    }
    c->ring_ref = ring_ref;
    c->remote_port = port;
    set_port(c->server, c->port, c);
    /* What is there already was perhaps announced to nobody. */
    run(c);
    xc_evtchn_notify(c->server->evtchn, c->port);
    return 0;
}

static void unmap_ring(struct console *c)
{
    if (!c->ring)
        return;
    if (c->is_granted)
        xc_gnttab_unmap(c->server->gnttab, c->ring, 1);
    else
        xc_unmap_frames(c->ring, 1);
    c->ring = NULL;
}

void console_disconnect(struct console *c)
{
    /* The last words of a guest that is about to go. */
    if (c->ring)
        take_output(c);
    if (c->source.fd >= 0)
        flush(c);
    trim(c);
    if (c->port >= 0) {
        c->server->by_port[c->port] = NULL;
        xc_evtchn_unbind(c->server->evtchn, c->port);
        c->port = -1;
    }
    unmap_ring(c);
    c->is_masked = false;
    c->remote_port = 0;
    poll_pty(c);
}

void console_free(struct console *c)
{
    console_disconnect(c);
    list_remove(&c->throttled);
    if (c->source.fd >= 0)
        source_remove(c->server->sources, &c->source);
    pty_close(&c->pty);
    logfile_free(c->log);
    buffer_free(&c->pending);
    free(c);
}
