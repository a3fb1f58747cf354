/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Red-black trees whose nodes live inside the elements.
 *
 * Every path from the root to a leaf passes equally many black nodes, and no red node has a red
 * child: so depth is at most 2 log2(n + 1). The first element is kept at hand, as timers ask for
 * nothing else.
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include <lib/math.h>

#include <stdbool.h>
#include <stddef.h>

struct rb_node {
    struct rb_node *parent;     /* NULL at the root; the node itself where it is in no tree */
    struct rb_node *left;
    struct rb_node *right;
    bool is_red;
};

struct rb_root {
    struct rb_node *node;
    struct rb_node *first;      /* leftmost */
};

#define RB_ROOT (struct rb_root){ .node = NULL, .first = NULL }

#define rb_entry(node, type, member) container_of(node, type, member)

/* A node that was made so, or erased, says that it is in no tree. */
static inline void rb_clear(struct rb_node *node)
{
    node->parent = node;
}

static inline bool rb_is_linked(const struct rb_node *node)
{
    return node->parent != node;
}

static inline bool rb_empty(const struct rb_root *root)
{
    return root->node == NULL;
}

/* Puts the node behind all that are not greater, so equal elements keep the order of insertion. */
void rb_insert(struct rb_root *root, struct rb_node *node,
               bool (*less)(const struct rb_node *a, const struct rb_node *b));

void rb_erase(struct rb_root *root, struct rb_node *node);

/* compare() tells how the key stands to the node: < 0, 0, > 0. NULL if there is none equal. */
struct rb_node *rb_find(const struct rb_root *root, const void *key,
                        int (*compare)(const void *key, const struct rb_node *node));

/* The first node whose key is not less than 'key'; NULL if all are. */
struct rb_node *rb_find_from(const struct rb_root *root, const void *key,
                             int (*compare)(const void *key, const struct rb_node *node));

static inline struct rb_node *rb_first(const struct rb_root *root)
{
    return root->first;
}

struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

#define rb_for_each(node, root)                                         \
    for (node = rb_first(root); node != NULL; node = rb_next(node))

#endif
