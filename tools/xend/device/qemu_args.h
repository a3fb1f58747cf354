/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is said to QEMU and what it says: no state, no process.
 */
#ifndef XEND_QEMU_ARGS_H
#define XEND_QEMU_ARGS_H

#include <stdint.h>
#include <sys/types.h>

#include <base/strings.h>
#include <config/config.h>

/* Its words. vfb may be NULL; base: the path of its files up to their last dot (.secret holds
 * VNC's password). */
void qemu_args(struct strings *args, const char *binary, uint32_t domid, const char *name,
               const struct config_vfb *vfb, const struct config_xend *c, const char *base);
/* Those of the program that asks viewers for the password (tools/vncgate); none if it is not
 * needed: without a password, and with TLS, which is QEMU's affair. */
void qemu_gate_args(struct strings *args, uint32_t domid, const struct config_vfb *vfb,
                    const struct config_xend *c, const char *base);
/* Of the frame buffer, or the daemon's; "" if there is none. */
const char *qemu_password(const struct config_vfb *vfb, const struct config_xend *c);
const char *qemu_listen(const struct config_vfb *vfb, const struct config_xend *c);
/* The last line that is not blank: free() it; NULL if there is none. */
char *qemu_last_line(const char *text);
/* The line in which it refuses a device, without its name in front: free() it; or NULL. */
char *qemu_find_complaint(const char *text, const char *kind, uint32_t devid);
/* The TCP port from 5900 on that a process listens on, 0 if none. */
unsigned int qemu_listening_port(pid_t pid);

#endif
