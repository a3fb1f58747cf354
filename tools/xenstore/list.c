/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list and ls.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <base/alloc.h>

#include "command.h"

/* Where permissions begin on a line when output is no terminal. */
#define COLUMN 62

char *join_path(const char *path, const char *name)
{
    return xasprintf("%s/%s", strcmp(path, "/") ? path : "", name);
}

int cmd_list(struct invocation *in)
{
    for (int i = 0; i < in->argc; i++) {
        char **names;
        int rc = xs_list(in->xs, in->tx, in->argv[i], &names, NULL);

        if (rc)
            return complain("cannot list", in->argv[i], rc);
        for (char **name = names; *name; name++) {
            char *path = in->show_prefix ? join_path(in->argv[i], *name) : NULL;

            puts(path ? path : *name);
            free(path);
        }
        free(names);
    }
    return 0;
}

static unsigned int terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
        return 80;
    return size.ws_col;
}

static void append_perms(struct invocation *in, const char *path, struct buffer *line)
{
    struct xs_perm *perms;
    size_t count;
    struct buffer text = { 0 };

    if (xs_get_perms(in->xs, in->tx, path, &perms, &count))
        return;
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%c%u", i ? "," : "(", "nrwb"[perms[i].rights], perms[i].domid);
    free(perms);
    if (in->full_paths) {
        buffer_puts(line, "   ");
    } else {
        unsigned int width = terminal_width(), column = width > 20 ? width - 18 : COLUMN;

        /* A trail of dots leads the eye. */
        buffer_puts(line, "  ");
        while (line->len < column)
            buffer_putc(line, line->len % 2 ? ' ' : '.');
        buffer_puts(line, "  ");
    }
    buffer_printf(line, "%s)", buffer_string(&text));
    buffer_free(&text);
}

static void print_line(struct invocation *in, const char *path, const char *name, int depth,
                       const char *value, size_t len)
{
    struct buffer line = { 0 };

    if (in->full_paths)
        buffer_puts(&line, path);
    else
        buffer_printf(&line, "%*s%s", depth, "", name);
    buffer_puts(&line, " = \"");
    escape(&line, value, len);
    buffer_puts(&line, "\"");
    if (in->show_prefix)
        append_perms(in, path, &line);
    puts(buffer_string(&line));
    buffer_free(&line);
}

static int list_below(struct invocation *in, const char *path, int depth);

static int list_node(struct invocation *in, const char *path, const char *name, int depth)
{
    char *value;
    size_t len;
    int rc = xs_read(in->xs, in->tx, path, &value, &len);

    /* Gone since it was listed, or not for us to see. */
    if (rc == -ENOENT || rc == -EACCES)
        return 0;
    if (rc)
        return complain("cannot read", path, rc);
    print_line(in, path, name, depth, value, len);
    free(value);
    return list_below(in, path, depth + 1);
}

static int list_below(struct invocation *in, const char *path, int depth)
{
    char **names;
    int rc = xs_list(in->xs, in->tx, path, &names, NULL);

    if (rc == -ENOENT && depth)
        return 0;
    if (rc)
        return complain("cannot list", path, rc);
    for (char **name = names; *name && !rc; name++) {
        char *child = join_path(path, *name);

        rc = list_node(in, child, *name, depth);
        free(child);
    }
    free(names);
    return rc;
}

int cmd_ls(struct invocation *in)
{
    int rc = 0;

    if (!in->argc)
        return list_below(in, "/", 0);
    for (int i = 0; i < in->argc && !rc; i++)
        rc = list_below(in, in->argv[i], 0);
    return rc;
}
