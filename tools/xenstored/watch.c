/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches: the index, adding and removing, firing.
 *
 * A point exists as long as it has a watch or a child; special paths stand apart, without a parent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>

#include "conn.h"
#include "server.h"
#include "watch.h"

/* ---- the index ---- */

static struct watch_point *point_make(struct watch_index *index, const char *path, size_t len)
{
    void **slot = map_slot(&index->points, path, len);

    if (*slot)
        return *slot;
    struct watch_point *p = xmalloc(sizeof(*p) + len + 1);

    *slot = p;
    list_init(&p->children);
    list_init(&p->sibling);
    list_init(&p->watches);
    p->len = len;
    memcpy(p->path, path, len);
    p->path[len] = '\0';
    p->parent = NULL;
    if (len > 1 && path[0] == '/') {
        p->parent = point_make(index, path, path_parent(path, len));
        list_add_tail(&p->parent->children, &p->sibling);
    }
    return p;
}

static void point_drop(struct watch_index *index, struct watch_point *p)
{
    while (p && list_empty(&p->watches) && list_empty(&p->children)) {
        struct watch_point *parent = p->parent;

        list_remove(&p->sibling);
        map_remove(&index->points, p->path);
        free(p);
        p = parent;
    }
}

void watch_index_free(struct watch_index *index)
{
    map_free(&index->points);
}

/* ---- adding and removing ---- */

/* Of a path and all that leads to it, as if nobody else watched there: a long path of short names
 * is kept as often as it has names. */
static int64_t points_bytes(const char *path, size_t len)
{
    const size_t each = sizeof(struct watch_point) + sizeof(struct map_entry);
    int64_t bytes = each + 2 * len;

    for (size_t i = 1; i < len; i++) {
        if (path[i] == '/')
            bytes += each + 2 * i;
    }
    return bytes;
}

static int64_t watch_bytes(const struct watch *w)
{
    return sizeof(*w) + w->token_len + points_bytes(w->point->path, w->point->len);
}

/* Special paths are kept as they are; others become absolute. */
static int resolve(const struct conn *c, struct path *p, const char *text)
{
    if (text[0] != '@')
        return path_resolve(p, text, c->who.domid);
    if (!path_is_special(text))
        return -EINVAL;
    p->prefix = 0;
    p->len = strlen(text);
    memcpy(p->text, text, p->len + 1);
    return 0;
}

const char *watch_text(const struct watch *w)
{
    return w->point->path + w->prefix;
}

static struct watch *find(const struct conn *c, const struct path *path, const char *token)
{
    struct watch_point *p = map_get_n(&c->server->watches.points, path->text, path->len);

    if (!p)
        return NULL;
    for_each_list(l, &p->watches) {
        struct watch *w = list_entry(l, struct watch, by_point);

        if (w->conn == c && w->prefix == path->prefix && !strcmp(w->token, token))
            return w;
    }
    return NULL;
}

static int check_quota(const struct conn *c, size_t bytes)
{
    const struct limits *l = &c->server->limits;

    if (c->who.is_privileged)
        return 0;
    if (over_limit(c->account->watches, 1, l->watches))
        return -E2BIG;
    return over_limit(c->account->memory, bytes, l->memory) ? -ENOMEM : 0;
}

int watch_add(struct conn *c, const char *text, const char *token, unsigned int depth,
              struct watch **out)
{
    struct path path;
    size_t token_len = strlen(token) + 1;
    int rc = resolve(c, &path, text);

    if (rc)
        return rc;
    if (find(c, &path, token))
        return -EEXIST;
    rc = check_quota(c, sizeof(struct watch) + token_len + points_bytes(path.text, path.len));
    if (rc)
        return rc;
    struct watch *w = xcalloc(1, sizeof(*w) + token_len);

    w->point = point_make(&c->server->watches, path.text, path.len);
    w->conn = c;
    w->prefix = path.prefix;
    w->depth = depth;
    w->token_len = token_len;
    memcpy(w->token, token, token_len);
    list_add_tail(&w->point->watches, &w->by_point);
    list_add_tail(&c->watches, &w->by_conn);
    c->account->watches++;
    account_memory(c->account, &c->server->limits, watch_bytes(w));
    *out = w;
    return 0;
}

