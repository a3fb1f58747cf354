/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The persistent tree: treaps of children, copied where shared, changed in place where not.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <base/alloc.h>

#include "tree.h"

struct blob *blob_new(const void *data, size_t len)
{
    struct blob *b = xmalloc(sizeof(*b) + len + 1);

    b->refs = 1;
    b->len = len;
    if (len)
        memcpy(b->data, data, len);
    b->data[len] = '\0';
    return b;
}

struct blob *blob_get(struct blob *b)
{
    if (b)
        b->refs++;
    return b;
}

void blob_put(struct blob *b)
{
    if (b && !--b->refs)
        free(b);
}

/* Nobody outside can aim at the shape of a treap, since the seed is ours. */
static uint32_t random_priority(void)
{
    static uint64_t state;

    if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) != sizeof(state))
        state = (uintptr_t)&state ^ 0x9e3779b97f4a7c15ull;
    state |= !state;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 32;
}

static struct node *node_new(const char *name, size_t len, struct perms *perms, uint64_t gen)
{
    struct node *n = xcalloc(1, sizeof(*n));

    n->refs = 1;
    n->priority = random_priority();
    n->name = blob_new(name, len);
    n->perms = perms;
    n->value_gen = n->perms_gen = n->children_gen = gen;
    return n;
}

struct node *tree_new(struct perms *perms, uint64_t gen)
{
    return node_new("", 0, perms, gen);
}

struct node *node_get(struct node *n)
{
    if (n)
        n->refs++;
    return n;
}

void node_put(struct node *n)
{
    while (n && !--n->refs) {
        struct node *right = n->right;

        node_put(n->left);
        node_put(n->children);
        blob_put(n->name);
        blob_put(n->value);
        perms_put(n->perms);
        free(n);
        n = right;
    }
}

static int compare_name(const char *name, size_t len, const struct node *n)
{
    size_t common = len < n->name->len ? len : n->name->len;
    int c = memcmp(name, n->name->data, common);

    return c ? c : len < n->name->len ? -1 : len > n->name->len;
}

/* The component of path at pos: its length; pos points behind a slash. */
static size_t component(const char *path, size_t len, size_t pos)
{
    const char *slash = memchr(path + pos, '/', len - pos);

    return slash ? (size_t)(slash - path) - pos : len - pos;
}

static struct node *find_child(const struct node *n, const char *name, size_t len)
{
    struct node *c = n->children;

    while (c) {
        int order = compare_name(name, len, c);

        if (!order)
            return c;
        c = order < 0 ? c->left : c->right;
    }
    return NULL;
}

struct node *tree_find_nearest(struct node *root, const char *path, size_t len, size_t *found)
{
    struct node *n = root;
    size_t pos = 1;

    *found = 1;
    while (pos < len) {
        size_t part = component(path, len, pos);
        struct node *child = find_child(n, path + pos, part);

        if (!child)
            return n;
        n = child;
        *found = pos + part;
        pos += part + 1;
    }
    return n;
}

struct node *tree_find(struct node *root, const char *path, size_t len)
{
    size_t found;
    struct node *n = tree_find_nearest(root, path, len, &found);

    return found == len ? n : NULL;
}

/* Makes *slot ours alone. */
static struct node *own(struct node **slot)
{
    struct node *old = *slot;

    if (old->refs == 1)
        return old;
    struct node *n = xmalloc(sizeof(*n));

    *n = *old;
    n->refs = 1;
    node_get(n->left);
    node_get(n->right);
    node_get(n->children);
    blob_get(n->name);
    blob_get(n->value);
    perms_get(n->perms);
    old->refs--;
    *slot = n;
    return n;
}

/* The slot of a child that exists, the way to it owned, the child not yet. */
static struct node **own_way_to(struct node **slot, const char *name, size_t len)
{
    for (;;) {
        int order = compare_name(name, len, *slot);

        if (!order)
            return slot;
        struct node *n = own(slot);

        slot = order < 0 ? &n->left : &n->right;
    }
}

struct node *tree_edit(struct node **root, const char *path, size_t len)
{
    struct node *n = own(root);
    size_t pos = 1;

    while (pos < len) {
        size_t part = component(path, len, pos);

        n = own(own_way_to(&n->children, path + pos, part));
        pos += part + 1;
    }
    return n;
}

/* Parts treap t (a reference is handed over) into those before name and those after. */
static void split(struct node *t, const char *name, size_t len, struct node **before,
                  struct node **after)
{
    while (t) {
        t = own(&t);
        if (compare_name(name, len, t) < 0) {
            *after = t;
            after = &t->left;
            t = t->left;
        } else {
            *before = t;
            before = &t->right;
            t = t->right;
        }
    }
    *before = *after = NULL;
}

/* Joins two treaps, all of a before all of b, into *slot. */
static void join(struct node **slot, struct node *a, struct node *b)
{
    while (a && b) {
        if (a->priority > b->priority) {
            *slot = a;
            a = own(slot);
            slot = &a->right;
            a = a->right;
        } else {
            *slot = b;
            b = own(slot);
            slot = &b->left;
            b = b->left;
        }
    }
    *slot = a ? a : b;
}

size_t path_parent(const char *path, size_t len)
{
    const char *slash = memrchr(path, '/', len);

    return slash == path ? 1 : (size_t)(slash - path);
}

struct node *tree_add(struct node **root, const char *path, size_t len, struct perms *perms,
                      uint64_t gen)
{
    size_t parent_len = path_parent(path, len);
    struct node *parent = tree_edit(root, path, parent_len);
    const char *name = path + (parent_len == 1 ? 1 : parent_len + 1);
    size_t name_len = path + len - name;
    struct node *n = node_new(name, name_len, perms, gen);
    struct node **slot = &parent->children;

    while (*slot && (*slot)->priority >= n->priority) {
        struct node *t = own(slot);
        int order = compare_name(name, name_len, t);

        assert(order);
        slot = order < 0 ? &t->left : &t->right;
    }
    split(*slot, name, name_len, &n->left, &n->right);
    *slot = n;
    parent->child_count++;
    parent->child_bytes += name_len + 1;
    parent->children_gen = gen;
    return n;
}

struct node *tree_cut(struct node **root, const char *path, size_t len, uint64_t gen)
{
    size_t parent_len = path_parent(path, len);
    struct node *parent = tree_edit(root, path, parent_len);
    const char *name = path + (parent_len == 1 ? 1 : parent_len + 1);
    size_t name_len = path + len - name;
    struct node **slot = own_way_to(&parent->children, name, name_len);
    struct node *n = own(slot);
    struct node *left = n->left, *right = n->right;

    n->left = n->right = NULL;
    join(slot, left, right);
    parent->child_count--;
    parent->child_bytes -= name_len + 1;
    parent->children_gen = gen;
    return n;
}

static int walk(struct node *t, int (*visit)(struct node *child, void *ctx), void *ctx)
{
    for (; t; t = t->right) {
        int rc = walk(t->left, visit, ctx);

        if (!rc)
            rc = visit(t, ctx);
        if (rc)
            return rc;
    }
    return 0;
}

int node_walk_children(const struct node *n, int (*visit)(struct node *child, void *ctx),
                       void *ctx)
{
    return walk(n->children, visit, ctx);
}
