/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>

#include "logfile.h"

struct logfile *logfile_new(const char *dir, const char *prefix, const char *name)
{
    struct logfile *log = xcalloc(1, sizeof(*log));

    log->path = xasprintf("%s/%s%s.log", dir, prefix, name);
    /* A name is not ours: it must not lead out of the folder. */
    for (char *p = log->path + strlen(dir) + 1; *p; p++) {
        if (*p == '/')
            *p = '_';
    }
    log->fd = -1;
    log->at_line_start = true;
    return log;
}

void logfile_reopen(struct logfile *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
    log->is_failing = false;
}

void logfile_free(struct logfile *log)
{
    if (!log)
        return;
    logfile_reopen(log);
    buffer_free(&log->scratch);
    free(log->path);
    free(log);
}

static void complain(struct logfile *log)
{
    if (!log->is_failing)
        log_warn("%s: %s", log->path, strerror(errno));
    log->is_failing = true;
}

static bool open_now(struct logfile *log)
{
    if (log->fd >= 0)
        return true;
    log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
                   0640);
    struct stat st;

    if (log->fd < 0)
        complain(log);
    else
        log->size = fstat(log->fd, &st) ? 0 : st.st_size;
    return log->fd >= 0;
}

/* The file makes room for a new one, if another len bytes are too much for it. */
static bool make_room(struct logfile *log, size_t len)
{
    if (!log->limit || log->size + len <= log->limit || !log->size)
        return true;
    char *old = xasprintf("%s.1", log->path);

    if (rename(log->path, old))
        complain(log);
    free(old);
    close(log->fd);
    log->fd = -1;
    return open_now(log);
}

static void write_out(struct logfile *log, const char *text, size_t len)
{
    if (!make_room(log, len))
        return;
    while (len) {
        ssize_t n = write(log->fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            complain(log);
            return;
        }
        text += n;
        len -= n;
        log->size += n;
    }
    log->is_failing = false;
}

static void put_time(struct buffer *b)
{
    char text[32];
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    strftime(text, sizeof(text), "[%Y-%m-%d %H:%M:%S] ", &tm);
    buffer_puts(b, text);
}

/* Into scratch, with the time before each line and without ESC, as wanted. */
static void decorate(struct logfile *log, const char *text, size_t len)
{
    buffer_clear(&log->scratch);
    for (size_t i = 0; i < len; i++) {
        if (log->with_time && log->at_line_start && text[i] != '\r' && text[i] != '\n')
            put_time(&log->scratch);
        buffer_putc(&log->scratch, log->replace_escape && text[i] == '\033' ? '.' : text[i]);
        log->at_line_start = text[i] == '\n' || (log->at_line_start && text[i] == '\r');
    }
}

void logfile_write(struct logfile *log, const char *text, size_t len)
{
    if (!len || !open_now(log))
        return;
    if (!log->with_time && !log->replace_escape) {
        write_out(log, text, len);
        return;
    }
    decorate(log, text, len);
    write_out(log, buffer_head(&log->scratch), log->scratch.len);
}
