/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxs: a client of the store, over xenstored's socket or the kernel's device.
 *
 * Functions return 0 or a negative errno value (-ENOENT, -EACCES, -EAGAIN, …). What they hand out
 * was allocated with malloc, and the caller frees it. A connection belongs to one thread at a
 * time. Transactions: tx is XS_NO_TX or what xs_transaction_start() gave.
 */
#ifndef XS_H
#define XS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct xs;

#define XS_NO_TX 0u

/* Flags of xs_open(). */
#define XS_OPEN_SOCKET   1u     /* the socket only, never the kernel's device */
#define XS_OPEN_READONLY 2u     /* the read-only socket */
#define XS_OPEN_DEVICE   4u     /* the device only: what a domain other than dom0 uses */

/*
 * The socket is $XENSTORED_PATH, or $XENSTORED_RUNDIR/socket, or /var/run/xenstored/socket. When
 * nobody listens there, /dev/xen/xenbus is tried; in dom0 the socket again, for three seconds.
 */
int xs_open(unsigned int flags, struct xs **xs);
/* Speaks over fd (a connected stream socket), and owns it from here on. */
int xs_open_fd(int fd, struct xs **xs);
void xs_close(struct xs *xs);

/* ---- nodes ---- */

/* *value has a NUL behind its *len bytes; len may be NULL. */
int xs_read(struct xs *xs, uint32_t tx, const char *path, char **value, size_t *len);
int xs_read_uint(struct xs *xs, uint32_t tx, const char *path, unsigned long long *value);
int xs_write(struct xs *xs, uint32_t tx, const char *path, const void *value, size_t len);
int xs_write_string(struct xs *xs, uint32_t tx, const char *path, const char *value);
int xs_printf(struct xs *xs, uint32_t tx, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int xs_mkdir(struct xs *xs, uint32_t tx, const char *path);
/* The node and all below it. No error if only the node itself is missing. */
int xs_remove(struct xs *xs, uint32_t tx, const char *path);
bool xs_exists(struct xs *xs, uint32_t tx, const char *path);
/* Names of the children, sorted as the daemon keeps them: one allocation, a NULL after the last. */
int xs_list(struct xs *xs, uint32_t tx, const char *path, char ***names, size_t *count);

/* ---- permissions ---- */

#define XS_PERM_NONE  0u
#define XS_PERM_READ  1u
#define XS_PERM_WRITE 2u

struct xs_perm {
    unsigned int domid;     /* in the first entry: the owner */
    unsigned int rights;    /* in the first entry: everyone's who is not listed */
};

int xs_get_perms(struct xs *xs, uint32_t tx, const char *path, struct xs_perm **perms,
                 size_t *count);
int xs_set_perms(struct xs *xs, uint32_t tx, const char *path, const struct xs_perm *perms,
                 size_t count);
/* "n0", "r5", "w2", "b7". */
int xs_parse_perm(const char *text, struct xs_perm *perm);

/* ---- transactions ---- */

int xs_transaction_start(struct xs *xs, uint32_t *tx);
/* -EAGAIN: somebody else changed what this transaction used; do all of it again. */
int xs_transaction_commit(struct xs *xs, uint32_t tx);
int xs_transaction_abort(struct xs *xs, uint32_t tx);

/* ---- watches ---- */

struct xs_event {
    const char *path;
    const char *token;
};

/* Fires once at once, then whenever path or anything below it changes. */
int xs_watch(struct xs *xs, const char *path, const char *token);
int xs_unwatch(struct xs *xs, const char *path, const char *token);
/* Drops all watches and transactions of this connection. */
int xs_reset_watches(struct xs *xs);
/* Readable while an event waits, in the kernel or in this library. For poll() only. */
int xs_fd(struct xs *xs);
/* Free *event with free(). Without an event: -EAGAIN. */
int xs_next_event(struct xs *xs, struct xs_event **event);
/* Waits at most timeout_ms (negative: for ever), then -ETIMEDOUT. */
int xs_wait_event(struct xs *xs, int timeout_ms, struct xs_event **event);

/* ---- domains (privileged) ---- */

int xs_introduce(struct xs *xs, unsigned int domid, unsigned long gfn, unsigned int port);
int xs_release(struct xs *xs, unsigned int domid);
int xs_resume(struct xs *xs, unsigned int domid);
int xs_set_target(struct xs *xs, unsigned int domid, unsigned int target);
/* 1, 0 or negative. */
int xs_is_introduced(struct xs *xs, unsigned int domid);
int xs_get_domain_path(struct xs *xs, unsigned int domid, char **path);

/* A CONTROL request: count strings; the answer is text. */
int xs_control(struct xs *xs, const char *const *words, size_t count, char **answer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
