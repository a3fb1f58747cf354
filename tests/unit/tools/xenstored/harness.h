/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A daemon inside the test: real store, protocol and loop; clients are buffers instead of sockets.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <base/buffer.h>
#include <xenstored/conn.h>
#include <xenstored/server.h>
#include <xenstored/store.h>
#include <xenstored/transaction.h>

struct client {
    struct conn conn;
    struct buffer input;        /* not yet taken in by the daemon */
    struct buffer output;       /* sent by the daemon, not yet looked at */
    size_t room;                /* bytes of output that fit; SIZE_MAX: any */
    uint32_t next_id;
    bool is_closed;
    uint32_t failure;           /* XENSTORE_ERROR_* */
    char reply[XENSTORE_PAYLOAD_MAX + 1];
    size_t reply_len;
};

extern struct server server;

int setup(void **state);        /* for cmocka: a fresh daemon */
int teardown(void **state);

struct client *client_new(uint16_t domid);
void client_free(struct client *c);
void run_loop(void);

/*
 * Sends and takes the reply into c->reply; 0 or -E. Events that came before it are kept for
 * next_event().
 */
int ask(struct client *c, uint32_t type, uint32_t tx, const void *payload, size_t len);
/* The same with strings, each with its NUL; NULL ends them. */
int ask_strings(struct client *c, uint32_t type, uint32_t tx, ...);
int write_node(struct client *c, uint32_t tx, const char *path, const char *value);
int read_node(struct client *c, uint32_t tx, const char *path);     /* into c->reply */
uint32_t start(struct client *c);
int commit(struct client *c, uint32_t tx);
void send_raw(struct client *c, const void *bytes, size_t len);

/* "PATH TOKEN" of the next event; NULL if there is none. */
const char *next_event(struct client *c);
void expect_event(struct client *c, const char *text);
void expect_no_event(struct client *c);
void drop_events(struct client *c);
/* The store's own bookkeeping holds. */
void expect_sound(void);

#endif
