/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store as xend uses it: watches that call functions, and short ways to read and write.
 */
#ifndef XEND_STORE_H
#define XEND_STORE_H

#include "xend.h"

#include <xs/xs.h>

struct watch;

int store_open(struct xend *x);
void store_close(struct xend *x);

/* fn is called from the loop, the first time soon. It may remove the watch. */
struct watch *store_watch(struct xend *x, const char *path, void (*fn)(void *arg), void *arg);
void store_unwatch(struct xend *x, struct watch **watch);

/* Text of a node, NULL if it is not there; free() it. */
char *store_get(struct xend *x, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A number of a node, or fallback. */
long long store_get_number(struct xend *x, long long fallback, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
bool store_has(struct xend *x, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Writes one node; logs what does not work. */
int store_set(struct xend *x, const char *value, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Removes a tree; logs what does not work. */
void store_drop(struct xend *x, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- writing many nodes in one transaction ---- */

struct store_tx {
    struct xend *x;
    uint32_t id;
    int rc;             /* the first error; later writes do nothing */
};

/* body writes; it is called again as long as others interfere. */
int store_transaction(struct xend *x, void (*body)(struct store_tx *t, void *arg), void *arg);
void tx_write(struct store_tx *t, const char *base, const char *name, const char *value);
void tx_printf(struct store_tx *t, const char *base, const char *name, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* A node (made if absent) that owner owns, and reader (unless NO_DOMID) may read. */
void tx_dir(struct store_tx *t, uint32_t owner, uint32_t reader, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
