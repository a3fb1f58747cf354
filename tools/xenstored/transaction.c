/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions. What one used is kept per path as a small word, no allocation beyond the map's
 * entry: bits 0-7 the parts, the rest 1 + the index of the path's last change, or 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/clock.h>

#include "conn.h"
#include "server.h"
#include "store.h"
#include "transaction.h"

#define USE_PARTS 0xffu
#define USE_SHIFT 8

/* How often a privileged client must redo a transaction before others have to wait for it. */
#define PATIENCE 3
#define PROTECT_MS 200

static void charge(struct transaction *t, int64_t bytes)
{
    t->memory += bytes;
    account_memory(t->conn->account, &t->conn->server->limits, bytes);
}

static void protect(struct conn *c)
{
    struct server *s = c->server;

    if (!c->who.is_privileged || c->conflicts < PATIENCE || s->protector)
        return;
    s->protector = c;
    s->protect_until = monotonic_ms() + PROTECT_MS;
}

static uint32_t new_id(struct conn *c)
{
    do {
        c->next_transaction++;
    } while (!c->next_transaction || transaction_find(c, c->next_transaction));
    return c->next_transaction;
}

static struct transaction *transaction_new(struct conn *c, uint32_t id)
{
    struct server *s = c->server;
    struct transaction *t = xcalloc(1, sizeof(*t));

    t->conn = c;
    t->id = id;
    t->base = node_get(s->root);
    t->root = node_get(s->root);
    t->base_generation = s->generation;
    list_add_tail(&c->transactions, &t->link);
    c->account->transactions++;
    charge(t, sizeof(*t));
    return t;
}

int transaction_start(struct conn *c, uint32_t *id)
{
    const struct limits *l = &c->server->limits;

    if (!c->who.is_privileged && over_limit(c->account->transactions, 1, l->transactions))
        return -ENOSPC;
    *id = transaction_new(c, new_id(c))->id;
    protect(c);
    return 0;
}

void transaction_restore(struct conn *c, uint32_t id)
{
    transaction_new(c, id)->is_stale = true;
}

struct transaction *transaction_find(struct conn *c, uint32_t id)
{
    for_each_list(l, &c->transactions) {
        struct transaction *t = list_entry(l, struct transaction, link);

        if (t->id == id)
            return t;
    }
    return NULL;
}

static void drop_trees(struct transaction *t)
{
    node_put(t->base);
    node_put(t->root);
    t->base = t->root = NULL;
}

static void transaction_free(struct transaction *t)
{
    struct conn *c = t->conn;

    drop_trees(t);
    for (uint32_t i = 0; i < t->change_count; i++) {
        blob_put(t->change[i].value);
        perms_put(t->change[i].perms);
    }
    free(t->change);
    free(t->delta);
    map_free(&t->uses);
    charge(t, -t->memory);
    c->account->transactions--;
    list_remove(&t->link);
    if (c->server->protector == c)
        c->server->protector = NULL;
    free(t);
}

int transaction_use(struct transaction *t, const struct path *path, unsigned int parts)
{
    const struct limits *l = &t->conn->server->limits;
    size_t before = t->uses.count;
    bool is_limited = !t->conn->who.is_privileged;

    if (is_limited && over_limit(before, 1, l->transaction_nodes) &&
        !map_get_n(&t->uses, path->text, path->len))
        return -ENOSPC;
    if (is_limited && over_limit(t->conn->account->memory, 0, l->memory))
        return -ENOMEM;
    uintptr_t *word = (uintptr_t *)map_slot(&t->uses, path->text, path->len);

    *word |= parts;
    if (t->uses.count != before)
        charge(t, sizeof(struct map_entry) + path->len);
    return 0;
}

struct owner_delta *transaction_delta(struct transaction *t, uint16_t domid)
{
    for (uint32_t i = 0; i < t->delta_count; i++) {
        if (t->delta[i].domid == domid)
            return &t->delta[i];
    }
    t->delta = xrealloc(t->delta, (t->delta_count + 1) * sizeof(*t->delta));
    t->delta[t->delta_count] = (struct owner_delta){ .domid = domid };
    return &t->delta[t->delta_count++];
}

