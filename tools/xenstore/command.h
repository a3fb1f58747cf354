/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of the store's client: one table in main.c, a function each.
 */
#ifndef XENSTORE_COMMAND_H
#define XENSTORE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include <base/buffer.h>
#include <xs/xs.h>

struct invocation {
    struct xs *xs;
    uint32_t tx;            /* what the command works in, if it asked for one */
    int argc;               /* what is left behind the options */
    char **argv;
    bool show_prefix;       /* -p */
    bool full_paths;        /* -f */
    bool tidy;              /* -t */
    bool recursive;         /* -r */
    bool upwards;           /* -u */
    bool raw;               /* -R */
    int count;              /* -n, or -1 */
};

/*
 * 0, a negative errno after having said what failed, or -EAGAIN from a transaction: silently
 * again.
 */
int cmd_chmod(struct invocation *in);
int cmd_control(struct invocation *in);
int cmd_exists(struct invocation *in);
int cmd_list(struct invocation *in);
int cmd_ls(struct invocation *in);
int cmd_read(struct invocation *in);
int cmd_rm(struct invocation *in);
int cmd_watch(struct invocation *in);
int cmd_write(struct invocation *in);

/* "xenstore: WHAT PATH: reason"; returns rc. */
int complain(const char *what, const char *path, int rc);

/* Bytes that do not print become \nnn, \n, \t, \\ and so on, and back. */
void escape(struct buffer *out, const char *bytes, size_t len);
int unescape(struct buffer *out, const char *text);

/* A new string: path and name below it. */
char *join_path(const char *path, const char *name);

#endif
