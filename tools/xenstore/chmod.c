/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chmod: permissions of a node, of all below it, of all above it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define MAX_PERMS 64

struct list_of_perms {
    struct xs_perm perm[MAX_PERMS];
    size_t count;
};

static int set_one(struct invocation *in, const char *path, const struct list_of_perms *list)
{
    int rc = xs_set_perms(in->xs, in->tx, path, list->perm, list->count);

    return rc ? complain("cannot set permissions of", path, rc) : 0;
}

static int set_below(struct invocation *in, const char *path, const struct list_of_perms *list)
{
    char **names;
    int rc = xs_list(in->xs, in->tx, path, &names, NULL);

    if (rc)
        return complain("cannot list", path, rc);
    for (char **name = names; *name && !rc; name++) {
        char *child = join_path(path, *name);

        rc = set_one(in, child, list);
        if (!rc)
            rc = set_below(in, child, list);
        free(child);
    }
    free(names);
    return rc;
}

static int set_above(struct invocation *in, const char *path, const struct list_of_perms *list)
{
    char *parent = strdup(path), *slash;
    int rc = 0;

    while (!rc && parent && (slash = strrchr(parent, '/')) && slash != parent) {
        *slash = '\0';
        rc = set_one(in, parent, list);
    }
    free(parent);
    return rc;
}

/* KEY MODE...: one node, its modes. */
int cmd_chmod(struct invocation *in)
{
    struct list_of_perms list = { .count = 0 };
    const char *path = in->argv[0];

    for (int i = 1; i < in->argc; i++) {
        if (list.count == MAX_PERMS || xs_parse_perm(in->argv[i], &list.perm[list.count++]))
            return complain("not a permission:", in->argv[i], -EINVAL);
    }
    int rc = set_one(in, path, &list);

    if (!rc && in->recursive)
        rc = set_below(in, path, &list);
    if (!rc && in->upwards)
        rc = set_above(in, path, &list);
    return rc;
}
