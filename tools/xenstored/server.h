/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon: one process, one thread, one structure that everything hangs on.
 */
#ifndef XENSTORED_SERVER_H
#define XENSTORED_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <base/buffer.h>
#include <base/list.h>
#include <base/source.h>

#include "quota.h"
#include "tree.h"
#include "watch.h"

struct conn;
struct domains;

/* "@introduceDomain" and "@releaseDomain" are no nodes, but have permissions. */
enum special {
    SPECIAL_INTRODUCE,
    SPECIAL_RELEASE,
    SPECIAL_COUNT,
};

struct server {
    /* The store. */
    struct node *root;
    uint64_t generation;            /* counts every change; never goes back */
    uint64_t main_generation;       /* generation of the last change to root */
    struct perms *special[SPECIAL_COUNT];
    struct watch_index watches;
    struct limits limits;
    struct accounts accounts;

    /* Connections. */
    struct list conns;
    struct list ready;              /* with input that may hold requests */
    struct list waiting;            /* until the protector is done */
    struct list dirty;              /* with output, or to be closed */
    uint32_t next_conn_id;
    struct conn *protector;         /* whose transaction may not be disturbed until protect_until */
    int64_t protect_until;          /* in ms of monotonic_ms() */
    struct domains *domains;        /* NULL: without a hypervisor */

    /* The loop. */
    int sources;
    bool stopping;
    bool reexec;                    /* stop to run the program again, with all connections */
    const char *reexec_path;
    struct source *listener, *listener_ro;
    struct buffer scratch;          /* of whoever is building a reply */
    bool trace;
};

void server_init(struct server *s);
/* After all connections are gone. */
void server_free(struct server *s);

static inline uint64_t server_tick(struct server *s)
{
    return ++s->generation;
}

/* loop.c */
void loop_run(struct server *s);
/* One round; waits at most timeout_ms. */
void loop_step(struct server *s, int timeout_ms);

#endif
