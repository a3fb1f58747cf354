/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Errors as text, and files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define MAX_FILE (1024 * 1024)

int config_fail(struct config_error *e, const char *fmt, ...)
{
    va_list args;

    *e = (struct config_error){ 0 };
    va_start(args, fmt);
    vsnprintf(e->what, sizeof(e->what), fmt, args);
    va_end(args);
    return -EINVAL;
}

static void put_place(struct buffer *out, const struct config_error *e)
{
    buffer_puts(out, "\n    ");
    buffer_puts(out, e->source);
    buffer_puts(out, "\n    ");
    /* Under the place, whatever tabs and longer letters are before it. */
    for (unsigned int i = 0; i < e->caret && e->source[i]; i++) {
        unsigned char c = e->source[i];

        if (c == '\t')
            buffer_putc(out, '\t');
        else if ((c & 0xc0) != 0x80)
            buffer_putc(out, ' ');
    }
    buffer_putc(out, '^');
}

static void put_error(struct buffer *out, const struct config_error *e)
{
    if (*e->file)
        buffer_printf(out, "%s:", e->file);
    if (e->line)
        buffer_printf(out, "%u:", e->line);
    if (e->line && e->column)
        buffer_printf(out, "%u:", e->column);
    if (*e->file || e->line)
        buffer_putc(out, ' ');
    buffer_puts(out, e->what);
    if (e->line && e->column)
        put_place(out, e);
}

int config_error_format(const struct config_error *e, char *out, size_t size)
{
    struct buffer b = { 0 };

    put_error(&b, e);
    int len = snprintf(out, size, "%s", buffer_string(&b));

    buffer_free(&b);
    return len;
}

void config_error_print(const struct config_error *e, FILE *to)
{
    struct buffer b = { 0 };

    put_error(&b, e);
    if (e->is_syntax)
        fprintf(to, "Errors were found at line %u while processing %s:\n", e->line, e->file);
    fprintf(to, "Error: %s\n", buffer_string(&b));
    buffer_free(&b);
}

static int read_open(int fd, char **text, size_t *len)
{
    struct stat st;

    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    if (st.st_size > MAX_FILE)
        return -EFBIG;
    *text = xmalloc(st.st_size + 1);
    *len = 0;
    while (*len < (size_t)st.st_size) {
        ssize_t got = read(fd, *text + *len, st.st_size - *len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(*text);
            return -errno;
        }
        if (!got)
            break;
        *len += got;
    }
    (*text)[*len] = '\0';
    return 0;
}

int config_read_file(const char *path, char **text, size_t *len, struct config_error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc = fd < 0 ? -errno : read_open(fd, text, len);

    if (fd >= 0)
        close(fd);
    if (rc == -ENOENT)
        config_fail(e, "Unable to open config file: %s", path);
    else if (rc)
        config_fail(e, "Unable to read config file %s: %s", path,
                    rc == -EINVAL ? "not a regular file" : strerror(-rc));
    return rc;
}

static bool is_readable(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

int config_find_file(const char *name, const char *path, char **found, struct config_error *e)
{
    struct strings folders = { 0 };

    *found = NULL;
    if (is_readable(name)) {
        *found = xstrdup(name);
        return 0;
    }
    if (*name && *name != '/')
        strings_split(&folders, path ? path : ".:/etc/xen", ':');
    for (size_t i = 0; i < folders.count && !*found; i++) {
        char *try = xasprintf("%s/%s", *folders.item[i] ? folders.item[i] : ".", name);

        if (is_readable(try))
            *found = try;
        else
            free(try);
    }
    strings_free(&folders);
    if (*found)
        return 0;
    config_fail(e, "Unable to open config file: %s", name);
    return -ENOENT;
}
