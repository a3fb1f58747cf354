/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What makes a process a daemon.
 */
#ifndef XENCONSOLED_DAEMON_H
#define XENCONSOLED_DAEMON_H

/*
 * Goes on in a child; the parent leaves when the child calls daemon_ready() with what this
 * returned, so that whoever started us finds us at work. -E on failure.
 */
int daemon_detach(void);
void daemon_ready(int fd);

/* Writes our id to path, and holds it locked: -EWOULDBLOCK if another of us does. */
int daemon_pid_file(const char *path);

/* Tells systemd, if it is listening. */
void daemon_notify(void);

#endif
