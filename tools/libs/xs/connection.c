/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections: finding the daemon, sending a request, taking in replies and events.
 *
 * Replies come in the order of requests, and there is one request at a time; everything else that
 * arrives is an event and goes to the queue. After a half-sent or malformed message the connection
 * is broken for good, and says so with one and the same error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/features.h>
#include <xs/private.h>

#define RENEWAL_MS 3000         /* by then a daemon that is being renewed listens again */

static int socket_path(unsigned int flags, char *path, size_t size)
{
    const char *whole = getenv("XENSTORED_PATH");
    const char *dir = getenv("XENSTORED_RUNDIR");
    const char *suffix = flags & XS_OPEN_READONLY ? "_ro" : "";
    int n;

    if (whole && *whole)
        n = snprintf(path, size, "%s%s", whole, suffix);
    else
        n = snprintf(path, size, "%s/socket%s", dir && *dir ? dir : "/var/run/xenstored", suffix);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int open_socket(unsigned int flags)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int rc = socket_path(flags, address.sun_path, sizeof(address.sun_path));

    if (rc)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

static int open_device(void)
{
    static const char *const paths[] = { "/dev/xen/xenbus", "/proc/xen/xenbus" };
    int rc = -ENOENT;

    for (unsigned int i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = open(paths[i], O_RDWR | O_CLOEXEC);

        if (fd >= 0)
            return fd;
        rc = -errno;
    }
    return rc;
}

static bool is_dom0(void)
{
    FILE *f = fopen("/sys/hypervisor/properties/features", "re");
    unsigned int features = 0;

    if (!f)
        return false;
    if (fscanf(f, "%x", &features) != 1)
        features = 0;
    fclose(f);
    return features >> XENFEAT_dom0 & 1;
}

/* dom0's device leads to the same daemon: who asks there while none runs would wait for ever. */
static int open_socket_soon(unsigned int flags)
{
    int fd = open_socket(flags);

    for (int ms = 0; fd < 0 && ms < RENEWAL_MS; ms += 50) {
        usleep(50000);
        fd = open_socket(flags);
    }
    return fd;
}

static int open_any(unsigned int flags)
{
    if (flags & XS_OPEN_DEVICE)
        return open_device();
    int fd = open_socket(flags);

    if (fd >= 0 || (flags & (XS_OPEN_SOCKET | XS_OPEN_READONLY)))
        return fd;
    if (is_dom0())
        return open_socket_soon(flags);
    int device = open_device();

    /* Without either, the socket's error says more. */
    return device >= 0 ? device : fd;
}

int xs_open_fd(int fd, struct xs **out)
{
    struct xs *xs = calloc(1, sizeof(*xs));

    if (!xs)
        return -ENOMEM;
    xs->fd = fd;
    xs->poll_fd = -1;
    xs->wake_fd = -1;
    xs->last = &xs->first;
    *out = xs;
    return 0;
}

int xs_open(unsigned int flags, struct xs **out)
{
    int fd = open_any(flags);

    if (fd < 0)
        return fd;
    int rc = xs_open_fd(fd, out);

    if (rc)
        close(fd);
    return rc;
}

void xs_close(struct xs *xs)
{
    if (!xs)
        return;
    while (xs->first) {
        struct queued_event *e = xs->first;

        xs->first = e->next;
        free(e);
    }
    close(xs->fd);
    if (xs->poll_fd >= 0)
        close(xs->poll_fd);
    if (xs->wake_fd >= 0)
        close(xs->wake_fd);
    free(xs);
}

static int break_off(struct xs *xs, int rc)
{
    xs->broken = rc;
    return rc;
}

static int send_all(struct xs *xs, struct iovec *iov, unsigned int count)
{
    while (count) {
        struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count };
        ssize_t n = sendmsg(xs->fd, &msg, MSG_NOSIGNAL);

        if (n < 0 && errno == ENOTSOCK)
            n = writev(xs->fd, iov, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return break_off(xs, -errno);
        while (count && (size_t)n >= iov->iov_len) {
            n -= iov->iov_len;
            iov++;
            count--;
        }
        if (count) {
            iov->iov_base = (char *)iov->iov_base + n;
            iov->iov_len -= n;
        }
    }
    return 0;
}

/* Path and token are two strings that fill the payload. */
static int queue_event(struct xs *xs, const char *payload, size_t len)
{
    const char *token = memchr(payload, '\0', len);

    if (!token || payload[len - 1] || token + 1 == payload + len)
        return break_off(xs, -EPROTO);
    struct queued_event *e = malloc(sizeof(*e) + len);

    if (!e)
        return -ENOMEM;
    memcpy(e->text, payload, len);
    e->event.path = e->text;
    e->event.token = e->text + (token + 1 - payload);
    e->next = NULL;
    if (!xs->first && xs->wake_fd >= 0)
        eventfd_write(xs->wake_fd, 1);
    *xs->last = e;
    xs->last = &e->next;
    return 0;
}

/* Whether input begins with a whole message; its header is copied out. */
static int peek_message(struct xs *xs, struct xsd_sockmsg *hdr)
{
    if (xs->have < sizeof(*hdr))
        return 0;
    memcpy(hdr, xs->input, sizeof(*hdr));
    if (hdr->len > XENSTORE_PAYLOAD_MAX)
        return break_off(xs, -EPROTO);
    return xs->have >= sizeof(*hdr) + hdr->len;
}

static void drop_message(struct xs *xs, const struct xsd_sockmsg *hdr)
{
    size_t size = sizeof(*hdr) + hdr->len;

    xs->have -= size;
    memmove(xs->input, xs->input + size, xs->have);
}

static int fill_input(struct xs *xs)
{
    for (;;) {
        ssize_t n = read(xs->fd, xs->input + xs->have, sizeof(xs->input) - xs->have);

        if (n > 0) {
            xs->have += n;
            return 0;
        }
        if (n == 0)
            return break_off(xs, -ECONNRESET);
        if (errno != EINTR)
            return break_off(xs, -errno);
    }
}

/* Moves events from input to the queue. 1: a reply stands first; 0: more bytes are needed. */
static int sort_input(struct xs *xs, struct xsd_sockmsg *hdr)
{
    for (;;) {
        int rc = peek_message(xs, hdr);

        if (rc <= 0)
            return rc;
        if (hdr->type != XS_WATCH_EVENT)
            return 1;
        rc = queue_event(xs, xs->input + sizeof(*hdr), hdr->len);
        if (rc)
            return rc;
        drop_message(xs, hdr);
    }
}

int xs_poll_input(struct xs *xs, int timeout_ms)
{
    struct xsd_sockmsg hdr;
    struct pollfd fd = { .fd = xs->fd, .events = POLLIN };

    if (xs->broken)
        return xs->broken;
    int rc = poll(&fd, 1, timeout_ms);

    if (rc <= 0)
        return rc < 0 && errno != EINTR ? -errno : -EAGAIN;
    rc = fill_input(xs);
    if (rc)
        return rc;
    rc = sort_input(xs, &hdr);
    /* Nothing was asked, so there is nothing to reply to. */
    return rc == 1 ? break_off(xs, -EPROTO) : rc;
}

static int error_number(const char *name, size_t len)
{
    if (!len || name[len - 1])
        return -EPROTO;
    for (unsigned int i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
        if (!strcmp(name, xsd_errors[i].errstring))
            return -xsd_errors[i].errnum;
    }
    return -EINVAL;
}

static int take_reply(struct xs *xs, const struct xsd_sockmsg *hdr, uint32_t type, char **reply,
                      size_t *len)
{
    const char *payload = xs->input + sizeof(*hdr);
    int rc = 0;

    if (hdr->type == XS_ERROR) {
        rc = error_number(payload, hdr->len);
    } else if (hdr->type != type) {
        return break_off(xs, -EPROTO);
    } else if (reply) {
        char *copy = malloc(hdr->len + 1);

        if (copy) {
            memcpy(copy, payload, hdr->len);
            copy[hdr->len] = '\0';
            *reply = copy;
        } else {
            rc = -ENOMEM;
        }
        if (len)
            *len = hdr->len;
    }
    drop_message(xs, hdr);
    return rc;
}

/* Events behind the reply go to the queue at once, so that who polls is woken. */
static int finish(struct xs *xs, int rc)
{
    struct xsd_sockmsg hdr;

    if (!xs->broken)
        sort_input(xs, &hdr);
    return rc;
}

static int await_reply(struct xs *xs, uint32_t id, uint32_t type, char **reply, size_t *len)
{
    struct xsd_sockmsg hdr;

    for (;;) {
        int rc = sort_input(xs, &hdr);

        if (rc < 0)
            return rc;
        if (rc && hdr.req_id != id)
            return break_off(xs, -EPROTO);
        if (rc)
            return finish(xs, take_reply(xs, &hdr, type, reply, len));
        rc = fill_input(xs);
        if (rc)
            return rc;
    }
}

int xs_request(struct xs *xs, uint32_t type, uint32_t tx, const struct iovec *parts,
               unsigned int count, char **reply, size_t *len)
{
    struct xsd_sockmsg hdr = { .type = type, .req_id = xs->next_id++, .tx_id = tx };
    struct iovec iov[MAX_PARTS + 1] = { { &hdr, sizeof(hdr) } };
    size_t total = 0;

    if (xs->broken)
        return xs->broken;
    for (unsigned int i = 0; i < count; i++) {
        iov[i + 1] = parts[i];
        total += parts[i].iov_len;
    }
    if (total > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    hdr.len = total;
    int rc = send_all(xs, iov, count + 1);

    return rc ? rc : await_reply(xs, hdr.req_id, type, reply, len);
}

int xs_request_string(struct xs *xs, uint32_t type, uint32_t tx, const char *text)
{
    struct iovec part = { (char *)text, strlen(text) + 1 };

    return xs_request(xs, type, tx, &part, 1, NULL, NULL);
}