static void watch_free(struct watch *w)
{
    struct conn *c = w->conn;

    account_memory(c->account, &c->server->limits, -watch_bytes(w));
    c->account->watches--;
    c->watch_lost -= w->lost_events;
    list_remove(&w->by_conn);
    list_remove(&w->by_point);
    point_drop(&c->server->watches, w->point);
    free(w);
}

int watch_remove(struct conn *c, const char *text, const char *token)
{
    struct path path;
    int rc = resolve(c, &path, text);

    if (rc)
        return rc;
    struct watch *w = find(c, &path, token);

    if (!w)
        return -ENOENT;
    watch_free(w);
    return 0;
}

void watch_remove_all(struct conn *c)
{
    while (!list_empty(&c->watches))
        watch_free(list_entry(c->watches.next, struct watch, by_conn));
}

/* ---- firing ---- */

static void deliver(struct watch *w, const char *path, size_t len)
{
    if (conn_send_event(w->conn, path + w->prefix, len - w->prefix, w->token, w->token_len))
        return;
    w->conn->watch_lost += !w->lost_events;
    w->lost_events = true;
}

void watch_fire_self(struct watch *w)
{
    w->conn->watch_lost -= w->lost_events;
    w->lost_events = false;
    deliver(w, w->point->path, w->point->len);
}

static bool may_see(const struct watch *w, const struct perms *before, const struct perms *after)
{
    const struct identity *who = &w->conn->who;

    return who->is_privileged || (before && perms_rights(before, who) & RIGHT_READ) ||
           (after && perms_rights(after, who) & RIGHT_READ);
}

static unsigned int depth_below(const struct watch_point *p, const struct path *path)
{
    unsigned int depth = 0;

    for (size_t i = p->len == 1 ? 0 : p->len; i < path->len; i++)
        depth += path->text[i] == '/';
    return depth;
}

static void fire_point(struct watch_point *p, const struct path *path, const struct perms *before,
                       const struct perms *after)
{
    for_each_list(l, &p->watches) {
        struct watch *w = list_entry(l, struct watch, by_point);

        if (w->depth != WATCH_ANY_DEPTH && depth_below(p, path) > w->depth)
            continue;
        if (may_see(w, before, after))
            deliver(w, path->text, path->len);
    }
}

/* Watchers of what was removed along with its ancestor see their own path. */
static void fire_below(struct watch_point *p, const struct path *path, struct node *cut)
{
    for_each_list(l, &p->children) {
        struct watch_point *child = list_entry(l, struct watch_point, sibling);
        const char *rest = child->path + path->len;
        struct node *n = tree_find(cut, rest, child->len - path->len);

        if (!n)
            continue;
        for_each_list(k, &child->watches) {
            struct watch *w = list_entry(k, struct watch, by_point);

            if (may_see(w, n->perms, NULL))
                deliver(w, child->path, child->len);
        }
        fire_below(child, path, cut);
    }
}

void watch_fire(struct server *s, const struct path *path, const struct perms *before,
                const struct perms *after, struct node *cut)
{
    struct watch_point *p = map_get_n(&s->watches.points, "/", 1);
    size_t len = 1;

    while (p) {
        fire_point(p, path, before, after);
        if (len == path->len)
            break;
        size_t next = len == 1 ? 1 : len + 1;
        const char *slash = memchr(path->text + next, '/', path->len - next);

        len = slash ? (size_t)(slash - path->text) : path->len;
        p = map_get_n(&s->watches.points, path->text, len);
    }
    if (p && cut)
        fire_below(p, path, cut);
}

static void fire_special_point(struct watch_point *p, const char *name, const struct perms *perms,
                               uint16_t domid)
{
    char with_domid[40];
    int len = snprintf(with_domid, sizeof(with_domid), "%s/%u", name, domid);

    for_each_list(l, &p->watches) {
        struct watch *w = list_entry(l, struct watch, by_point);

        if (!may_see(w, perms, NULL))
            continue;
        if (w->depth == 1)
            deliver(w, with_domid, len);
        else
            deliver(w, p->path, p->len);
    }
}

void watch_fire_special(struct server *s, const char *name, const struct perms *perms,
                        uint16_t domid)
{
    char with_domid[40];
    struct watch_point *p = map_get(&s->watches.points, name);

    if (p)
        fire_special_point(p, name, perms, domid);
    snprintf(with_domid, sizeof(with_domid), "%s/%u", name, domid);
    p = map_get(&s->watches.points, with_domid);
    if (p)
        fire_special_point(p, name, perms, domid);
}
