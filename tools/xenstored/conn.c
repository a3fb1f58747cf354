/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections: cutting the input into requests, queueing the output, and keeping both bounded.
 *
 * A client that does not read its replies is not served until it does. Events that find the queue
 * full are dropped, and each watch that lost some fires once when the queue has drained.
 */
#include <errno.h>
#include <string.h>

#include <base/log.h>

#include "conn.h"
#include "protocol.h"
#include "server.h"
#include "transaction.h"
#include "watch.h"

#define READ_CHUNK 8192
/* Requests of one connection in one round, so that others get their turn. */
#define ROUND 64
/* Bytes of events that wait for one reader. */
#define EVENTS_DOMAIN (256u << 10)
#define EVENTS_PRIVILEGED (16u << 20)

void conn_init(struct conn *c, struct server *s, const struct transport *t, uint16_t domid)
{
    c->server = s;
    c->transport = t;
    c->id = ++s->next_conn_id;
    c->who = (struct identity){ .domid = domid, .target = NO_DOMID, .is_privileged = !domid };
    c->account = account_of(&s->accounts, domid);
    list_add_tail(&s->conns, &c->link);
    list_init(&c->ready);
    list_init(&c->dirty);
    list_init(&c->watches);
    list_init(&c->transactions);
}

void conn_forget(struct conn *c)
{
    transaction_abort_all(c);
    watch_remove_all(c);
    c->conflicts = 0;
}

void conn_reset(struct conn *c)
{
    conn_forget(c);
    buffer_clear(&c->in);
    buffer_clear(&c->out);
}

void conn_release(struct conn *c)
{
    conn_forget(c);
    if (c->server->protector == c)
        c->server->protector = NULL;
    buffer_free(&c->in);
    buffer_free(&c->out);
    list_remove(&c->link);
    list_remove(&c->ready);
    list_remove(&c->dirty);
}

static void mark_dirty(struct conn *c)
{
    if (list_empty(&c->dirty))
        list_add_tail(&c->server->dirty, &c->dirty);
}

void conn_doom(struct conn *c)
{
    c->is_doomed = true;
    mark_dirty(c);
}

void conn_wake(struct conn *c)
{
    c->is_drained = false;
    if (list_empty(&c->ready))
        list_add_tail(&c->server->ready, &c->ready);
}

static bool is_choked(const struct conn *c)
{
    const struct limits *l = &c->server->limits;
    size_t largest = sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX;
    size_t bound = c->who.is_privileged || !l->outstanding ? 1u << 20 : l->outstanding * largest;

    return c->out.len > bound;
}

/* ---- output ---- */

void conn_send(struct conn *c, const struct xsd_sockmsg *to, uint32_t type, const void *data,
               size_t len)
{
    struct xsd_sockmsg hdr = { .type = type, .req_id = to->req_id, .tx_id = to->tx_id, .len = len };

    buffer_append(&c->out, &hdr, sizeof(hdr));
    buffer_append(&c->out, data, len);
    mark_dirty(c);
}

bool conn_send_event(struct conn *c, const char *path, size_t path_len, const char *token,
                     size_t token_len)
{
    struct xsd_sockmsg hdr = { .type = XS_WATCH_EVENT, .len = path_len + 1 + token_len };
    size_t limit = c->who.is_privileged ? EVENTS_PRIVILEGED : EVENTS_DOMAIN;

    if (hdr.len > XENSTORE_PAYLOAD_MAX || c->is_doomed)
        return true;
    if (c->out.len > limit)
        return false;
    char *room = buffer_room(&c->out, sizeof(hdr) + hdr.len);

    memcpy(room, &hdr, sizeof(hdr));
    room += sizeof(hdr);
    memcpy(room, path, path_len);
    room[path_len] = '\0';
    memcpy(room + path_len + 1, token, token_len);
    buffer_grow(&c->out, sizeof(hdr) + hdr.len);
    mark_dirty(c);
    return true;
}

static void make_up_for_lost_events(struct conn *c)
{
    for_each_list(l, &c->watches) {
        struct watch *w = list_entry(l, struct watch, by_conn);

        if (w->lost_events)
            watch_fire_self(w);
    }
}

void conn_flush(struct conn *c)
{
    while (c->out.len && !c->is_doomed) {
        ssize_t n = c->transport->write(c, buffer_head(&c->out), c->out.len);

        if (n == -EAGAIN)
            break;
        if (n < 0) {
            c->is_doomed = true;
            return;
        }
        buffer_take(&c->out, n);
        if (!c->out.len && c->watch_lost)
            make_up_for_lost_events(c);
    }
    /* A burst's memory is not kept for ever. */
    if (!c->out.len && c->out.size > (64u << 10))
        buffer_free(&c->out);
    if (c->is_stalled && !is_choked(c)) {
        c->is_stalled = false;
        conn_wake(c);
    }
    if (!c->is_doomed)
        c->transport->settle(c);
}

/* ---- input ---- */

/* The whole request at the front of the input: its size, or 0 if it is not all there. */
static size_t next_request(struct conn *c, struct xsd_sockmsg *hdr)
{
    if (c->in.len < sizeof(*hdr))
        return 0;
    memcpy(hdr, buffer_head(&c->in), sizeof(*hdr));
    if (hdr->len > XENSTORE_PAYLOAD_MAX) {
        log_debug("d%u: request of %u bytes", c->who.domid, hdr->len);
        c->transport->fail(c, XENSTORE_ERROR_PROTO);
        return 0;
    }
    size_t size = sizeof(*hdr) + hdr->len;

    return c->in.len < size ? 0 : size;
}

static int fill(struct conn *c)
{
    ssize_t n = c->transport->read(c, buffer_room(&c->in, READ_CHUNK), READ_CHUNK);

    if (n < 0)
        return n;
    buffer_grow(&c->in, n);
    return 0;
}

bool conn_run(struct conn *c)
{
    struct xsd_sockmsg hdr;

    for (int i = 0; i < ROUND && !c->is_doomed; ) {
        if (is_choked(c)) {
            c->is_stalled = true;
            return false;
        }
        size_t size = next_request(c, &hdr);

        if (size && !protocol_request(c, &hdr, buffer_head(&c->in) + sizeof(hdr))) {
            list_add_tail(&c->server->waiting, &c->ready);
            return false;
        }
        if (size) {
            buffer_take(&c->in, size);
            i++;
            continue;
        }
        if (c->is_doomed || c->is_drained)
            break;
        int rc = fill(c);

        if (rc == -EAGAIN)
            return false;
        if (rc)
            conn_doom(c);
    }
    return !c->is_doomed && !c->is_drained;
}
