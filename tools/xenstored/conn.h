/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client, whatever it came through: requests in, replies and events out.
 *
 * Output is only queued here; the loop sends it at the end of a round. A connection that must go
 * is marked doomed, and freed by the loop when nobody holds it.
 */
#ifndef XENSTORED_CONN_H
#define XENSTORED_CONN_H

#include <sys/types.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include <base/buffer.h>
#include <base/list.h>

#include "permission.h"
#include "quota.h"

struct server;
struct conn;
struct watch;

/* What a transport does. None may free the connection. */
struct transport {
    /*
     * Up to size bytes; -EAGAIN for none now; other errors doom the connection. May set
     * is_drained.
     */
    ssize_t (*read)(struct conn *c, char *buf, size_t size);
    ssize_t (*write)(struct conn *c, const char *buf, size_t size);
    /* A round of reads and writes is over. */
    void (*settle)(struct conn *c);
    /* The client broke the protocol, and is cut off with an XENSTORE_ERROR_*. */
    void (*fail)(struct conn *c, uint32_t error);
    void (*close)(struct conn *c);
};

struct conn {
    struct list link;           /* server.conns */
    struct list ready;          /* server.ready or server.waiting, or alone */
    struct list dirty;          /* server.dirty, or alone */
    struct server *server;
    const struct transport *transport;
    uint32_t id;
    struct identity who;
    struct account *account;
    bool is_read_only;
    bool is_doomed;
    bool is_stalled;            /* not served until its output shrinks */
    bool is_drained;            /* the transport has no more input now */
    struct buffer in, out;
    struct list watches;        /* watch.by_conn */
    uint32_t watch_lost;        /* how many have lost_events */
    struct list transactions;   /* transaction.link */
    uint32_t next_transaction;
    unsigned int conflicts;     /* commits in a row that had to be done again */
};

void conn_init(struct conn *c, struct server *s, const struct transport *t, uint16_t domid);
/* Watches, transactions, buffers; the structure is the transport's. */
void conn_release(struct conn *c);
void conn_doom(struct conn *c);
/* Back to how it was when it connected. */
void conn_reset(struct conn *c);
/* Drops watches and transactions alone. */
void conn_forget(struct conn *c);

/* Input may have come. */
void conn_wake(struct conn *c);
/* Takes in and answers requests, a bounded number. True: there may be more, without new input. */
bool conn_run(struct conn *c);
/* Sends what can be sent. */
void conn_flush(struct conn *c);

void conn_send(struct conn *c, const struct xsd_sockmsg *to, uint32_t type, const void *data,
               size_t len);
/* False: the queue is too long, the event was not queued. */
bool conn_send_event(struct conn *c, const char *path, size_t path_len, const char *token,
                     size_t token_len);

#endif
