/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes that a domain and the daemon exchange through one shared page.
 *
 * The page belongs to the other side: every index is read once, checked, and the checked copy used.
 */
#ifndef XENSTORED_RING_H
#define XENSTORED_RING_H

#include <stddef.h>
#include <sys/types.h>

#include <xen/io/xs_wire.h>

/*
 * Both return how many bytes moved, -EAGAIN for none, -EPROTO if the other side's index is
 * impossible.
 */
ssize_t ring_read(struct xenstore_domain_interface *page, char *buf, size_t size);
ssize_t ring_write(struct xenstore_domain_interface *page, const char *buf, size_t size);
/* The client asked to start afresh: empties the ring and says so. */
int ring_wants_reset(const struct xenstore_domain_interface *page);
void ring_reset(struct xenstore_domain_interface *page);

#endif
