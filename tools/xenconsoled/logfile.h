/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that keeps what a console printed, opened at the first byte, with or without times.  When
 * it is as long as it may be it becomes PATH.1, and a new one begins: a guest that prints for ever
 * fills no disk.
 *
 * Failures (a full disk) are reported once, and do not hold up the console.
 */
#ifndef XENCONSOLED_LOGFILE_H
#define XENCONSOLED_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/buffer.h>

struct logfile {
    char *path;
    int fd;                 /* -1: not open */
    bool with_time;
    bool replace_escape;
    bool at_line_start;
    bool is_failing;        /* said so already */
    uint64_t limit;         /* bytes; 0: none */
    uint64_t size;          /* of the open file */
    struct buffer scratch;
};

/* The file "prefix" + name + ".log" of dir; name may be anything. */
struct logfile *logfile_new(const char *dir, const char *prefix, const char *name);
void logfile_free(struct logfile *log);
void logfile_write(struct logfile *log, const char *text, size_t len);
/* Closes it; the next byte opens the path again, for log rotation. */
void logfile_reopen(struct logfile *log);

#endif
