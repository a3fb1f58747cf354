/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of one script, in chunks that double from 4 KiB to 1 MiB. Nothing is freed singly.
 */
#include <stdlib.h>

#include "arena.h"

#define MIN_CHUNK 4096
#define MAX_CHUNK (1024 * 1024)

struct arena_chunk {
    struct arena_chunk *next;
    size_t taken, size;
    _Alignas(16) char data[];
};

static struct arena_chunk *add_chunk(struct arena *a, size_t size)
{
    size_t want = a->chunk ? a->chunk->size * 2 : MIN_CHUNK;

    if (want > MAX_CHUNK)
        want = MAX_CHUNK;
    if (want < size)
        want = size;
    if (want > a->limit - a->used)
        want = size;
    if (want > a->limit - a->used)
        return NULL;
    struct arena_chunk *c = calloc(1, sizeof(*c) + want);

    if (!c)
        return NULL;
    c->size = want;
    c->next = a->chunk;
    a->chunk = c;
    a->used += want;
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > a->limit)
        return NULL;
    size = (size + 15) & ~(size_t)15;
    struct arena_chunk *c = a->chunk;

    if (!c || c->size - c->taken < size)
        c = add_chunk(a, size);
    if (!c)
        return NULL;
    void *p = c->data + c->taken;

    c->taken += size;
    return p;
}

void arena_free(struct arena *a)
{
    while (a->chunk) {
        struct arena_chunk *c = a->chunk;

        a->chunk = c->next;
        free(c);
    }
    a->used = 0;
}
