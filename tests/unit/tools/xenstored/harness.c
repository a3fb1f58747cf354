/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A daemon inside the test. Domains are pretended: introduced is whoever was introduced.
 */
#include <errno.h>

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <xenstored/domain.h>

struct server server;
static bool introduced[65536];
static struct buffer events;        /* NUL-terminated texts, of the client last asked about */

int setup(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    server_init(&server);
    memset(introduced, 0, sizeof(introduced));
    server.sources = sources_open();
    return server.sources < 0;
}

static struct client *client_of(const struct conn *c)
{
    return (struct client *)((char *)c - offsetof(struct client, conn));
}

int teardown(void **state)
{
    (void)state;
    while (!list_empty(&server.conns))
        client_free(client_of(list_entry(server.conns.next, struct conn, link)));
    expect_sound();
    assert_int_equal(server.watches.points.count, 0);
    close(server.sources);
    server_free(&server);
    buffer_free(&events);
    return 0;
}

/* ---- the transport ---- */

static ssize_t fake_read(struct conn *conn, char *buf, size_t size)
{
    struct client *c = client_of(conn);
    size_t n = c->input.len < size ? c->input.len : size;

    if (!n)
        return -EAGAIN;
    memcpy(buf, buffer_head(&c->input), n);
    buffer_take(&c->input, n);
    return n;
}

static ssize_t fake_write(struct conn *conn, const char *buf, size_t size)
{
    struct client *c = client_of(conn);
    size_t n = size < c->room ? size : c->room;

    if (!n)
        return -EAGAIN;
    buffer_append(&c->output, buf, n);
    if (c->room != SIZE_MAX)
        c->room -= n;
    return n;
}

static void fake_settle(struct conn *conn)
{
    (void)conn;
}

static void fake_fail(struct conn *conn, uint32_t error)
{
    client_of(conn)->failure = error;
    conn_doom(conn);
}

static void fake_close(struct conn *conn)
{
    client_of(conn)->is_closed = true;
}

static const struct transport fake = { fake_read, fake_write, fake_settle, fake_fail, fake_close };

struct client *client_new(uint16_t domid)
{
    struct client *c = xcalloc(1, sizeof(*c));

    conn_init(&c->conn, &server, &fake, domid);
    c->room = SIZE_MAX;
    return c;
}

void client_free(struct client *c)
{
    if (!c->is_closed) {
        conn_doom(&c->conn);
        run_loop();
    }
    assert_true(c->is_closed);
    buffer_free(&c->input);
    buffer_free(&c->output);
    free(c);
}

void run_loop(void)
{
    do {
        loop_step(&server, 0);
    } while (!list_empty(&server.ready) || !list_empty(&server.dirty));
}

/* ---- asking ---- */

void send_raw(struct client *c, const void *bytes, size_t len)
{
    buffer_append(&c->input, bytes, len);
    conn_wake(&c->conn);
    run_loop();
}

static int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
        if (!strcmp(xsd_errors[i].errstring, name))
            return -xsd_errors[i].errnum;
    }
    fail_msg("unknown error %s", name);
    return 0;
}

/* Looks for the message with id in the output and takes it out; others stay. */
static int take_reply(struct client *c, uint32_t type, uint32_t id)
{
    struct xsd_sockmsg hdr;
    size_t pos = 0;

    for (; pos + sizeof(hdr) <= c->output.len; pos += sizeof(hdr) + hdr.len) {
        memcpy(&hdr, buffer_head(&c->output) + pos, sizeof(hdr));
        if (hdr.type != XS_WATCH_EVENT && hdr.req_id == id)
            break;
    }
    assert_true(pos + sizeof(hdr) <= c->output.len);
    char *at = buffer_head(&c->output) + pos;
    size_t size = sizeof(hdr) + hdr.len;

    memcpy(c->reply, at + sizeof(hdr), hdr.len);
    c->reply[hdr.len] = '\0';
    c->reply_len = hdr.len;
    memmove(at, at + size, c->output.len - pos - size);
    c->output.len -= size;
    if (hdr.type == XS_ERROR)
        return error_number(c->reply);
    assert_int_equal(hdr.type, type);
    return 0;
}

int ask(struct client *c, uint32_t type, uint32_t tx, const void *payload, size_t len)
{
    struct xsd_sockmsg hdr = { type, ++c->next_id, tx, len };

    buffer_append(&c->input, &hdr, sizeof(hdr));
    send_raw(c, payload, len);
    return take_reply(c, type, hdr.req_id);
}

