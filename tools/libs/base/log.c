/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program's log. The sink is the one piece of state a process has a single copy of.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>

static struct {
    int fd;
    enum log_level level;
    char *path;         /* NULL: fd is stderr */
    char *ident;
} sink = { .fd = STDERR_FILENO, .level = LOG_LEVEL_INFO };

static const char *const level_name[] = { "ERROR", "WARN", "INFO", "DEBUG" };

static int open_path(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);

    return fd < 0 ? -errno : fd;
}

static void use_fd(int fd)
{
    if (sink.fd != STDERR_FILENO)
        close(sink.fd);
    sink.fd = fd;
}

int log_open(const char *path, const char *ident, enum log_level level)
{
    int fd = path ? open_path(path) : STDERR_FILENO;

    if (fd < 0)
        return fd;
    use_fd(fd);
    free(sink.path);
    free(sink.ident);
    sink.path = path ? xstrdup(path) : NULL;
    sink.ident = ident ? xstrdup(ident) : NULL;
    sink.level = level;
    return 0;
}

int log_reopen(void)
{
    if (!sink.path)
        return 0;
    int fd = open_path(sink.path);

    if (fd < 0)
        return fd;
    use_fd(fd);
    return 0;
}

void log_set_level(enum log_level level)
{
    sink.level = level;
}

int log_parse_level(const char *name, enum log_level *level)
{
    for (unsigned int i = 0; i < sizeof(level_name) / sizeof(level_name[0]); i++) {
        if (!strcasecmp(name, level_name[i])) {
            *level = i;
            return 0;
        }
    }
    return -EINVAL;
}

int log_fd(void)
{
    return sink.fd;
}

static size_t prefix(char *line, size_t size, enum log_level level)
{
    struct timeval now;
    struct tm tm;

    if (!sink.path)
        return sink.ident ? snprintf(line, size, "%s: ", sink.ident) : 0;
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &tm);
    size_t n = strftime(line, size, "[%Y-%m-%d %H:%M:%S", &tm);

    return n + snprintf(line + n, size - n, ".%03d] %s (%s:%d) ", (int)(now.tv_usec / 1000),
                        level_name[level], sink.ident ? sink.ident : "-", (int)getpid());
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char line[2048];
    va_list args;

    if (level > sink.level)
        return;
    int saved = errno;
    size_t n = prefix(line, sizeof(line) / 2, level);

    va_start(args, fmt);
    int more = vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
    va_end(args);
    if (more > 0)
        n += (size_t)more < sizeof(line) - n - 1 ? (size_t)more : sizeof(line) - n - 2;
    line[n++] = '\n';
    if (write(sink.fd, line, n) < 0) {
        /* Nowhere left to say it. */
    }
    errno = saved;
}
