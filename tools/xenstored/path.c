/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checking and completing paths.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "path.h"
#include "permission.h"

static bool is_allowed(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '/' || c == '@';
}

/* No doubled slash, none at the end, allowed characters only. */
static bool is_canonical(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_allowed(text[i]) || (text[i] == '/' && (i + 1 == len || text[i + 1] == '/')))
            return false;
    }
    return true;
}

int path_resolve(struct path *p, const char *text, uint16_t domid)
{
    size_t len = strlen(text);

    p->prefix = 0;
    if (!len || text[0] == '@')
        return -EINVAL;
    if (text[0] != '/') {
        if (domid == NO_DOMID || len > XENSTORE_REL_PATH_MAX)
            return -EINVAL;
        p->prefix = sprintf(p->text, "/local/domain/%u/", domid);
    }
    if (p->prefix + len > XENSTORE_ABS_PATH_MAX)
        return -EINVAL;
    if (!(len == 1 && text[0] == '/') && !is_canonical(text, len))
        return -EINVAL;
    memcpy(p->text + p->prefix, text, len + 1);
    p->len = p->prefix + len;
    return 0;
}

static const char *skip_prefix(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) ? NULL : text + len;
}

bool path_is_special(const char *text)
{
    const char *rest = skip_prefix(text, "@releaseDomain");

    if (!rest)
        rest = skip_prefix(text, "@introduceDomain");
    if (!rest)
        return false;
    if (*rest == '/')
        return rest[1] && strlen(rest) <= 6 && strspn(rest + 1, "0123456789") == strlen(rest + 1);
    return !*rest;
}
