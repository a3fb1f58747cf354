/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Being one daemon: the pid file is locked by whoever runs, so a stale one means nothing.
 */
#ifndef XEND_DAEMON_H
#define XEND_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/* The pid of the one that runs, or 0. */
pid_t daemon_running(void);
/* Whether it does its work. One that was killed holds its lock until it is gone. */
bool daemon_answers(const char *socket_path);
/* Takes the lock and writes our pid: 0 or -E (-EWOULDBLOCK: another runs). */
int daemon_lock(void);
/* In a child that does not exec: the lock is its parent's. */
void daemon_leave_lock(void);
/* Asks the one that runs to stop and waits: 0, or -ETIMEDOUT. */
int daemon_stop(void);

#endif
