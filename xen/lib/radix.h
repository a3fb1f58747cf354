/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sparse arrays: a 64-bit index leads to a pointer, in a tree that is as deep as the largest
 * index needs.
 *
 * The entries are the caller's and never NULL. The owner of a tree brings the lock.
 */
#ifndef LIB_RADIX_H
#define LIB_RADIX_H

#include <lib/alloc.h>

#include <stdint.h>

struct radix_node;

struct radix_tree {
    struct radix_node *root;
    unsigned int levels;                    /* 0: empty */
    const struct lib_allocator *memory;
};

void radix_init(struct radix_tree *tree, const struct lib_allocator *memory);

/* 0, -EEXIST, -ENOMEM (nothing changed that a lookup would see), -EINVAL for NULL. */
int radix_insert(struct radix_tree *tree, uint64_t index, void *entry);

void *radix_lookup(const struct radix_tree *tree, uint64_t index);

/* Takes the entry out and returns it; NULL if there was none. */
void *radix_delete(struct radix_tree *tree, uint64_t index);

/* The first entry at *index or behind it, with *index set to where it is; NULL if there is none. */
void *radix_next(const struct radix_tree *tree, uint64_t *index);

/* Frees the tree; drop() (may be NULL) gets each entry. The tree is empty and usable after. */
void radix_clear(struct radix_tree *tree, void (*drop)(void *entry));

#endif
