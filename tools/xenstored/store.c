/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations on nodes. All of them decide first and change after; the change cannot fail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>

#include "server.h"
#include "store.h"
#include "transaction.h"

static struct node **view_root(const struct view *v)
{
    return v->tx ? &v->tx->root : &v->server->root;
}

static bool is_limited(const struct view *v)
{
    return !v->who->is_privileged && !v->is_replay;
}

/* ---- accounts ---- */

static size_t perms_size(const struct perms *p)
{
    return p->count * sizeof(p->entry[0]);
}

int64_t store_node_bytes(const struct node *n)
{
    return sizeof(*n) + n->name->len + node_value_len(n) + perms_size(n->perms);
}

static void charge(const struct view *v, uint16_t domid, int64_t nodes, int64_t bytes)
{
    if (v->tx) {
        struct owner_delta *d = transaction_delta(v->tx, domid);

        d->nodes += nodes;
        d->memory += bytes;
        return;
    }
    struct account *a = account_of(&v->server->accounts, domid);

    a->nodes += nodes;
    account_memory(a, &v->server->limits, bytes);
}

/* Would this many more of them be too much for domid, as this view sees it? */
static int check_quota(const struct view *v, uint16_t domid, int64_t nodes, int64_t bytes)
{
    const struct limits *l = &v->server->limits;
    struct account *a = account_of(&v->server->accounts, domid);

    /* What a guest may write of dom0's is bounded node by node. */
    if (!domid)
        return 0;
    int64_t has_nodes = a->nodes, has_memory = a->memory;

    if (v->tx) {
        struct owner_delta *d = transaction_delta(v->tx, domid);

        has_nodes += d->nodes;
        has_memory += d->memory;
    }
    if (nodes > 0 && over_limit(has_nodes, nodes, l->nodes))
        return -ENOSPC;
    if (bytes > 0 && over_limit(has_memory, bytes, l->memory))
        return -ENOMEM;
    return 0;
}

/* ---- looking ---- */

static int use(const struct view *v, const struct path *path, unsigned int parts)
{
    return v->tx ? transaction_use(v->tx, path, parts) : 0;
}

int store_get(const struct view *v, const struct path *path, unsigned int right, unsigned int parts,
              struct node **node)
{
    size_t found;
    struct node *n = tree_find_nearest(*view_root(v), path->text, path->len, &found);
    int rc = use(v, path, parts | PART_PERMS);

    if (rc)
        return rc;
    /* Who may not look at the parent learns nothing about what is missing below it. */
    if (found != path->len)
        right = RIGHT_READ;
    if (!v->is_replay && (perms_rights(n->perms, v->who) & right) != right)
        return -EACCES;
    if (found != path->len)
        return -ENOENT;
    *node = n;
    return 0;
}

/* ---- changing ---- */

static void touched(const struct view *v)
{
    if (!v->tx)
        v->server->main_generation = v->server->generation;
}

/* The part of path that is an ancestor's. */
static struct path *ancestor_path(struct path *p, const struct path *path, size_t len)
{
    memcpy(p->text, path->text, len);
    p->text[len] = '\0';
    p->len = len;
    p->prefix = 0;
    return p;
}

/* What creating path, and all that is missing above it, below ancestor needs. */
static int check_create(const struct view *v, const struct path *path, const struct node *ancestor,
                        size_t ancestor_len, const struct blob *value)
{
    const struct limits *l = &v->server->limits;
    struct path parent;
    int64_t nodes = 0, bytes = 0;

    if (v->is_replay)
        return 0;
    if (!(perms_rights(ancestor->perms, v->who) & RIGHT_WRITE))
        return -EACCES;
    int rc = use(v, ancestor_path(&parent, path, ancestor_len), PART_PERMS);

    if (rc || !is_limited(v))
        return rc;
    if (l->path_max && path->len > l->path_max)
        return -EINVAL;
    for (size_t i = ancestor_len == 1 ? 0 : ancestor_len; i < path->len; i++)
        nodes += path->text[i] == '/';
    size_t list_size = perms_size(ancestor->perms);

    if (value && over_limit(value->len + list_size, 0, l->node_size))
        return -ENOSPC;
    bytes = nodes * (sizeof(struct node) + list_size) + (path->len - ancestor_len) +
            (value ? value->len : 0);
    return check_quota(v, v->who->domid, nodes, bytes);
}

/* Makes every missing node down to path; returns the last. */
static struct node *create(const struct view *v, const struct path *path, struct node *ancestor,
                           size_t ancestor_len)
{
    struct perms *perms = perms_inherit(ancestor->perms, v->who);
    size_t len = ancestor_len == 1 ? 0 : ancestor_len;
    struct node *n = NULL;

    while (len < path->len) {
        const char *slash = memchr(path->text + len + 1, '/', path->len - len - 1);

        len = slash ? (size_t)(slash - path->text) : path->len;
        n = tree_add(view_root(v), path->text, len, perms_get(perms), server_tick(v->server));
        charge(v, perms_owner(perms), 1, store_node_bytes(n));
    }
    perms_put(perms);
    return n;
}

