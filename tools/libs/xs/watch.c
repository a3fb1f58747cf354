/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches and their events.
 *
 * poll() must wake for events that a request already took in, so what callers poll is an epoll of
 * the connection and an eventfd that is readable exactly while the queue has something.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <xs/private.h>

static int watch_request(struct xs *xs, uint32_t type, const char *path, const char *token)
{
    struct iovec parts[] = {
        { (char *)path, strlen(path) + 1 },
        { (char *)token, strlen(token) + 1 },
    };

    return xs_request(xs, type, 0, parts, 2, NULL, NULL);
}

int xs_watch(struct xs *xs, const char *path, const char *token)
{
    return watch_request(xs, XS_WATCH, path, token);
}

int xs_unwatch(struct xs *xs, const char *path, const char *token)
{
    return watch_request(xs, XS_UNWATCH, path, token);
}

int xs_reset_watches(struct xs *xs)
{
    return xs_request_string(xs, XS_RESET_WATCHES, 0, "");
}

static int poll_add(struct xs *xs, int fd)
{
    struct epoll_event ev = { .events = EPOLLIN };

    return epoll_ctl(xs->poll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static int make_poll_fd(struct xs *xs)
{
    xs->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    xs->wake_fd = eventfd(xs->first ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (xs->poll_fd >= 0 && xs->wake_fd >= 0 && !poll_add(xs, xs->fd) &&
        !poll_add(xs, xs->wake_fd))
        return 0;
    int rc = -errno;

    if (xs->poll_fd >= 0)
        close(xs->poll_fd);
    if (xs->wake_fd >= 0)
        close(xs->wake_fd);
    xs->poll_fd = xs->wake_fd = -1;
    return rc;
}

int xs_fd(struct xs *xs)
{
    int rc = xs->poll_fd < 0 ? make_poll_fd(xs) : 0;

    return rc ? rc : xs->poll_fd;
}

/* The caller frees the event alone, so it gets a block that begins with it. */
static struct xs_event *take_event(struct xs *xs)
{
    struct queued_event *e = xs->first;
    struct xs_event event = e->event;
    size_t path_len = strlen(event.path) + 1, token_len = strlen(event.token) + 1;

    xs->first = e->next;
    if (!xs->first) {
        eventfd_t ignored;

        xs->last = &xs->first;
        if (xs->wake_fd >= 0)
            eventfd_read(xs->wake_fd, &ignored);
    }
    memmove((char *)e + sizeof(event), event.path, path_len + token_len);
    struct xs_event *out = (struct xs_event *)e;

    out->path = (char *)e + sizeof(event);
    out->token = out->path + path_len;
    return out;
}

int xs_next_event(struct xs *xs, struct xs_event **event)
{
    while (!xs->first) {
        int rc = xs_poll_input(xs, 0);

        if (rc)
            return rc;
    }
    *event = take_event(xs);
    return 0;
}

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

int xs_wait_event(struct xs *xs, int timeout_ms, struct xs_event **event)
{
    long long end = now_ms() + timeout_ms;

    while (!xs->first) {
        long long left = timeout_ms < 0 ? -1 : end - now_ms();

        if (timeout_ms >= 0 && left < 0)
            return -ETIMEDOUT;
        int rc = xs_poll_input(xs, left);

        if (rc && rc != -EAGAIN)
            return rc;
        if (rc == -EAGAIN && timeout_ms >= 0 && left == 0)
            return -ETIMEDOUT;
    }
    *event = take_event(xs);
    return 0;
}
