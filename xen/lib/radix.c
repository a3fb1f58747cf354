/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sparse arrays.
 *
 * A node of level 1 holds entries, of level n nodes of level n - 1. Each node but the root has at
 * least one user, and a root is given up when its last slot empties. Recursion is as deep as
 * there are levels: at most eleven.
 */
#include <lib/radix.h>

#include <lib/errno.h>
#include <lib/string.h>

#include <stdbool.h>

#define BITS    6u
#define SLOTS   (1u << BITS)
#define LEVELS  11u             /* 11 * 6 >= 64 */

struct radix_node {
    unsigned int used;          /* slots that are not NULL */
    void *slot[SLOTS];
};

void radix_init(struct radix_tree *tree, const struct lib_allocator *memory)
{
    *tree = (struct radix_tree){ .memory = memory };
}

static unsigned int slot_of(uint64_t index, unsigned int level)
{
    return (unsigned int)(index >> (BITS * (level - 1))) & (SLOTS - 1);
}

/* Whether a tree of so many levels has a place for the index. */
static bool fits(uint64_t index, unsigned int levels)
{
    return levels >= LEVELS || index >> (BITS * levels) == 0;
}

static struct radix_node *new_node(const struct radix_tree *tree)
{
    struct radix_node *node = tree->memory->alloc(sizeof(*node));

    if (node != NULL)
        memset(node, 0, sizeof(*node));
    return node;
}

/* Adds levels above the root until the index fits. */
static int grow(struct radix_tree *tree, uint64_t index)
{
    while (tree->levels == 0 || !fits(index, tree->levels)) {
        struct radix_node *node = new_node(tree);
        if (node == NULL)
            return -ENOMEM;
        if (tree->root != NULL) {
            node->slot[0] = tree->root;
            node->used = 1;
        }
        tree->root = node;
        tree->levels++;
    }
    return 0;
}

/* Frees the nodes on the way to 'index' that hold nothing. True if 'node' itself was such a one. */
static bool prune(struct radix_tree *tree, struct radix_node *node, unsigned int level,
                  uint64_t index)
{
    void **slot = &node->slot[slot_of(index, level)];

    if (level > 1 && *slot != NULL && prune(tree, *slot, level - 1, index)) {
        *slot = NULL;
        node->used--;
    }
    if (node->used > 0)
        return false;
    tree->memory->free(node);
    return true;
}

static void prune_path(struct radix_tree *tree, uint64_t index)
{
    if (tree->root != NULL && fits(index, tree->levels) &&
        prune(tree, tree->root, tree->levels, index)) {
        tree->root = NULL;
        tree->levels = 0;
    }
}

int radix_insert(struct radix_tree *tree, uint64_t index, void *entry)
{
    if (entry == NULL)
        return -EINVAL;
    if (grow(tree, index) != 0) {
        prune_path(tree, 0);            /* an empty root would break radix_next()'s promise */
        return -ENOMEM;
    }
    struct radix_node *node = tree->root;
    for (unsigned int level = tree->levels; level > 1; level--) {
        void **slot = &node->slot[slot_of(index, level)];
        if (*slot == NULL) {
            *slot = new_node(tree);
            if (*slot == NULL) {
                prune_path(tree, index);
                return -ENOMEM;
            }
            node->used++;
        }
        node = *slot;
    }
    void **slot = &node->slot[slot_of(index, 1)];
    if (*slot != NULL)
        return -EEXIST;
    *slot = entry;
    node->used++;
    return 0;
}

/* The node of level 1 that would hold the index. */
static struct radix_node *leaf_of(const struct radix_tree *tree, uint64_t index)
{
    struct radix_node *node = tree->root;

    if (node == NULL || !fits(index, tree->levels))
        return NULL;
    for (unsigned int level = tree->levels; level > 1 && node != NULL; level--)
        node = node->slot[slot_of(index, level)];
    return node;
}

void *radix_lookup(const struct radix_tree *tree, uint64_t index)
{
    const struct radix_node *leaf = leaf_of(tree, index);
    return leaf != NULL ? leaf->slot[slot_of(index, 1)] : NULL;
}

void *radix_delete(struct radix_tree *tree, uint64_t index)
{
    struct radix_node *leaf = leaf_of(tree, index);
    void *entry = leaf != NULL ? leaf->slot[slot_of(index, 1)] : NULL;

    if (entry != NULL) {
        leaf->slot[slot_of(index, 1)] = NULL;
        leaf->used--;
        prune_path(tree, index);
    }
    return entry;
}

/* As radix_next(), below one node. */
static void *next_below(const struct radix_node *node, unsigned int level, uint64_t *index)
{
    for (unsigned int i = slot_of(*index, level); i < SLOTS; i++) {
        /* Where the next slot starts; 0 past the last index. */
        uint64_t next = (*index | ((1ull << (BITS * (level - 1))) - 1)) + 1;

        if (node->slot[i] != NULL) {
            void *entry = level == 1 ? node->slot[i] : next_below(node->slot[i], level - 1, index);
            if (entry != NULL)
                return entry;
        }
        if (next == 0)
            return NULL;
        *index = next;
    }
    return NULL;
}

void *radix_next(const struct radix_tree *tree, uint64_t *index)
{
    uint64_t at = *index;

    if (tree->root == NULL || !fits(at, tree->levels))
        return NULL;
    void *entry = next_below(tree->root, tree->levels, &at);
    if (entry != NULL)
        *index = at;
    return entry;
}

static void clear_below(struct radix_tree *tree, struct radix_node *node, unsigned int level,
                        void (*drop)(void *entry))
{
    for (unsigned int i = 0; i < SLOTS; i++) {
        if (node->slot[i] == NULL)
            continue;
        if (level > 1)
            clear_below(tree, node->slot[i], level - 1, drop);
        else if (drop != NULL)
            drop(node->slot[i]);
    }
    tree->memory->free(node);
}

void radix_clear(struct radix_tree *tree, void (*drop)(void *entry))
{
    if (tree->root != NULL)
        clear_below(tree, tree->root, tree->levels, drop);
    tree->root = NULL;
    tree->levels = 0;
}
