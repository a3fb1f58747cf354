/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child process and what it writes, seen from the loop. Workers, scripts and boot loaders are
 * made of it: who has one embeds it, and frees itself in ended().
 */
#ifndef XEND_CHILD_H
#define XEND_CHILD_H

#include <sys/types.h>

#include <base/buffer.h>

#include "xend.h"

struct child_ops {
    /* More stands in `in`, which may be taken from; NULL: it waits there for the end. */
    void (*came)(void *owner, struct buffer *in);
    /* It closed its end and is gone; child_close() is the owner's. status: 128 + a signal. */
    void (*ended)(void *owner, int status);
};

struct child {
    pid_t pid;
    int fd;                     /* what it writes is read here */
    struct event *event;
    struct buffer in;
    const struct child_ops *ops;
    void *owner;
};

/* fork(), with a pipe to us of which the child has *out. */
pid_t child_fork(struct child *c, int *out);
/* The parent's next step; pid and fd are set. */
void child_watch(struct child *c, struct xend *x, const struct child_ops *ops, void *owner);
void child_close(struct child *c);
/* Kills it, with all its process group if it has one, and waits for its end; closes it. */
void child_kill(struct child *c);

/* In the child: signals as a program expects them, and the usual places to find programs. */
void child_become_program(void);

/* Takes whole lines from `in`, at the end also the rest. */
void child_take_lines(struct buffer *in, bool is_end,
                      void (*line)(void *arg, const char *text, size_t len), void *arg);

#endif
