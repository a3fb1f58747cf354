/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be done to nodes: permission, quota, change, account, watch, in this order.
 *
 * Each operation works on the tree of view: the current one, or a transaction's. First everything
 * is checked, and an error means that nothing changed.
 */
#ifndef XENSTORED_STORE_H
#define XENSTORED_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path.h"
#include "tree.h"

struct server;
struct transaction;

struct view {
    struct server *server;
    struct transaction *tx;         /* NULL: the current tree */
    const struct identity *who;
    bool is_replay;                 /* of a commit: checked before, cannot fail */
};

/* parts: which of the node the caller will look at (PART_*). */
int store_get(const struct view *v, const struct path *path, unsigned int right, unsigned int parts,
              struct node **node);
/* value NULL: empty; a reference is taken as needed. */
int store_write(const struct view *v, const struct path *path, struct blob *value);
int store_mkdir(const struct view *v, const struct path *path);
int store_remove(const struct view *v, const struct path *path);
int store_set_perms(const struct view *v, const struct path *path, struct perms *perms);

/* domid is gone: its nodes go, and its name from others' lists. */
void store_remove_owned(struct server *s, uint16_t domid);
/* The first tree: /, /tool, /tool/xenstored. */
void store_init(struct server *s);

/* Bytes that a node counts for. */
int64_t store_node_bytes(const struct node *n);

/* Recounts everything and compares: a line per fault, returns how many. */
unsigned int store_check(struct server *s, struct buffer *report);

#endif
