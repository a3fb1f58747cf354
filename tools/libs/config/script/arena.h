/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of one script: taken piece by piece up to a limit, given back all at once.
 */
#ifndef CONFIG_SCRIPT_ARENA_H
#define CONFIG_SCRIPT_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk;  /* the newest, from which pieces are cut */
    size_t used, limit;         /* bytes of all chunks; how many they may become */
};

/* Zeroed and aligned to 16; NULL when the limit or the machine is exhausted. */
void *arena_alloc(struct arena *a, size_t size);
void arena_free(struct arena *a);

#endif
