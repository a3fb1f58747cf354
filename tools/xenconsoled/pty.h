/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pseudo-terminal: the master is ours, the slave is for whoever wants to see the console.
 */
#ifndef XENCONSOLED_PTY_H
#define XENCONSOLED_PTY_H

struct pty {
    int master;             /* non-blocking */
    int slave;              /* held open, so that a reader may come and go */
    char name[64];          /* the slave's path */
};

/* 0 or -E. The line is raw: what the guest prints is what a reader gets. */
int pty_open(struct pty *pty);
void pty_close(struct pty *pty);

#endif
