/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches, found by the path that changed.
 *
 * The index has an entry for each watched path and for each prefix of one, linked as a tree and
 * hashed by full path: a change costs one lookup per component of its path, however many watches
 * there are.
 */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/list.h>
#include <base/map.h>

#include "path.h"
#include "tree.h"

struct conn;
struct server;

#define WATCH_ANY_DEPTH 0xffffu

struct watch_point;

struct watch {
    struct list by_point;       /* in watch_point.watches */
    struct list by_conn;        /* in conn.watches */
    struct watch_point *point;
    struct conn *conn;
    uint32_t prefix;            /* bytes of a path that the client does not see (relative watch) */
    uint16_t depth;             /* levels below the path that count */
    bool lost_events;           /* some were dropped; one is due once the connection has drained */
    uint32_t token_len;         /* with its NUL */
    char token[];
};

/* One path that is watched, or leads to one. */
struct watch_point {
    struct watch_point *parent;
    struct list children;       /* by sibling */
    struct list sibling;
    struct list watches;        /* by by_point */
    size_t len;
    char path[];
};

struct watch_index {
    struct map points;          /* full path to watch_point */
};

/* -EEXIST, -E2BIG, -EACCES, -EINVAL. text is the path as the client gave it. */
int watch_add(struct conn *c, const char *text, const char *token, unsigned int depth,
              struct watch **out);
int watch_remove(struct conn *c, const char *text, const char *token);
void watch_remove_all(struct conn *c);
/* The event that tells a new watcher to look, and makes up for lost ones. */
void watch_fire_self(struct watch *w);
/* Watch as the client named it. */
const char *watch_text(const struct watch *w);

/*
 * path changed. before and after: permissions it had and has, either may be NULL. cut: what was
 * removed there, NULL if nothing was: watchers below see their own path go.
 */
void watch_fire(struct server *s, const struct path *path, const struct perms *before,
                const struct perms *after, struct node *cut);
/* "@introduceDomain" or "@releaseDomain", about domid. */
void watch_fire_special(struct server *s, const char *name, const struct perms *perms,
                        uint16_t domid);

void watch_index_free(struct watch_index *index);

#endif
