/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strings to pointers: chains in a table that doubles when it has as many entries as buckets.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <base/alloc.h>
#include <base/map.h>

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_bytes(uint64_t seed, const char *key, size_t len)
{
    uint64_t h = seed ^ len * 0x9e3779b97f4a7c15ull;

    for (; len >= 8; key += 8, len -= 8) {
        uint64_t word;

        memcpy(&word, key, 8);
        h = fold(h ^ word, 0xd6e8feb86659fd93ull);
    }
    uint64_t tail = 0;

    memcpy(&tail, key, len);
    return fold(h ^ tail, (seed | 1) ^ 0xa0761d6478bd6420ull);
}

static void map_resize(struct map *m, size_t buckets)
{
    struct map_entry **bucket = xcalloc(buckets, sizeof(*bucket));

    for (size_t i = 0; i < m->buckets; i++) {
        struct map_entry *e = m->bucket[i];

        while (e) {
            struct map_entry *next = e->next;

            e->next = bucket[e->hash & (buckets - 1)];
            bucket[e->hash & (buckets - 1)] = e;
            e = next;
        }
    }
    free(m->bucket);
    m->bucket = bucket;
    m->buckets = buckets;
}

static struct map_entry **map_find(const struct map *m, const char *key, size_t len, uint64_t hash)
{
    struct map_entry **link = &m->bucket[hash & (m->buckets - 1)];

    for (; *link; link = &(*link)->next) {
        struct map_entry *e = *link;

        if (e->hash == hash && e->len == len && !memcmp(e->key, key, len))
            break;
    }
    return link;
}

void *map_get_n(const struct map *m, const char *key, size_t len)
{
    if (!m->count)
        return NULL;
    struct map_entry *e = *map_find(m, key, len, hash_bytes(m->seed, key, len));

    return e ? e->value : NULL;
}

void *map_get(const struct map *m, const char *key)
{
    return map_get_n(m, key, strlen(key));
}

void **map_slot(struct map *m, const char *key, size_t len)
{
    if (!m->bucket) {
        if (getrandom(&m->seed, sizeof(m->seed), GRND_NONBLOCK) != sizeof(m->seed))
            m->seed = (uintptr_t)m * 0x9e3779b97f4a7c15ull;
        map_resize(m, 16);
    } else if (m->count >= m->buckets) {
        map_resize(m, m->buckets * 2);
    }
    uint64_t hash = hash_bytes(m->seed, key, len);
    struct map_entry **link = map_find(m, key, len, hash);

    if (!*link) {
        struct map_entry *e = xmalloc(sizeof(*e) + len + 1);

        e->next = NULL;
        e->hash = hash;
        e->value = NULL;
        e->len = len;
        memcpy(e->key, key, len);
        e->key[len] = '\0';
        *link = e;
        m->count++;
    }
    return &(*link)->value;
}

void map_put(struct map *m, const char *key, void *value)
{
    *map_slot(m, key, strlen(key)) = value;
}

void *map_remove(struct map *m, const char *key)
{
    size_t len = strlen(key);

    if (!m->count)
        return NULL;
    struct map_entry **link = map_find(m, key, len, hash_bytes(m->seed, key, len));
    struct map_entry *e = *link;

    if (!e)
        return NULL;
    void *value = e->value;

    *link = e->next;
    free(e);
    m->count--;
    return value;
}

struct map_entry *map_next(const struct map *m, const struct map_entry *last)
{
    size_t i = 0;

    if (last) {
        if (last->next)
            return last->next;
        i = (last->hash & (m->buckets - 1)) + 1;
    }
    for (; i < m->buckets; i++) {
        if (m->bucket[i])
            return m->bucket[i];
    }
    return NULL;
}

void map_free(struct map *m)
{
    for (size_t i = 0; i < m->buckets; i++) {
        struct map_entry *e = m->bucket[i];

        while (e) {
            struct map_entry *next = e->next;

            free(e);
            e = next;
        }
    }
    free(m->bucket);
    memset(m, 0, sizeof(*m));
}
