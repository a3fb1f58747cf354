/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * read, write, rm, exists and control.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static void print_value(const struct invocation *in, const char *path, const char *value,
                        size_t len)
{
    struct buffer text = { 0 };

    if (in->show_prefix)
        buffer_printf(&text, "%s: ", path);
    if (in->raw)
        buffer_append(&text, value, len);
    else
        escape(&text, value, len);
    if (!in->raw)
        buffer_putc(&text, '\n');
    fwrite(buffer_head(&text), 1, text.len, stdout);
    buffer_free(&text);
}

int cmd_read(struct invocation *in)
{
    for (int i = 0; i < in->argc; i++) {
        char *value;
        size_t len;
        int rc = xs_read(in->xs, in->tx, in->argv[i], &value, &len);

        if (rc)
            return complain("cannot read", in->argv[i], rc);
        print_value(in, in->argv[i], value, len);
        free(value);
    }
    return 0;
}

static int write_one(struct invocation *in, const char *path, const char *text)
{
    struct buffer value = { 0 };
    int rc = 0;

    if (in->raw)
        buffer_puts(&value, text);
    else
        rc = unescape(&value, text);
    if (!rc)
        rc = xs_write(in->xs, in->tx, path, buffer_string(&value), value.len);
    buffer_free(&value);
    return rc ? complain("cannot write", path, rc) : 0;
}

int cmd_write(struct invocation *in)
{
    int rc = in->argc % 2 ? -EINVAL : 0;

    if (rc)
        return complain("no value for", in->argv[in->argc - 1], rc);
    for (int i = 0; i < in->argc && !rc; i += 2)
        rc = write_one(in, in->argv[i], in->argv[i + 1]);
    return rc;
}

/* Whether path may go along: it has neither value nor children. */
static bool is_bare(struct invocation *in, const char *path)
{
    char *value, **names;
    size_t len, count;

    if (xs_read(in->xs, in->tx, path, &value, &len))
        return false;
    free(value);
    if (len || xs_list(in->xs, in->tx, path, &names, &count))
        return false;
    free(names);
    return !count;
}

static int remove_bare_parents(struct invocation *in, const char *path)
{
    char *parent = strdup(path), *slash;
    int rc = 0;

    while (!rc && parent && (slash = strrchr(parent, '/')) && slash != parent) {
        *slash = '\0';
        if (!is_bare(in, parent))
            break;
        rc = xs_remove(in->xs, in->tx, parent);
    }
    free(parent);
    return rc;
}

int cmd_rm(struct invocation *in)
{
    for (int i = 0; i < in->argc; i++) {
        int rc = xs_remove(in->xs, in->tx, in->argv[i]);

        if (!rc && in->tidy)
            rc = remove_bare_parents(in, in->argv[i]);
        if (rc)
            return complain("cannot remove", in->argv[i], rc);
    }
    return 0;
}

int cmd_exists(struct invocation *in)
{
    for (int i = 0; i < in->argc; i++) {
        if (!xs_exists(in->xs, in->tx, in->argv[i]))
            return -ENOENT;
    }
    return 0;
}

int cmd_control(struct invocation *in)
{
    char *answer;
    int rc = xs_control(in->xs, (const char *const *)in->argv, in->argc, &answer);

    if (rc)
        return complain("refused", in->argv[0], rc);
    if (*answer)
        printf("%s%s", answer, answer[strlen(answer) - 1] == '\n' ? "" : "\n");
    free(answer);
    return 0;
}
