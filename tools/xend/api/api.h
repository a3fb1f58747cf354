/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients ask of xend. A message, either way, is an S-expression with a NUL behind it:
 *
 *     (METHOD argument …)           to xend, one at a time
 *     (console (domid N))           before the answer, if create or start was to tell: a boot
 *                                   loader waits at that domain's console
 *     (ok [value])                  its answer
 *     (error ERRNO-NUMBER 'text')   or that; the number is positive, 3 (ESRCH): no such domain
 *
 * A client that hangs up before the answer cancels what it asked for, as far as it can be undone.
 */
#ifndef XEND_API_H
#define XEND_API_H

#include "xend.h"

struct client;
struct domain;

struct request {
    struct xend *x;
    struct client *client;          /* NULL: it hung up */
    struct sxp *words;              /* the message */
    void (*cancel)(struct request *r);      /* if it hangs up; NULL: nothing to do */
    struct domain *d;               /* for cancel */
    void *own;
};

/* Both end the request: r is freed. value is taken over, and may be NULL. */
void answer_ok(struct request *r, struct sxp *value);
void answer_fail(struct request *r, const struct failure *f);
/* By rc of what a call left behind. */
void answer(struct request *r, int rc, const struct failure *f);

/* News before the end, for who waits. s is taken over. */
void tell(struct request *r, struct sxp *s);

/* The n-th argument as text; "" if there is none. */
const char *word(const struct request *r, size_t n);
bool flag(const struct request *r, size_t n);

/* The domain that the first argument names; NULL: there is none, and that was answered. */
struct domain *request_domain(struct request *r);

/* methods.c */
void method_call(struct request *r);

/* read.c, change.c: the methods */
typedef void method_fn(struct request *r);
method_fn read_version, read_domains, read_config, read_lookup, read_vcpus, read_info,
    read_messages, read_log, read_devices, read_vnc;
method_fn change_create, change_new, change_delete, change_start, change_destroy, change_shutdown,
    change_pause, change_unpause, change_sysrq, change_memory, change_max_memory, change_vcpus,
    change_name, change_debug_keys, change_attach, change_detach, change_configure, change_reset,
    change_dump, change_trigger;

/* sched.c, pool.c */
method_fn read_topology, read_sched, change_credit, change_credit2, change_sedf,
    change_bvt, change_pin;
/* Appends (cpu_weight W) (cpu_cap C). */
void read_share(const struct domain *d, struct sxp *s);
method_fn read_pools, change_pool_create, change_pool_new, change_pool_start, change_pool_destroy,
    change_pool_delete, change_pool_add_cpu, change_pool_remove_cpu, change_pool_migrate,
    change_pool_rename, change_pool_split;

/* unix.c */
int unix_listen(struct xend *x);
void unix_close(struct xend *x);

#endif
