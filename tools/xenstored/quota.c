/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits, their names, and the accounts of domains.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>

#include "quota.h"

static const struct {
    const char *name;
    size_t offset;
    uint64_t initial;
} table[] = {
    { "nodes", offsetof(struct limits, nodes), 1000 },
    { "node-size", offsetof(struct limits, node_size), 2048 },
    { "watches", offsetof(struct limits, watches), 128 },
    { "transactions", offsetof(struct limits, transactions), 10 },
    { "permissions", offsetof(struct limits, perms), 5 },
    { "transaction-nodes", offsetof(struct limits, transaction_nodes), 1024 },
    { "outstanding", offsetof(struct limits, outstanding), 20 },
    { "memory", offsetof(struct limits, memory), 5 << 19 },
    { "memory-soft", offsetof(struct limits, memory_soft), 4 << 19 },
    { "path-max", offsetof(struct limits, path_max), 3072 },
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static uint64_t *field(struct limits *l, size_t row)
{
    return (uint64_t *)((char *)l + table[row].offset);
}

void limits_init(struct limits *l)
{
    for (size_t i = 0; i < ROWS; i++)
        *field(l, i) = table[i].initial;
}

uint64_t *limits_find(struct limits *l, const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (!strcmp(table[i].name, name))
            return field(l, i);
    }
    return NULL;
}

void limits_print(struct buffer *out, const struct limits *l)
{
    struct limits copy = *l;

    for (size_t i = 0; i < ROWS; i++)
        buffer_printf(out, "%-18s %" PRIu64 "\n", table[i].name, *field(&copy, i));
}

struct account *account_of(struct accounts *a, uint16_t domid)
{
    if (!a->by_domid)
        a->by_domid = xcalloc(65536, sizeof(*a->by_domid));
    if (!a->by_domid[domid]) {
        a->by_domid[domid] = xcalloc(1, sizeof(struct account));
        a->by_domid[domid]->domid = domid;
    }
    return a->by_domid[domid];
}

void accounts_free(struct accounts *a)
{
    for (unsigned int i = 0; a->by_domid && i < 65536; i++)
        free(a->by_domid[i]);
    free(a->by_domid);
    a->by_domid = NULL;
}

void account_memory(struct account *a, const struct limits *l, int64_t bytes)
{
    a->memory += bytes;
    if (bytes <= 0 || !a->domid || a->warned || !over_limit(a->memory, 0, l->memory_soft))
        return;
    a->warned = true;
    log_warn("d%u: uses %" PRId64 " bytes of the store, above the soft limit of %" PRIu64, a->domid,
             a->memory, l->memory_soft);
}

bool over_limit(int64_t used, int64_t more, uint64_t limit)
{
    return limit && used + more > (int64_t)limit;
}
