/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domains there are, and what the store says of their consoles.
 *
 * The hypervisor says which domains live; /local/domain/N/console says where the ring is. Whatever
 * is told is read again from the start: no order of events matters.
 */
#ifndef XENCONSOLED_DOMAIN_H
#define XENCONSOLED_DOMAIN_H

#include "server.h"

struct domain {
    struct list link;
    uint32_t domid;
    struct console *console;
    bool is_watched;
    bool is_alive;              /* as of the round that is being made */
};

/* Takes in new domains, lets go of those that died. */
void domains_update(struct server *s);
/* The store changed at a domain's console. */
void domain_changed(struct server *s, uint32_t domid);
/* The connection to the store is a new one: nothing is watched any more. */
void domains_unwatched(struct server *s);
void domains_reopen_logs(struct server *s);
void domains_free(struct server *s);

#endif
