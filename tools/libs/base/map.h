/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strings to pointers. The map owns its keys, never its values.
 *
 * The hash is seeded per map, so that an outsider who chooses keys cannot aim at one chain.
 * An all-zero structure is an empty map.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include <base/export.h>

struct map_entry {
    struct map_entry *next;
    uint64_t hash;
    void *value;
    size_t len;
    char key[];     /* NUL behind it */
};

struct map {
    struct map_entry **bucket;
    size_t buckets; /* a power of two */
    size_t count;
    uint64_t seed;
};

EXPORT void *map_get(const struct map *m, const char *key);
EXPORT void *map_get_n(const struct map *m, const char *key, size_t len);
/* Where the value of key is kept, made if absent (then NULL); valid until key is removed. */
EXPORT void **map_slot(struct map *m, const char *key, size_t len);
EXPORT void map_put(struct map *m, const char *key, void *value);
/* Returns the value that was there, or NULL. */
EXPORT void *map_remove(struct map *m, const char *key);
/* Walks in no order: starts with NULL, ends with NULL. Only the entry just returned may be removed,
 * and only after its successor was asked for. */
EXPORT struct map_entry *map_next(const struct map *m, const struct map_entry *last);
EXPORT void map_free(struct map *m);

#endif
