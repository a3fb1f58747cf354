/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients on Unix sockets, polled edge-triggered: an edge puts the connection on the ready list,
 * and reading goes on until a short read says that the socket is empty.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>

#include "conn.h"
#include "server.h"
#include "socket.h"

struct socket_conn {
    struct conn conn;
    struct source src;
    bool hung_up;           /* the other side closed; read until the end */
};

struct listener {
    struct source src;
    struct server *server;
    bool is_read_only;
};

static struct socket_conn *socket_of(const struct conn *c)
{
    return list_entry(c, struct socket_conn, conn);
}

static ssize_t socket_read(struct conn *c, char *buf, size_t size)
{
    struct socket_conn *sc = socket_of(c);
    ssize_t n = recv(sc->src.fd, buf, size, MSG_DONTWAIT);

    if (n < 0)
        return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (!n)
        return -ECONNRESET;
    c->is_drained = (size_t)n < size && !sc->hung_up;
    return n;
}

static ssize_t socket_write(struct conn *c, const char *buf, size_t size)
{
    ssize_t n = send(socket_of(c)->src.fd, buf, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0)
        return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return n;
}

static void socket_settle(struct conn *c)
{
    (void)c;    /* the next edge comes by itself */
}

static void socket_fail(struct conn *c, uint32_t error)
{
    (void)error;
    conn_doom(c);
}

static void socket_close(struct conn *c)
{
    struct socket_conn *sc = socket_of(c);

    source_remove(c->server->sources, &sc->src);
    close(sc->src.fd);
    free(sc);
}

static const struct transport socket_transport = {
    .read = socket_read,
    .write = socket_write,
    .settle = socket_settle,
    .fail = socket_fail,
    .close = socket_close,
};

static void socket_ready(struct source *src, uint32_t events)
{
    struct socket_conn *sc = list_entry(src, struct socket_conn, src);
    struct conn *c = &sc->conn;

    if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
        sc->hung_up = true;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR))
        conn_wake(c);
    if (events & EPOLLOUT && c->out.len && list_empty(&c->dirty))
        list_add_tail(&c->server->dirty, &c->dirty);
}

struct conn *socket_accept(struct server *s, int fd, bool read_only)
{
    struct socket_conn *sc = xcalloc(1, sizeof(*sc));

    conn_init(&sc->conn, s, &socket_transport, 0);
    sc->conn.is_read_only = read_only;
    sc->src.fd = fd;
    sc->src.ready = socket_ready;
    int rc = source_add(s->sources, &sc->src, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);

    if (rc) {
        log_error("cannot poll a connection: %s", strerror(-rc));
        conn_doom(&sc->conn);
    }
    return &sc->conn;
}

int socket_fd(const struct conn *c)
{
    return c->transport == &socket_transport ? socket_of(c)->src.fd : -1;
}

static void listener_ready(struct source *src, uint32_t events)
{
    struct listener *l = list_entry(src, struct listener, src);
    int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)events;
    if (fd >= 0)
        socket_accept(l->server, fd, l->is_read_only);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        log_warn("accept: %s", strerror(errno));
}

static int make_listening(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    unlink(path);
    mode_t mask = umask(0177);
    int rc = bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 128) ? -errno : 0;

    umask(mask);
    if (!rc)
        return fd;
    close(fd);
    return rc;
}

int socket_listen(struct server *s, const char *path, bool read_only, int fd)
{
    if (fd < 0)
        fd = make_listening(path);
    if (fd < 0)
        return fd;
    struct listener *l = xcalloc(1, sizeof(*l));

    l->src.fd = fd;
    l->src.ready = listener_ready;
    l->server = s;
    l->is_read_only = read_only;
    *(read_only ? &s->listener_ro : &s->listener) = &l->src;
    return source_add(s->sources, &l->src, EPOLLIN);
}

static void listener_free(struct server *s, struct source **slot)
{
    if (!*slot)
        return;
    source_remove(s->sources, *slot);
    close((*slot)->fd);
    free(list_entry(*slot, struct listener, src));
    *slot = NULL;
}

void socket_stop_listening(struct server *s)
{
    listener_free(s, &s->listener);
    listener_free(s, &s->listener_ro);
}