/* After a change: the watches, or the transaction's log that will fire them. */
static void publish(const struct view *v, enum change_kind kind, const struct path *path,
                    const struct perms *perms, struct blob *value)
{
    touched(v);
    if (v->tx)
        transaction_log(v->tx, kind, path, blob_get(value), NULL);
    else
        watch_fire(v->server, path, perms, NULL, NULL);
}

static int check_rewrite(const struct view *v, const struct node *n, const struct blob *value)
{
    int64_t more = (int64_t)(value ? value->len : 0) - (int64_t)node_value_len(n);

    if (v->is_replay)
        return 0;
    if (!(perms_rights(n->perms, v->who) & RIGHT_WRITE))
        return -EACCES;
    if (!is_limited(v))
        return 0;
    if (value && over_limit(value->len + perms_size(n->perms), 0, v->server->limits.node_size))
        return -ENOSPC;
    return check_quota(v, perms_owner(n->perms), 0, more);
}

static void set_value(const struct view *v, struct node *n, struct blob *value)
{
    struct blob *old = n->value;

    charge(v, perms_owner(n->perms), 0,
           (int64_t)(value ? value->len : 0) - (int64_t)node_value_len(n));
    n->value = blob_get(value);
    n->value_gen = server_tick(v->server);
    blob_put(old);
}

int store_write(const struct view *v, const struct path *path, struct blob *value)
{
    size_t found;
    struct node *n = tree_find_nearest(*view_root(v), path->text, path->len, &found);
    int rc = use(v, path, PART_VALUE | PART_PERMS);

    if (!rc)
        rc = found == path->len ? check_rewrite(v, n, value)
                                : check_create(v, path, n, found, value);
    if (rc)
        return rc;
    n = found == path->len ? tree_edit(view_root(v), path->text, path->len)
                           : create(v, path, n, found);
    set_value(v, n, value);
    publish(v, CHANGE_WRITE, path, n->perms, value);
    return 0;
}

int store_mkdir(const struct view *v, const struct path *path)
{
    size_t found;
    struct node *n = tree_find_nearest(*view_root(v), path->text, path->len, &found);
    int rc = use(v, path, PART_PERMS);

    if (rc)
        return rc;
    if (found == path->len)
        return v->is_replay || perms_rights(n->perms, v->who) & RIGHT_WRITE ? 0 : -EACCES;
    rc = check_create(v, path, n, found, NULL);
    if (rc)
        return rc;
    n = create(v, path, n, found);
    publish(v, CHANGE_MKDIR, path, n->perms, NULL);
    return 0;
}

static int uncharge_tree(struct node *n, void *ctx)
{
    const struct view *v = ctx;

    charge(v, perms_owner(n->perms), -1, -store_node_bytes(n));
    return node_walk_children(n, uncharge_tree, ctx);
}

/* Whether path may be removed: 0, an error, or 1 if it is not there and that is fine. */
static int check_remove(const struct view *v, const struct path *path)
{
    size_t found;
    struct node *n = tree_find_nearest(*view_root(v), path->text, path->len, &found);
    int rc = use(v, path, PART_VALUE | PART_PERMS | PART_CHILDREN);

    if (rc)
        return rc;
    if (!v->is_replay && !(perms_rights(n->perms, v->who) & RIGHT_WRITE))
        return -EACCES;
    if (found == path->len)
        return 0;
    return found == path_parent(path->text, path->len) ? 1 : -ENOENT;
}

int store_remove(const struct view *v, const struct path *path)
{
    if (path->len == 1)
        return -EINVAL;
    int rc = check_remove(v, path);

    if (rc)
        return rc < 0 ? rc : 0;
    struct node *n = tree_cut(view_root(v), path->text, path->len, server_tick(v->server));

    uncharge_tree(n, (void *)v);
    touched(v);
    if (v->tx)
        transaction_log(v->tx, CHANGE_REMOVE, path, NULL, NULL);
    else
        watch_fire(v->server, path, n->perms, NULL, n);
    node_put(n);
    return 0;
}

static int check_set_perms(const struct view *v, const struct node *n, const struct perms *perms)
{
    if (v->is_replay || v->who->is_privileged)
        return 0;
    if (perms_owner(perms) != perms_owner(n->perms))
        return -EPERM;
    if (over_limit(perms->count, 0, v->server->limits.perms))
        return -ENOSPC;
    return check_quota(v, perms_owner(perms), 0,
                       (int64_t)perms_size(perms) - (int64_t)perms_size(n->perms));
}

