/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's state in a file, for the next daemon of the same boot.
 *
 * The format is the one that Xen documents for moving a store (designs/xenstore-migration, version
 * 1), with two records of our own: PERSIST_ORIGIN comes first, PERSIST_RING before the connection
 * it belongs to.
 */
#ifndef XENSTORED_PERSIST_H
#define XENSTORED_PERSIST_H

#include <stdbool.h>
#include <stdint.h>

struct server;

#define PERSIST_IDENT "xenstore"
#define PERSIST_VERSION 1u

enum persist_record {
    PERSIST_END,
    PERSIST_GLOBAL,
    PERSIST_CONNECTION,
    PERSIST_WATCH,
    PERSIST_TRANSACTION,
    PERSIST_NODE,
    PERSIST_WATCH_EXTENDED = 8,
    PERSIST_ORIGIN = 0x78480001,    /* boot id and process, to tell whether the rest still holds */
    PERSIST_RING = 0x78480002,
};

#define PERSIST_BOOT_ID 37          /* with its NUL */

struct persist_head {
    char ident[8];
    uint32_t version;               /* big endian, as flags */
    uint32_t flags;
};

struct persist_frame {
    uint32_t type;
    uint32_t len;                   /* of the body, without the padding to 8 */
};

struct persist_origin {
    uint32_t pid;                   /* file descriptors mean something in this process alone */
    char boot_id[PERSIST_BOOT_ID];
};

struct persist_global {
    int32_t socket_fd;
    int32_t evtchn_fd;
};

struct persist_ring {
    uint32_t conn_id;
    uint32_t remote_port;
    int64_t gfn;
};

#define PERSIST_TYPE_RING   0
#define PERSIST_TYPE_SOCKET 1

struct persist_connection {
    uint32_t conn_id;
    uint16_t type;
    uint16_t pad;
    union {
        struct {
            uint16_t domid;
            uint16_t target;
            uint32_t port;          /* our end, 0: closed, to be bound again */
        } ring;
        struct {
            int32_t fd;
            uint32_t is_read_only;  /* the format's padding: 0 from others */
        } socket;
    };
    uint16_t in_len;
    uint16_t out_partial;           /* 0: what is pending is restored byte for byte */
    uint32_t out_len;
};

struct persist_watch {
    uint32_t conn_id;
    uint16_t path_len;              /* both with their NUL */
    uint16_t token_len;
};

/* Follows persist_watch in the extended record. */
struct persist_watch_depth {
    uint16_t depth;
    uint16_t pad;
};

struct persist_transaction {
    uint32_t conn_id;
    uint32_t id;
};

struct persist_perm {
    uint8_t letter;
    uint8_t flags;
    uint16_t domid;
};

struct persist_node {
    uint32_t conn_id;               /* 0: committed */
    uint32_t tx_id;
    uint16_t path_len;              /* with its NUL */
    uint16_t value_len;
    uint16_t access;
    uint16_t perm_count;
};

int persist_boot_id(char *id);

/* keep_fds: the same process goes on (exec); else sockets are left out. */
int persist_save(struct server *s, const char *path, bool keep_fds);

/*
 * *socket_fd: the listening socket if this process had it before, else -1. An error tells that the
 * file is missing, damaged at its head, or of another boot; later damage loses what follows it.
 */
int persist_restore(struct server *s, const char *path, int *socket_fd);

#endif
