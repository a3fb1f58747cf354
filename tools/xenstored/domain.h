/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains that talk over a ring: introduced, watched for their end, released.
 *
 * All of it needs a hypervisor; without one (server.domains NULL) the functions answer -ENOSYS.
 */
#ifndef XENSTORED_DOMAIN_H
#define XENSTORED_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

struct server;
struct conn;

/* Opens the devices. */
int domains_init(struct server *s);
void domains_free(struct server *s);
/* The domain we run in, over the page its kernel holds out. */
int domain_introduce_self(struct server *s);

int domain_introduce(struct server *s, uint16_t domid, long gfn, uint32_t port);
int domain_release(struct server *s, uint16_t domid);
int domain_resume(struct server *s, uint16_t domid);
int domain_set_target(struct server *s, uint16_t domid, uint16_t target);
bool domain_is_introduced(const struct server *s, uint16_t domid);

/* For saving: what it takes to introduce c's domain again. False if c is not a domain's ring. */
bool domain_ring_info(const struct conn *c, uint32_t *remote_port, long *gfn);
/* As domain_introduce(), without the event. */
int domain_restore(struct server *s, uint16_t domid, long gfn, uint32_t port, struct conn **out);
/* One that was introduced is no longer there: its nodes go, and watchers are told. */
void domain_lost(struct server *s, uint16_t domid);
/* Looks for domains that died or shut down. */
void domains_check(struct server *s);

#endif
