/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions: a private version of the tree, what it rests on, and what it changed.
 *
 * A commit is refused with -EAGAIN exactly if, since the start, somebody else changed a part of a
 * node (existence, value, permissions, list of children) that the transaction looked at or
 * replaced. Otherwise its changes are made again on the current tree, in order, and take effect at
 * once.
 */
#ifndef XENSTORED_TRANSACTION_H
#define XENSTORED_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include <base/list.h>
#include <base/map.h>

#include "path.h"
#include "tree.h"

struct conn;

/* Parts of a node. Existence is always among what matters. */
#define PART_VALUE    1u
#define PART_PERMS    2u
#define PART_CHILDREN 4u

enum change_kind {
    CHANGE_WRITE,
    CHANGE_MKDIR,
    CHANGE_REMOVE,
    CHANGE_PERMS,
};

struct change {
    enum change_kind kind;
    const char *path;           /* a key of transaction.uses */
    uint32_t path_len;
    struct blob *value;         /* of CHANGE_WRITE; NULL: empty */
    struct perms *perms;        /* of CHANGE_PERMS */
};

/* What a commit would add to one domain's account. */
struct owner_delta {
    uint16_t domid;
    int64_t nodes;
    int64_t memory;
};

struct transaction {
    struct list link;           /* conn.transactions */
    struct conn *conn;
    uint32_t id;
    struct node *base;          /* the tree as it was at the start */
    struct node *root;          /* base with the changes */
    uint64_t base_generation;
    struct map uses;            /* path to its parts, and the last change of it */
    struct change *change;
    uint32_t change_count, change_size;
    uint32_t barrier;           /* changes before this one must keep their place */
    struct owner_delta *delta;
    uint32_t delta_count;
    int64_t memory;             /* bytes charged to the connection's account */
    bool is_stale;              /* its past was lost in a restart: the commit is refused */
};

int transaction_start(struct conn *c, uint32_t *id);
struct transaction *transaction_find(struct conn *c, uint32_t id);
/* Frees it in any case. 0, -EAGAIN, -ENOSPC. */
int transaction_commit(struct transaction *t);
void transaction_abort(struct transaction *t);
void transaction_abort_all(struct conn *c);

/* One that was open before a restart. */
void transaction_restore(struct conn *c, uint32_t id);

/*
 * The transaction looked at (or is about to replace) these parts of path. -ENOSPC: too many nodes.
 */
int transaction_use(struct transaction *t, const struct path *path, unsigned int parts);
/* The change was made to t->root; takes over value and perms. */
void transaction_log(struct transaction *t, enum change_kind kind, const struct path *path,
                     struct blob *value, struct perms *perms);
struct owner_delta *transaction_delta(struct transaction *t, uint16_t domid);

#endif
