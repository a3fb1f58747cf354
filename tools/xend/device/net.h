/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces: what others than the handshake need of them.
 */
#ifndef XEND_NET_H
#define XEND_NET_H

struct sxp;

/* Gives (vif …) a MAC address if it has none. */
void net_name(struct sxp *config);

#endif
