/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree of nodes, persistent: keeping an old version costs one reference.
 *
 * A node's children form a treap (a balanced search tree, ordered by name) through left and right,
 * and whoever points to a node holds a reference. A node may be changed only while every pointer
 * on the way to it, from the root on, is the only one (refs == 1); tree_edit() copies what is
 * shared. So the holder of an old root never sees a change, and a change copies one path at most.
 */
#ifndef XENSTORED_TREE_H
#define XENSTORED_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "permission.h"

/* Immutable shared bytes; a NUL behind them. */
struct blob {
    uint32_t refs;
    uint32_t len;
    char data[];
};

struct node {
    uint32_t refs;
    uint32_t priority;          /* of the treap: no child's is above its parent's */
    struct node *left, *right;  /* siblings before and after */
    struct node *children;      /* root of the children's treap */
    uint32_t child_count;
    uint32_t child_bytes;       /* length of all children's names with their NULs */
    struct blob *name;
    struct blob *value;         /* NULL: empty */
    struct perms *perms;
    /* When each part last changed, on the server's counter. */
    uint64_t value_gen;
    uint64_t perms_gen;
    uint64_t children_gen;
};

struct blob *blob_new(const void *data, size_t len);
struct blob *blob_get(struct blob *b);
void blob_put(struct blob *b);

static inline size_t node_value_len(const struct node *n)
{
    return n->value ? n->value->len : 0;
}

/* A root of its own; takes over perms. */
struct node *tree_new(struct perms *perms, uint64_t gen);
struct node *node_get(struct node *n);
void node_put(struct node *n);

/*
 * Paths here are canonical and absolute, and given with their length. NULL if there is no such
 * node.
 */
struct node *tree_find(struct node *root, const char *path, size_t len);
/* The node, or the nearest ancestor there is; *found is the length of that one's path. */
struct node *tree_find_nearest(struct node *root, const char *path, size_t len, size_t *found);

/* The node, which must exist, made ready to be changed. */
struct node *tree_edit(struct node **root, const char *path, size_t len);
/* Adds the last component of path to its parent, which must exist; takes over perms. */
struct node *tree_add(struct node **root, const char *path, size_t len, struct perms *perms,
                      uint64_t gen);
/* Takes the node out and hands over the reference (its siblings are no longer behind it). */
struct node *tree_cut(struct node **root, const char *path, size_t len, uint64_t gen);

/* In the order of names; a visitor's non-zero result ends the walk and is returned. */
int node_walk_children(const struct node *n, int (*visit)(struct node *child, void *ctx),
                       void *ctx);

/* The length of path's parent: of "/a/b" that of "/a", of "/a" that of "/". */
size_t path_parent(const char *path, size_t len);

#endif
