/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server structure: how it begins and ends.
 */
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "store.h"

void server_init(struct server *s)
{
    memset(s, 0, sizeof(*s));
    list_init(&s->conns);
    list_init(&s->ready);
    list_init(&s->waiting);
    list_init(&s->dirty);
    limits_init(&s->limits);
    store_init(s);
}

void server_free(struct server *s)
{
    node_put(s->root);
    for (int i = 0; i < SPECIAL_COUNT; i++)
        perms_put(s->special[i]);
    watch_index_free(&s->watches);
    accounts_free(&s->accounts);
    buffer_free(&s->scratch);
    free((char *)s->reexec_path);
}