/* A second write of a node takes the place of the first, unless a removal stands between. */
static bool replace_write(struct transaction *t, uintptr_t word, struct blob *value)
{
    size_t last = word >> USE_SHIFT;

    if (!last || last - 1 < t->barrier || t->change[last - 1].kind != CHANGE_WRITE)
        return false;
    struct change *c = &t->change[last - 1];

    charge(t, (int64_t)(value ? value->len : 0) - (int64_t)(c->value ? c->value->len : 0));
    blob_put(c->value);
    c->value = value;
    return true;
}

void transaction_log(struct transaction *t, enum change_kind kind, const struct path *path,
                     struct blob *value, struct perms *perms)
{
    uintptr_t *word = (uintptr_t *)map_slot(&t->uses, path->text, path->len);
    struct map_entry *entry = list_entry(word, struct map_entry, value);

    if (kind == CHANGE_WRITE && replace_write(t, *word, value))
        return;
    if (t->change_count == t->change_size) {
        t->change_size = t->change_size ? t->change_size * 2 : 8;
        t->change = xrealloc(t->change, t->change_size * sizeof(*t->change));
    }
    t->change[t->change_count++] = (struct change){
        .kind = kind, .path = entry->key, .path_len = entry->len, .value = value, .perms = perms,
    };
    charge(t, sizeof(struct change) + (value ? value->len : 0));
    *word = (*word & USE_PARTS) | (uintptr_t)t->change_count << USE_SHIFT;
    if (kind == CHANGE_REMOVE)
        t->barrier = t->change_count;
}

static bool is_current(const struct transaction *t, const struct map_entry *e)
{
    const struct node *was = tree_find(t->base, e->key, e->len);
    const struct node *is = tree_find(t->conn->server->root, e->key, e->len);
    unsigned int parts = (uintptr_t)e->value & USE_PARTS;

    if (was == is)
        return true;
    if (!was || !is)
        return false;
    return !((parts & PART_VALUE && was->value_gen != is->value_gen) ||
             (parts & PART_PERMS && was->perms_gen != is->perms_gen) ||
             (parts & PART_CHILDREN && was->children_gen != is->children_gen));
}

static bool has_conflict(const struct transaction *t)
{
    if (t->conn->server->main_generation <= t->base_generation)
        return false;
    for (struct map_entry *e = map_next(&t->uses, NULL); e; e = map_next(&t->uses, e)) {
        if (!is_current(t, e))
            return true;
    }
    return false;
}

/* The accounts may have filled up since the requests were checked. */
static bool fits(const struct transaction *t)
{
    struct server *s = t->conn->server;

    if (t->conn->who.is_privileged)
        return true;
    for (uint32_t i = 0; i < t->delta_count; i++) {
        const struct owner_delta *d = &t->delta[i];

        if (d->nodes > 0 && over_limit(account_of(&s->accounts, d->domid)->nodes, d->nodes,
                                       s->limits.nodes))
            return false;
    }
    return true;
}

static void replay(struct transaction *t)
{
    struct view v = { .server = t->conn->server, .who = &t->conn->who, .is_replay = true };
    struct path path = { 0 };

    for (uint32_t i = 0; i < t->change_count; i++) {
        const struct change *c = &t->change[i];

        memcpy(path.text, c->path, c->path_len + 1);
        path.len = c->path_len;
        switch (c->kind) {
        case CHANGE_WRITE:
            store_write(&v, &path, c->value);
            break;
        case CHANGE_MKDIR:
            store_mkdir(&v, &path);
            break;
        case CHANGE_REMOVE:
            store_remove(&v, &path);
            break;
        case CHANGE_PERMS:
            store_set_perms(&v, &path, c->perms);
            break;
        }
    }
}

int transaction_commit(struct transaction *t)
{
    int rc = t->is_stale || has_conflict(t) ? -EAGAIN : fits(t) ? 0 : -ENOSPC;

    /* Without the old versions, the tree can be changed in place. */
    drop_trees(t);
    if (rc == -EAGAIN)
        t->conn->conflicts++;
    else
        t->conn->conflicts = 0;
    if (!rc)
        replay(t);
    transaction_free(t);
    return rc;
}

void transaction_abort(struct transaction *t)
{
    transaction_free(t);
}

void transaction_abort_all(struct conn *c)
{
    while (!list_empty(&c->transactions))
        transaction_free(list_entry(c->transactions.next, struct transaction, link));
}
