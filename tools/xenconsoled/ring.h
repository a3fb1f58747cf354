/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring that a guest shares with us: its output and its input.
 *
 * Every number in it is the guest's to write at any time. Each is read once and bounded; the worst
 * that comes of a bad one is nonsense on that guest's own console.
 */
#ifndef XENCONSOLED_RING_H
#define XENCONSOLED_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/console.h>

/* Takes up to size bytes of output; returns how many. */
size_t ring_take(struct xencons_interface *ring, char *to, size_t size);
/* Gives up to size bytes of input; returns how many there was room for. */
size_t ring_give(struct xencons_interface *ring, const char *from, size_t size);
size_t ring_room(const struct xencons_interface *ring);
bool ring_has_output(const struct xencons_interface *ring);

#endif
