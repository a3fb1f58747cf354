/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What makes a process a daemon.
 */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

#include <base/export.h>

/*
 * Goes on in a child that has left the terminal, or returns -E. The parent ends when the child
 * calls daemon_ready() with the descriptor that this returned, so that whoever started us finds us
 * at work; its exit status is the one given there, or 1 when the child died first.
 */
EXPORT int daemon_detach(void);
/* With status 0 the standard streams go to /dev/null. */
EXPORT void daemon_ready(int fd, int status);

/*
 * Writes our id to path and locks it while the descriptor it returns is open, so that a file
 * left behind means nothing. -EWOULDBLOCK: another process holds it.
 */
EXPORT int daemon_pid_file(const char *path);

/* Tells systemd, if it is listening. */
EXPORT void daemon_notify(void);

#endif