int store_set_perms(const struct view *v, const struct path *path, struct perms *perms)
{
    struct node *n;
    int rc = store_get(v, path, RIGHT_OWNER, PART_PERMS, &n);

    if (!rc)
        rc = check_set_perms(v, n, perms);
    if (rc)
        return rc;
    n = tree_edit(view_root(v), path->text, path->len);
    struct perms *old = n->perms;

    charge(v, perms_owner(old), -1, -store_node_bytes(n));
    n->perms = perms_get(perms);
    n->perms_gen = server_tick(v->server);
    charge(v, perms_owner(perms), 1, store_node_bytes(n));
    touched(v);
    if (v->tx)
        transaction_log(v->tx, CHANGE_PERMS, path, NULL, perms_get(perms));
    else
        watch_fire(v->server, path, old, perms, NULL);
    perms_put(old);
    return 0;
}

/* ---- a domain's end ---- */

/* Paths that the walk below found; acting on them at once would change what is being walked. */
struct owned {
    uint16_t domid;
    struct buffer path;
    struct buffer cut;          /* paths to remove, each with its NUL */
    struct buffer edit;         /* paths whose permissions name domid */
};

static int find_owned(struct node *n, void *ctx)
{
    struct owned *o = ctx;
    size_t len = o->path.len;

    buffer_putc(&o->path, '/');
    buffer_append(&o->path, n->name->data, n->name->len);
    if (perms_owner(n->perms) == o->domid) {
        buffer_append(&o->cut, buffer_string(&o->path), o->path.len + 1);
    } else {
        for (uint32_t i = 1; i < n->perms->count; i++) {
            if (n->perms->entry[i].domid == o->domid) {
                buffer_append(&o->edit, buffer_string(&o->path), o->path.len + 1);
                break;
            }
        }
        node_walk_children(n, find_owned, o);
    }
    o->path.len = len;
    return 0;
}

static void strip_perms(const struct view *v, const struct path *path, uint16_t domid)
{
    struct node *n = tree_find(v->server->root, path->text, path->len);
    struct perms *rest = perms_without(n->perms, domid);

    store_set_perms(v, path, rest);
    perms_put(rest);
}

void store_remove_owned(struct server *s, uint16_t domid)
{
    static const struct identity dom0 = { .target = NO_DOMID, .is_privileged = true };
    struct view v = { .server = s, .who = &dom0 };
    struct owned o = { .domid = domid };
    struct path path;

    node_walk_children(s->root, find_owned, &o);
    for (; o.cut.len; buffer_take(&o.cut, path.len + 1)) {
        path_resolve(&path, buffer_head(&o.cut), NO_DOMID);
        store_remove(&v, &path);
    }
    for (; o.edit.len; buffer_take(&o.edit, path.len + 1)) {
        path_resolve(&path, buffer_head(&o.edit), NO_DOMID);
        strip_perms(&v, &path, domid);
    }
    buffer_free(&o.path);
    buffer_free(&o.cut);
    buffer_free(&o.edit);
}

/* ---- the beginning, and checking ---- */

void store_init(struct server *s)
{
    static const struct identity dom0 = { .target = NO_DOMID, .is_privileged = true };
    static const struct perm nobody = { .domid = 0, .rights = 0 };
    struct view v = { .server = s, .who = &dom0 };
    struct path path;

    s->root = tree_new(perms_new(&nobody, 1), server_tick(s));
    charge(&v, 0, 1, store_node_bytes(s->root));
    for (int i = 0; i < SPECIAL_COUNT; i++)
        s->special[i] = perms_new(&nobody, 1);
    path_resolve(&path, "/tool/xenstored", NO_DOMID);
    store_mkdir(&v, &path);
}

struct census {
    struct accounts accounts;
    struct buffer *report;
    unsigned int faults;
    uint32_t child_count, child_bytes;
    const struct node *last;
};

static int count_node(struct node *n, void *ctx)
{
    struct census *c = ctx;
    struct census below = { .accounts = c->accounts, .report = c->report };
    struct account *a = account_of(&c->accounts, perms_owner(n->perms));

    a->nodes++;
    a->memory += store_node_bytes(n);
    c->child_count++;
    c->child_bytes += n->name->len + 1;
    if (c->last && strcmp(c->last->name->data, n->name->data) >= 0)
        c->faults++;
    c->last = n;
    if ((n->left && n->left->priority > n->priority) ||
        (n->right && n->right->priority > n->priority))
        c->faults++;
    node_walk_children(n, count_node, &below);
    if (below.child_count != n->child_count || below.child_bytes != n->child_bytes) {
        buffer_printf(c->report, "node %s: children miscounted\n", n->name->data);
        c->faults++;
    }
    c->faults += below.faults;
    return 0;
}

unsigned int store_check(struct server *s, struct buffer *report)
{
    struct census c = { .report = report };

    account_of(&c.accounts, 0);
    count_node(s->root, &c);
    for (unsigned int i = 0; i < 65536; i++) {
        struct account *is = s->accounts.by_domid[i], *should = c.accounts.by_domid[i];

        if ((is ? is->nodes : 0) == (should ? should->nodes : 0))
            continue;
        buffer_printf(report, "d%u: account says %lld nodes, the tree %lld\n", i,
                      (long long)(is ? is->nodes : 0), (long long)(should ? should->nodes : 0));
        c.faults++;
    }
    accounts_free(&c.accounts);
    return c.faults;
}
