/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"

/* The process has one terminal, and a signal handler has to find it. */
static struct {
    struct termios before;
    volatile sig_atomic_t is_raw;
} terminal;

void terminal_restore(void)
{
    if (terminal.is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    terminal.is_raw = 0;
}

static void end_by_signal(int number)
{
    terminal_restore();
    signal(number, SIG_DFL);
    raise(number);
}

void terminal_raw(void)
{
    struct termios raw;

    if (terminal.is_raw || tcgetattr(STDIN_FILENO, &terminal.before))
        return;
    raw = terminal.before;
    cfmakeraw(&raw);
    signal(SIGTERM, end_by_signal);
    signal(SIGHUP, end_by_signal);
    signal(SIGINT, end_by_signal);
    atexit(terminal_restore);
    terminal.is_raw = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* 0, or -E; a console that takes nothing is waited for. */
static int write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (done < 0 && errno == EAGAIN) {
            struct pollfd p = { .fd = fd, .events = POLLOUT };

            poll(&p, 1, -1);
            continue;
        }
        if (done < 0)
            continue;
        bytes += done;
        n -= done;
    }
    return 0;
}

/* Typed bytes up to the escape key; true if it was there. */
static bool send_typed(int fd, const char *bytes, size_t n)
{
    const char *escape = memchr(bytes, ESCAPE_KEY, n);

    if (write_all(fd, bytes, escape ? (size_t)(escape - bytes) : n))
        return false;           /* the hangup shows on the other direction */
    return escape;
}

enum end terminal_join(int fd)
{
    struct pollfd p[2] = {
        { .fd = fd, .events = POLLIN },
        { .fd = STDIN_FILENO, .events = POLLIN },
    };
    char bytes[4096];

    for (;;) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return END_DETACHED;
        if (p[0].revents) {
            ssize_t n = read(fd, bytes, sizeof(bytes));

            if (n <= 0 && errno != EINTR && errno != EAGAIN)
                return END_HANGUP;
            if (n > 0 && write_all(STDOUT_FILENO, bytes, n))
                return END_DETACHED;
        }
        if (p[1].revents) {
            ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

            if (n > 0 && send_typed(fd, bytes, n))
                return END_DETACHED;
            if (n <= 0 && terminal.is_raw)
                return END_DETACHED;
            /* Input that is no terminal may end, and output is still wanted. */
            if (n <= 0)
                p[1].fd = -1;
        }
    }
}
