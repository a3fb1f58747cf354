/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Four clients talk to xenstored at once: dom0, two guests, and one that sends raw bytes.
 *
 * The input is a script: each step is a byte for who and how, then a request (its type, which
 * transaction, its length, its payload) or bytes as they are. Whatever happens, the store's own
 * accounts agree at the end, and every client can leave.
 *
 * sources: tests/unit/tools/xenstored/harness.c tools/xenstored/server.c tools/xenstored/store.c
 * sources: tools/xenstored/tree.c tools/xenstored/transaction.c tools/xenstored/watch.c
 * sources: tools/xenstored/permission.c tools/xenstored/quota.c tools/xenstored/path.c
 * sources: tools/xenstored/conn.c tools/xenstored/protocol.c tools/xenstored/control.c
 * sources: tools/xenstored/loop.c tools/libs/base/[a-z]*.c
 * flags: -Itests/unit/tools/xenstored -lm
 */
#include "harness.h"

#include <stdlib.h>

#include <base/log.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS    4
#define SCRIPT_MAX 2048     /* bytes of an input that are used: short scripts find more */

struct script {
    const uint8_t *at;
    size_t left;
};

static uint8_t byte(struct script *s)
{
    if (!s->left)
        return 0;
    s->left--;
    return *s->at++;
}

/* Every second reply is left unread for a while: output queues up. */
static void drain(struct client *c)
{
    if (c->output.len > 1u << 20)
        buffer_clear(&c->output);
}

static void step(struct script *s, struct client **clients)
{
    uint8_t how = byte(s);
    struct client *c = clients[how % CLIENTS];
    struct xsd_sockmsg hdr = { .type = how >> 2, .req_id = how };

    if (c->is_closed)
        return;
    if (how % CLIENTS != CLIENTS - 1) {
        hdr.tx_id = byte(s) % 8;
        hdr.len = byte(s);
        hdr.len = hdr.len < s->left ? hdr.len : s->left;
        buffer_append(&c->input, &hdr, sizeof(hdr));
    } else {
        hdr.len = (how >> 2) < s->left ? how >> 2 : s->left;
    }
    send_raw(c, s->at, hdr.len);
    s->at += hdr.len;
    s->left -= hdr.len;
    drain(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = { data, size < SCRIPT_MAX ? size : SCRIPT_MAX };
    struct client *clients[CLIENTS];

    log_open("/dev/null", "fuzz", LOG_LEVEL_ERROR);
    setup(NULL);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_new(i == CLIENTS - 1 ? 0 : i);
    ask_strings(clients[0], XS_MKDIR, 0, "/local/domain/1", NULL);
    ask_strings(clients[0], XS_SET_PERMS, 0, "/local/domain/1", "n1", "r2", NULL);
    ask_strings(clients[0], XS_MKDIR, 0, "/local/domain/2", NULL);
    ask_strings(clients[0], XS_SET_PERMS, 0, "/local/domain/2", "n2", "b1", NULL);
    while (s.left)
        step(&s, clients);
    run_loop();
    expect_sound();
    for (int i = 0; i < CLIENTS; i++)
        client_free(clients[i]);
    teardown(NULL);
    return 0;
}
