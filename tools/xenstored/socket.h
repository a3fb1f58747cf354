/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients on Unix sockets. Whoever can open the socket acts for dom0.
 */
#ifndef XENSTORED_SOCKET_H
#define XENSTORED_SOCKET_H

#include <stdbool.h>

struct server;
struct conn;

/* fd: a listening socket taken over, or -1 to make one at path. */
int socket_listen(struct server *s, const char *path, bool read_only, int fd);
void socket_stop_listening(struct server *s);
/* Serves a connected socket, and owns fd from here on. */
struct conn *socket_accept(struct server *s, int fd, bool read_only);
/* -1 if c is no socket. */
int socket_fd(const struct conn *c);

#endif
