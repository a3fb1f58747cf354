/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program's log: one per process, lines with time and level, to a file or stderr.
 *
 * Threads may log at once; a line is written by one write().
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <base/export.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* path NULL: stderr. Returns 0 or -E. Before this call: stderr, LOG_LEVEL_INFO, no ident. */
EXPORT int log_open(const char *path, const char *ident, enum log_level level);
/* Opens the same path again, for log rotation. */
EXPORT int log_reopen(void);
EXPORT void log_set_level(enum log_level level);
/* ERROR, WARN, INFO, DEBUG in any case; -EINVAL otherwise. */
EXPORT int log_parse_level(const char *name, enum log_level *level);
EXPORT int log_fd(void);

EXPORT void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
