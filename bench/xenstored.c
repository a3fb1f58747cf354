/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations per second of a xenstored behind a socket: xenstored SOCKET [NODES].
 *
 * Speaks the wire protocol itself, one request at a time unless a row says otherwise, so that two
 * daemons answer the same bytes. A line per row: name, operations per second.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

struct client {
    int fd;
    size_t have;
    char input[1 << 16];
    unsigned int events;        /* seen so far */
    char reply[XENSTORE_PAYLOAD_MAX + 1];
    uint32_t type;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct client *connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct client *c = calloc(1, sizeof(*c));

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)))
        die(path);
    return c;
}

/* Takes one message in; true if it is a reply, false if an event. */
static bool take(struct client *c)
{
    struct xsd_sockmsg hdr;

    for (;;) {
        memcpy(&hdr, c->input, sizeof(hdr));
        if (c->have >= sizeof(hdr) && c->have >= sizeof(hdr) + hdr.len)
            break;
        ssize_t n = read(c->fd, c->input + c->have, sizeof(c->input) - c->have);

        if (n <= 0)
            die("read");
        c->have += n;
    }
    size_t size = sizeof(hdr) + hdr.len;

    if (hdr.type != XS_WATCH_EVENT) {
        memcpy(c->reply, c->input + sizeof(hdr), hdr.len);
        c->reply[hdr.len] = '\0';
        c->type = hdr.type;
    }
    c->have -= size;
    memmove(c->input, c->input + size, c->have);
    c->events += hdr.type == XS_WATCH_EVENT;
    return hdr.type != XS_WATCH_EVENT;
}

static void post(struct client *c, uint32_t type, uint32_t tx, const char *a, const char *b,
                 bool b_is_string)
{
    char message[8192];
    struct xsd_sockmsg hdr = { .type = type, .req_id = 1, .tx_id = tx };
    size_t len = sizeof(hdr);

    memcpy(message + len, a, strlen(a) + 1);
    len += strlen(a) + 1;
    if (b) {
        memcpy(message + len, b, strlen(b) + 1);
        len += strlen(b) + b_is_string;
    }
    hdr.len = len - sizeof(hdr);
    memcpy(message, &hdr, sizeof(hdr));
    if (write(c->fd, message, len) != (ssize_t)len)
        die("write");
}

static void finish(struct client *c, const char *what)
{
    while (!take(c))
        ;
    if (c->type == XS_ERROR) {
        fprintf(stderr, "%s: %s\n", what, c->reply);
        exit(1);
    }
}

static void ask(struct client *c, uint32_t type, uint32_t tx, const char *a, const char *b)
{
    post(c, type, tx, a, b, type == XS_WATCH || type == XS_UNWATCH || type == XS_SET_PERMS);
    finish(c, a);
}

static void wait_events(struct client *c, unsigned int count)
{
    while (c->events < count)
        take(c);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double began;

static void row(const char *name, unsigned int operations)
{
    double spent = now() - began;

    printf("ROW %-24s %12.0f\n", name, operations / spent);
    fflush(stdout);
    began = now();
}

/* Ten thousand nodes as of a thousand domains: ten keys each. */
static const char *node_path(unsigned int i)
{
    static char path[80];

    snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/key%u", i / 10, i % 10);
    return path;
}

static void nodes(struct client *c, unsigned int count)
{
    began = now();
    for (unsigned int i = 0; i < count; i++)
        ask(c, XS_WRITE, 0, node_path(i), "initial value");
    row("create", count);
    for (unsigned int i = 0; i < count; i++)
        ask(c, XS_WRITE, 0, node_path(i * 7919 % count), "another value");
    row("write", count);
    for (unsigned int i = 0; i < count; i++)
        ask(c, XS_READ, 0, node_path(i * 7919 % count), NULL);
    row("read", count);
    for (unsigned int i = 0; i < count / 10; i++)
        ask(c, XS_DIRECTORY, 0, "/local/domain/7/device/vif/0", NULL);
    row("directory", count / 10);
    for (unsigned int i = 0; i < count / 10; i++)
        ask(c, XS_SET_PERMS, 0, node_path(i * 10), "n0");
    row("set_perms", count / 10);
}

/* What a hot-plug does: a handful of reads and writes that take effect together. */
static void transactions(struct client *c, unsigned int count)
{
    began = now();
    for (unsigned int i = 0; i < count; i++) {
        ask(c, XS_TRANSACTION_START, 0, "", NULL);
        uint32_t tx = strtoul(c->reply, NULL, 10);

        for (unsigned int k = 0; k < 4; k++) {
            ask(c, XS_READ, tx, node_path(i * 10 + k), NULL);
            ask(c, XS_WRITE, tx, node_path(i * 10 + k), "in a transaction");
        }
        ask(c, XS_TRANSACTION_END, tx, "T", NULL);
    }
    row("transaction", count);
}

static void watches(struct client *c, const char *path, unsigned int count)
{
    struct client *w = connect_to(path);
    char token[16];

    began = now();
    for (unsigned int i = 0; i < count; i++) {
        snprintf(token, sizeof(token), "%u", i);
        ask(w, XS_WATCH, 0, node_path(i * 10), token);
    }
    row("watch", count);
    wait_events(w, count);
    /* One of many is hit. */
    began = now();
    for (unsigned int i = 0; i < count; i++) {
        ask(c, XS_WRITE, 0, node_path(i * 10), "fire");
        wait_events(w, count + i + 1);
    }
    row("watch fires", count);
    /* None of many is hit. */
    for (unsigned int i = 0; i < count; i++)
        ask(c, XS_WRITE, 0, node_path(i * 10 + 1), "quiet");
    row("write beside watches", count);
    /* All of many are hit. */
    for (unsigned int i = 0; i < count; i++) {
        snprintf(token, sizeof(token), "%u", i);
        ask(w, XS_UNWATCH, 0, node_path(i * 10), token);
    }
    row("unwatch", count);
    for (unsigned int i = 0; i < count; i++) {
        snprintf(token, sizeof(token), "all%u", i);
        ask(w, XS_WATCH, 0, "/local/domain/3", token);
    }
    wait_events(w, 3 * count);
    began = now();
    for (unsigned int i = 0; i < 20; i++) {
        ask(c, XS_WRITE, 0, node_path(30), "to all");
        wait_events(w, 3 * count + (i + 1) * count);
    }
    row("events to many", 20 * count);
    close(w->fd);
    free(w);
}

static void removal(struct client *c, unsigned int count)
{
    char path[64];

    began = now();
    for (unsigned int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u", i);
        ask(c, XS_RM, 0, path, NULL);
    }
    row("remove a domain's tree", count);
}

int main(int argc, char **argv)
{
    unsigned int count = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;

    if (argc < 2 || count < 100) {
        fprintf(stderr, "usage: %s SOCKET [NODES]\n", argv[0]);
        return 2;
    }
    struct client *c = connect_to(argv[1]);

    nodes(c, count);
    transactions(c, count / 10);
    watches(c, argv[1], count / 10);
    removal(c, count / 10);
    return 0;
}
