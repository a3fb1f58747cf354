/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libxs's files share: the connection, and one request with its reply.
 */
#ifndef XS_PRIVATE_H
#define XS_PRIVATE_H

#include <stdint.h>
#include <sys/uio.h>

#include <xen/io/xs_wire.h>
#include <xs/xs.h>

/* An event that came while something else was waited for; strings behind it. */
struct queued_event {
    struct queued_event *next;
    struct xs_event event;
    char text[];
};

struct xs {
    int fd;
    int poll_fd;                /* -1, or an epoll of fd and wake_fd */
    int wake_fd;                /* -1, or an eventfd: readable while queue is not empty */
    uint32_t next_id;           /* of the next request */
    int broken;                 /* 0, or the error after which the stream cannot be trusted */
    struct queued_event *first, **last;
    size_t have;                /* bytes in input */
    char input[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
};

#define MAX_PARTS 8

/*
 * Sends parts as one request of the given type and waits for its reply: *reply (if wanted) has a
 * NUL behind its *len bytes. An error reply becomes its errno.
 */
int xs_request(struct xs *xs, uint32_t type, uint32_t tx, const struct iovec *parts,
               unsigned int count, char **reply, size_t *len);
/* The same for one string and no interesting reply. */
int xs_request_string(struct xs *xs, uint32_t type, uint32_t tx, const char *text);
/* Reads what the kernel has, once, and queues events. 0 if something came, -EAGAIN if not. */
int xs_poll_input(struct xs *xs, int timeout_ms);

#endif
