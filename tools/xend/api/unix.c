/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Unix socket: only root is let in, told by the kernel's word for who is at the other end.
 *
 * A client has at most one request under way; what it sends meanwhile waits in its buffer.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>

#include "api/api.h"

#define MESSAGE_MAX (4u << 20)
#define CLIENTS_MAX 256

struct client {
    struct list link;
    struct xend *x;
    int fd;
    struct event *reader, *writer;
    struct buffer in, out;
    struct request *current;
};

static void close_client(struct client *c)
{
    struct request *r = c->current;

    list_remove(&c->link);
    event_free(c->reader);
    event_free(c->writer);
    close(c->fd);
    buffer_free(&c->in);
    buffer_free(&c->out);
    free(c);
    if (!r)
        return;
    r->client = NULL;
    if (r->cancel)
        r->cancel(r);
}

/* ---- out ---- */

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    ssize_t n = send(fd, buffer_head(&c->out), c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)what;
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_client(c);
        return;
    }
    if (n > 0)
        buffer_take(&c->out, n);
    if (c->out.len)
        event_add(c->writer, NULL);
}

static void queue(struct client *c, const struct sxp *s)
{
    sxp_print(&c->out, s);
    buffer_putc(&c->out, '\0');
    event_add(c->writer, NULL);
}

void tell(struct request *r, struct sxp *s)
{
    if (r->client)
        queue(r->client, s);
    sxp_free(s);
}

static void end_request(struct request *r, struct sxp *reply)
{
    struct client *c = r->client;

    if (c) {
        c->current = NULL;
        queue(c, reply);
        /* What it sent meanwhile is looked at from the loop. */
        if (c->in.len)
            event_active(c->reader, EV_READ, 0);
    }
    sxp_free(reply);
    sxp_free(r->words);
    free(r);
}

void answer_ok(struct request *r, struct sxp *value)
{
    struct sxp *s = sxp_list("ok");

    if (value)
        sxp_add(s, value);
    end_request(r, s);
}

void answer_fail(struct request *r, const struct failure *f)
{
    struct sxp *s = sxp_list("error");
    char number[16];

    snprintf(number, sizeof(number), "%d", f->rc < 0 ? -f->rc : EINVAL);
    sxp_add(s, sxp_atom(number));
    sxp_add(s, sxp_atom(f->text));
    end_request(r, s);
}

/* ---- in ---- */

static void take_message(struct client *c, size_t len)
{
    char error[200];
    struct request *r = xcalloc(1, sizeof(*r));

    r->x = c->x;
    r->client = c;
    r->words = sxp_parse(buffer_head(&c->in), len, NULL, error, sizeof(error));
    buffer_take(&c->in, len + 1);
    c->current = r;
    if (!r->words) {
        struct failure f;

        fail(&f, -EINVAL, "not an S-expression: %s", error);
        answer_fail(r, &f);
        return;
    }
    method_call(r);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    ssize_t n = recv(fd, buffer_room(&c->in, 4096), 4096, MSG_DONTWAIT);

    (void)what;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || c->in.len > MESSAGE_MAX) {
        close_client(c);
        return;
    }
    if (n > 0)
        buffer_grow(&c->in, n);
    char *end = c->in.len && !c->current ? memchr(buffer_head(&c->in), '\0', c->in.len) : NULL;

    if (end)
        take_message(c, end - buffer_head(&c->in));
}

static bool is_root(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && !peer.uid;
}

static void add_client(struct xend *x, int fd)
{
    struct client *c = xcalloc(1, sizeof(*c));

    c->x = x;
    c->fd = fd;
    c->reader = event_new(x->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writer = event_new(x->base, fd, EV_WRITE, on_writable, c);
    event_add(c->reader, NULL);
    list_add_tail(&x->clients, &c->link);
}

static void on_connect(evutil_socket_t listener, short what, void *arg)
{
    struct xend *x = arg;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)what;
    if (fd < 0)
        return;
    if (!is_root(fd) || list_count(&x->clients) >= CLIENTS_MAX) {
        log_warn("a client was turned away");
        close(fd);
        return;
    }
    add_client(x, fd);
}

/* ---- the socket ---- */

int unix_listen(struct xend *x)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = x->config.unix_path;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    /* We hold the lock of the pid file: nobody listens on what lies there. */
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || chmod(path, 0600) ||
        listen(fd, 32)) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    x->listen_fd = fd;
    x->listener = event_new(x->base, fd, EV_READ | EV_PERSIST, on_connect, x);
    event_add(x->listener, NULL);
    return 0;
}

void unix_close(struct xend *x)
{
    if (!x->listener)
        return;
    event_free(x->listener);
    close(x->listen_fd);
    unlink(x->config.unix_path);
    x->listener = NULL;
}
