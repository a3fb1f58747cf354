/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Red-black trees.
 */
#include <lib/rbtree.h>

static bool is_red(const struct rb_node *node)
{
    return node != NULL && node->is_red;
}

/* The pointer that leads to this node: in its parent, or the root's. */
static struct rb_node **link_to(struct rb_root *root, const struct rb_node *node)
{
    if (node->parent == NULL)
        return &root->node;
    return node->parent->left == node ? &node->parent->left : &node->parent->right;
}

/* 'child' (may be NULL) takes the place that 'node' has under its parent. */
static void replace(struct rb_root *root, struct rb_node *node, struct rb_node *child)
{
    *link_to(root, node) = child;
    if (child != NULL)
        child->parent = node->parent;
}

/* The right child rises, the node becomes its left child. */
static void rotate_left(struct rb_root *root, struct rb_node *node)
{
    struct rb_node *up = node->right;

    replace(root, node, up);
    node->right = up->left;
    if (up->left != NULL)
        up->left->parent = node;
    up->left = node;
    node->parent = up;
}

static void rotate_right(struct rb_root *root, struct rb_node *node)
{
    struct rb_node *up = node->left;

    replace(root, node, up);
    node->left = up->right;
    if (up->right != NULL)
        up->right->parent = node;
    up->right = node;
    node->parent = up;
}

/* Rotates towards the side that 'is_left' names. */
static void rotate(struct rb_root *root, struct rb_node *node, bool is_left)
{
    is_left ? rotate_left(root, node) : rotate_right(root, node);
}

/* 'node' is red; its parent may be red too, which is repaired upwards. */
static void repair_insert(struct rb_root *root, struct rb_node *node)
{
    while (is_red(node->parent)) {
        struct rb_node *parent = node->parent;
        struct rb_node *grand = parent->parent;     /* exists: the root is black */
        bool is_left = parent == grand->left;
        struct rb_node *uncle = is_left ? grand->right : grand->left;

        if (is_red(uncle)) {
            parent->is_red = false;
            uncle->is_red = false;
            grand->is_red = true;
            node = grand;
            continue;
        }
        if (node == (is_left ? parent->right : parent->left)) {
            rotate(root, parent, is_left);          /* an inner grandchild becomes an outer one */
            parent = node;
        }
        parent->is_red = false;
        grand->is_red = true;
        rotate(root, grand, !is_left);
        break;
    }
    root->node->is_red = false;
}

void rb_insert(struct rb_root *root, struct rb_node *node,
               bool (*less)(const struct rb_node *a, const struct rb_node *b))
{
    struct rb_node **link = &root->node;
    struct rb_node *parent = NULL;
    bool is_first = true;

    while (*link != NULL) {
        parent = *link;
        if (less(node, parent)) {
            link = &parent->left;
        } else {
            link = &parent->right;
            is_first = false;
        }
    }
    *node = (struct rb_node){ .parent = parent, .is_red = true };
    *link = node;
    if (is_first)
        root->first = node;
    repair_insert(root, node);
}

/*
 * The place 'node' (may be NULL) under 'parent' lacks one black. The sibling exists, since its
 * side has that black.
 */
static void repair_erase(struct rb_root *root, struct rb_node *node, struct rb_node *parent)
{
    while (parent != NULL && !is_red(node)) {
        bool is_left = node == parent->left;
        struct rb_node *sibling = is_left ? parent->right : parent->left;

        if (sibling->is_red) {
            sibling->is_red = false;
            parent->is_red = true;
            rotate(root, parent, is_left);
            sibling = is_left ? parent->right : parent->left;
        }
        struct rb_node *inner = is_left ? sibling->left : sibling->right;
        struct rb_node *outer = is_left ? sibling->right : sibling->left;
        if (!is_red(inner) && !is_red(outer)) {
            sibling->is_red = true;
            node = parent;
            parent = node->parent;
            continue;
        }
        if (!is_red(outer)) {
            inner->is_red = false;
            sibling->is_red = true;
            rotate(root, sibling, !is_left);
            outer = sibling;
            sibling = inner;
        }
        sibling->is_red = parent->is_red;
        parent->is_red = false;
        outer->is_red = false;
        rotate(root, parent, is_left);
        return;
    }
    if (node != NULL)
        node->is_red = false;
}

/* Gives the node with two children its successor's place and colour, the successor the node's. */
static void swap_with_next(struct rb_root *root, struct rb_node *node, struct rb_node *next)
{
    struct rb_node old = *next;

    replace(root, node, next);
    next->left = node->left;
    next->left->parent = next;
    next->is_red = node->is_red;
    if (old.parent == node) {
        next->right = node;
        node->parent = next;
    } else {
        next->right = node->right;
        next->right->parent = next;
        node->parent = old.parent;
        node->parent->left = node;
    }
    node->left = NULL;
    node->right = old.right;
    if (node->right != NULL)
        node->right->parent = node;
    node->is_red = old.is_red;
}

void rb_erase(struct rb_root *root, struct rb_node *node)
{
    struct rb_node *next = rb_next(node);

    if (root->first == node)
        root->first = next;
    if (node->left != NULL && node->right != NULL)
        swap_with_next(root, node, next);
    struct rb_node *child = node->left != NULL ? node->left : node->right;
    struct rb_node *parent = node->parent;

    replace(root, node, child);
    if (!node->is_red)
        repair_erase(root, child, parent);
    rb_clear(node);
}

struct rb_node *rb_find_from(const struct rb_root *root, const void *key,
                             int (*compare)(const void *key, const struct rb_node *node))
{
    struct rb_node *node = root->node;
    struct rb_node *best = NULL;

    while (node != NULL) {
        if (compare(key, node) <= 0) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

struct rb_node *rb_find(const struct rb_root *root, const void *key,
                        int (*compare)(const void *key, const struct rb_node *node))
{
    struct rb_node *node = rb_find_from(root, key, compare);
    return node != NULL && compare(key, node) == 0 ? node : NULL;
}

static struct rb_node *leftmost(const struct rb_node *node)
{
    while (node->left != NULL)
        node = node->left;
    return (struct rb_node *)node;
}

static struct rb_node *rightmost(const struct rb_node *node)
{
    while (node->right != NULL)
        node = node->right;
    return (struct rb_node *)node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
    return root->node != NULL ? rightmost(root->node) : NULL;
}

struct rb_node *rb_next(const struct rb_node *node)
{
    if (node->right != NULL)
        return leftmost(node->right);
    while (node->parent != NULL && node == node->parent->right)
        node = node->parent;
    return node->parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
    if (node->left != NULL)
        return rightmost(node->left);
    while (node->parent != NULL && node == node->parent->left)
        node = node->parent;
    return node->parent;
}
