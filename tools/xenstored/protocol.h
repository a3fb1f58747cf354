/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests: one table from type to handler, one function that answers.
 */
#ifndef XENSTORED_PROTOCOL_H
#define XENSTORED_PROTOCOL_H

#include <stdbool.h>

#include <xen/io/xs_wire.h>

#include <base/buffer.h>

struct conn;
struct transaction;
struct watch;

struct request {
    struct conn *conn;
    const struct xsd_sockmsg *hdr;
    const char *payload;
    size_t len;
    struct transaction *tx;     /* of hdr->tx_id, for requests that work on nodes */
    struct buffer *reply;       /* empty: "OK" */
    struct watch *fire;         /* to fire after the reply */
};

/* False: it has to wait, ask again later. */
bool protocol_request(struct conn *c, const struct xsd_sockmsg *hdr, const char *payload);

/* The n-th of the NUL-terminated strings in the payload; NULL if there is none. */
const char *request_string(const struct request *r, unsigned int n);

/* control.c: XS_CONTROL. */
int control_request(struct request *r);

#endif
