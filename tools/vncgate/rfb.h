/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The beginnings of an RFB conversation (RFC 6143, section 7.1), both sides of it.
 */
#ifndef VNCGATE_RFB_H
#define VNCGATE_RFB_H

#include <stdbool.h>
#include <stdint.h>

/* What a client must answer to a challenge. */
void rfb_response(const char *password, const uint8_t challenge[16], uint8_t response[16]);
/* Towards a viewer: true if it knew the password, and was told so. */
bool rfb_admit(int fd, const char *password);
/* Towards QEMU, which asks for none: true if what follows is for the viewer. */
bool rfb_enter(int fd);

#endif
