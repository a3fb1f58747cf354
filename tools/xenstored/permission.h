/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may do what to a node: a shared, immutable list of entries.
 *
 * Entry 0 names the owner, and the rights of everyone who is not listed. A list has at least that
 * one.
 */
#ifndef XENSTORED_PERMISSION_H
#define XENSTORED_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/buffer.h>

#define RIGHT_READ  1u
#define RIGHT_WRITE 2u
#define RIGHT_OWNER 4u      /* may set the list; never stored */
#define RIGHT_ALL   7u

#define NO_DOMID 0xffffu    /* as a target: none */

struct perm {
    uint16_t domid;
    uint16_t rights;        /* RIGHT_READ | RIGHT_WRITE */
};

struct perms {
    uint32_t refs;
    uint32_t count;
    struct perm entry[];
};

/* As whom a request is judged. */
struct identity {
    uint16_t domid;
    uint16_t target;        /* also has this domain's rights; or NO_DOMID */
    bool is_privileged;     /* every right everywhere */
};

struct perms *perms_new(const struct perm *entry, size_t count);
struct perms *perms_get(struct perms *p);
void perms_put(struct perms *p);

/* What who may do under p. */
unsigned int perms_rights(const struct perms *p, const struct identity *who);
/* The list a new child gets below a node with p: the same, owned by an unprivileged creator. */
struct perms *perms_inherit(struct perms *p, const struct identity *creator);
/* The list without the entries of a domain that is gone; p itself if it has none. */
struct perms *perms_without(struct perms *p, uint16_t domid);

/* Strings such as "r5", each with its NUL, that fill text. -EINVAL if malformed or empty. */
int perms_parse(const char *text, size_t len, struct perms **out);
void perms_print(struct buffer *out, const struct perms *p);
char perm_letter(unsigned int rights);

static inline uint16_t perms_owner(const struct perms *p)
{
    return p->entry[0].domid;
}

#endif
