/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_host.c: what it has besides libxc's and libguest's functions.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

/* As after its start: Domain-0 alone, all CPUs in one pool. After xc_open(). */
void fake_host_reset(void);

#endif
