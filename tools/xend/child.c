/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

#define READ_SIZE 4096
#define LINE_MAX_BYTES 4096

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct child *c = arg;
    ssize_t n = read(fd, buffer_room(&c->in, READ_SIZE), READ_SIZE);

    (void)what;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {               /* a terminal's end is an error */
        event_del(c->event);
        c->ops->ended(c->owner, wait_for(c->pid));
        return;
    }
    buffer_grow(&c->in, n);
    if (c->ops->came)
        c->ops->came(c->owner, &c->in);
}

pid_t child_fork(struct child *c, int *out)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return -1;
    c->pid = fork();
    if (c->pid < 0)
        close(fds[0]);
    if (c->pid)
        close(fds[1]);
    c->fd = fds[0];
    *out = fds[1];
    return c->pid;
}

void child_watch(struct child *c, struct xend *x, const struct child_ops *ops, void *owner)
{
    c->ops = ops;
    c->owner = owner;
    c->event = event_new(x->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
    event_add(c->event, NULL);
}

void child_close(struct child *c)
{
    event_free(c->event);
    close(c->fd);
    buffer_free(&c->in);
}

void child_kill(struct child *c)
{
    if (kill(-c->pid, SIGKILL))
        kill(c->pid, SIGKILL);
    wait_for(c->pid);
    child_close(c);
}

void child_become_program(void)
{
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

void child_take_lines(struct buffer *in, bool is_end,
                      void (*line)(void *arg, const char *text, size_t len), void *arg)
{
    while (in->len) {
        char *text = buffer_head(in), *end = memchr(text, '\n', in->len);

        if (!end && !is_end && in->len <= LINE_MAX_BYTES)
            return;
        size_t len = end ? (size_t)(end - text) : in->len;

        if (len)
            line(arg, text, len);
        buffer_take(in, end ? len + 1 : len);
    }
}