int ask_strings(struct client *c, uint32_t type, uint32_t tx, ...)
{
    struct buffer payload = { 0 };
    va_list args;
    const char *s;

    va_start(args, tx);
    while ((s = va_arg(args, const char *)))
        buffer_append(&payload, s, strlen(s) + 1);
    va_end(args);
    int rc = ask(c, type, tx, buffer_string(&payload), payload.len);

    buffer_free(&payload);
    return rc;
}

int write_node(struct client *c, uint32_t tx, const char *path, const char *value)
{
    struct buffer payload = { 0 };

    buffer_append(&payload, path, strlen(path) + 1);
    buffer_puts(&payload, value);
    int rc = ask(c, XS_WRITE, tx, buffer_head(&payload), payload.len);

    buffer_free(&payload);
    return rc;
}

int read_node(struct client *c, uint32_t tx, const char *path)
{
    return ask_strings(c, XS_READ, tx, path, NULL);
}

uint32_t start(struct client *c)
{
    assert_int_equal(ask_strings(c, XS_TRANSACTION_START, 0, "", NULL), 0);
    return strtoul(c->reply, NULL, 10);
}

int commit(struct client *c, uint32_t tx)
{
    return ask_strings(c, XS_TRANSACTION_END, tx, "T", NULL);
}

/* ---- events ---- */

const char *next_event(struct client *c)
{
    struct xsd_sockmsg hdr;

    if (c->output.len < sizeof(hdr))
        return NULL;
    memcpy(&hdr, buffer_head(&c->output), sizeof(hdr));
    assert_int_equal(hdr.type, XS_WATCH_EVENT);
    assert_int_equal(hdr.req_id, 0);
    assert_int_equal(hdr.tx_id, 0);
    assert_true(c->output.len >= sizeof(hdr) + hdr.len);
    const char *path = buffer_head(&c->output) + sizeof(hdr);

    buffer_clear(&events);
    buffer_printf(&events, "%s %s", path, path + strlen(path) + 1);
    buffer_take(&c->output, sizeof(hdr) + hdr.len);
    return buffer_string(&events);
}

void expect_event(struct client *c, const char *text)
{
    const char *event = next_event(c);

    assert_non_null(event);
    assert_string_equal(event, text);
}

void expect_no_event(struct client *c)
{
    assert_null(next_event(c));
}

void drop_events(struct client *c)
{
    while (next_event(c))
        ;
}

void expect_sound(void)
{
    struct buffer report = { 0 };
    unsigned int faults = store_check(&server, &report);

    if (faults)
        fail_msg("%u faults: %s", faults, buffer_string(&report));
    buffer_free(&report);
}

/* ---- domains, pretended ---- */

int domain_introduce(struct server *s, uint16_t domid, long gfn, uint32_t port)
{
    (void)gfn;
    (void)port;
    introduced[domid] = true;
    watch_fire_special(s, "@introduceDomain", s->special[SPECIAL_INTRODUCE], domid);
    return 0;
}

int domain_release(struct server *s, uint16_t domid)
{
    if (!introduced[domid])
        return -ENOENT;
    introduced[domid] = false;
    watch_fire_special(s, "@releaseDomain", s->special[SPECIAL_RELEASE], domid);
    return 0;
}

int domain_resume(struct server *s, uint16_t domid)
{
    (void)s;
    return introduced[domid] ? 0 : -ENOENT;
}

int domain_set_target(struct server *s, uint16_t domid, uint16_t target)
{
    for_each_list(l, &s->conns) {
        struct conn *c = list_entry(l, struct conn, link);

        if (c->who.domid == domid)
            c->who.target = target;
    }
    return 0;
}

bool domain_is_introduced(const struct server *s, uint16_t domid)
{
    (void)s;
    return introduced[domid];
}

bool domain_ring_info(const struct conn *c, uint32_t *remote_port, long *gfn)
{
    *remote_port = 7;
    *gfn = 1234;
    return c->transport == &fake && c->who.domid;
}

int domain_restore(struct server *s, uint16_t domid, long gfn, uint32_t port, struct conn **out)
{
    (void)s;
    if (gfn != 1234 || port != 7 || domid == 13)
        return -ENOENT;
    *out = &client_new(domid)->conn;
    return 0;
}

void domain_lost(struct server *s, uint16_t domid)
{
    store_remove_owned(s, domid);
}
