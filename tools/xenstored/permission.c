/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of permissions: made once, shared by reference, never changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/strings.h>

#include "permission.h"

static const char letters[] = "nrwb";   /* index: rights */

struct perms *perms_new(const struct perm *entry, size_t count)
{
    struct perms *p = xmalloc(sizeof(*p) + count * sizeof(*entry));

    p->refs = 1;
    p->count = count;
    memcpy(p->entry, entry, count * sizeof(*entry));
    return p;
}

struct perms *perms_get(struct perms *p)
{
    p->refs++;
    return p;
}

void perms_put(struct perms *p)
{
    if (p && !--p->refs)
        free(p);
}

static unsigned int rights_of(const struct perms *p, uint16_t domid)
{
    if (perms_owner(p) == domid)
        return RIGHT_ALL;
    for (uint32_t i = 1; i < p->count; i++) {
        if (p->entry[i].domid == domid)
            return p->entry[i].rights;
    }
    return p->entry[0].rights;
}

unsigned int perms_rights(const struct perms *p, const struct identity *who)
{
    if (who->is_privileged)
        return RIGHT_ALL;
    unsigned int rights = rights_of(p, who->domid);

    return who->target == NO_DOMID ? rights : rights | rights_of(p, who->target);
}

struct perms *perms_inherit(struct perms *p, const struct identity *creator)
{
    if (creator->is_privileged || perms_owner(p) == creator->domid)
        return perms_get(p);
    struct perms *child = perms_new(p->entry, p->count);

    child->entry[0].domid = creator->domid;
    return child;
}

struct perms *perms_without(struct perms *p, uint16_t domid)
{
    uint32_t kept = 1;
    bool listed = false;

    for (uint32_t i = 1; i < p->count; i++)
        listed |= p->entry[i].domid == domid;
    if (!listed)
        return perms_get(p);
    struct perms *rest = perms_new(p->entry, p->count);

    for (uint32_t i = 1; i < p->count; i++) {
        if (p->entry[i].domid != domid)
            rest->entry[kept++] = p->entry[i];
    }
    rest->count = kept;
    return rest;
}

static int parse_one(const char *text, struct perm *perm)
{
    unsigned long long domid;
    const char *letter = *text ? strchr(letters, *text) : NULL;

    if (!letter || !parse_number(text + 1, UINT16_MAX, &domid))
        return -EINVAL;
    perm->domid = domid;
    perm->rights = letter - letters;
    return 0;
}

int perms_parse(const char *text, size_t len, struct perms **out)
{
    size_t count = 0;

    if (!len || text[len - 1])
        return -EINVAL;
    for (size_t i = 0; i < len; i++)
        count += !text[i];
    struct perms *p = xmalloc(sizeof(*p) + count * sizeof(p->entry[0]));

    p->refs = 1;
    p->count = count;
    for (size_t i = 0; i < count; i++) {
        if (parse_one(text, &p->entry[i])) {
            free(p);
            return -EINVAL;
        }
        text += strlen(text) + 1;
    }
    *out = p;
    return 0;
}

char perm_letter(unsigned int rights)
{
    return letters[rights & (RIGHT_READ | RIGHT_WRITE)];
}

void perms_print(struct buffer *out, const struct perms *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        buffer_printf(out, "%c%u", perm_letter(p->entry[i].rights), p->entry[i].domid);
        buffer_putc(out, '\0');
    }
}
