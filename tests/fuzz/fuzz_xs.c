/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxs and a server that answers with any bytes: calls return, with what they promise or an error.
 *
 * The header of the first message gets the request number that is waited for, or hardly any input
 * would come further.
 *
 * sources: tools/libs/xs/connection.c tools/libs/xs/request.c tools/libs/xs/watch.c
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include <xs/xs.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_words(char **names, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += strlen(names[i]);
    if (names[count] || sum > XENSTORE_PAYLOAD_MAX)
        abort();
    free(names);
}

static void events(struct xs *xs)
{
    struct xs_event *event;

    while (!xs_next_event(xs, &event)) {
        if (strlen(event->path) + strlen(event->token) > XENSTORE_PAYLOAD_MAX)
            abort();
        free(event);
    }
}

static void call(struct xs *xs, unsigned int which)
{
    struct xs_perm *perms;
    char *text, **names;
    size_t count;
    uint32_t tx;

    switch (which % 8) {
    case 0:
        if (!xs_read(xs, XS_NO_TX, "/a", &text, &count)) {
            if (text[count])
                abort();
            free(text);
        }
        break;
    case 1:
        if (!xs_list(xs, XS_NO_TX, "/a", &names, &count))
            expect_words(names, count);
        break;
    case 2:
        if (!xs_get_perms(xs, XS_NO_TX, "/a", &perms, &count))
            free(perms);
        break;
    case 3:
        xs_transaction_start(xs, &tx);
        break;
    case 4:
        if (!xs_get_domain_path(xs, 5, &text))
            free(text);
        break;
    case 5:
        xs_is_introduced(xs, 5);
        break;
    case 6:
        xs_write_string(xs, XS_NO_TX, "/a", "value");
        break;
    default:
        xs_watch(xs, "/a", "token");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xsd_sockmsg hdr;
    uint8_t message[65536];
    struct xs *xs;
    int fd[2], room = 1 << 20;

    if (size < 1 || size > sizeof(message) || socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
        return 0;
    unsigned int which = *data++;

    size--;
    memcpy(message, data, size);
    /* The library counts its requests from 0. */
    if (size >= sizeof(hdr) && message[4] & 1) {
        memcpy(&hdr, message, sizeof(hdr));
        hdr.req_id = 0;
        memcpy(message, &hdr, sizeof(hdr));
    }
    setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (send(fd[1], message, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        abort();
    shutdown(fd[1], SHUT_WR);
    if (xs_open_fd(fd[0], &xs))
        abort();
    call(xs, which);
    events(xs);
    call(xs, which >> 4);
    events(xs);
    xs_close(xs);
    close(fd[1]);
    return 0;
}
