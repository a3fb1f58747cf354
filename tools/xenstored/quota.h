/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an unprivileged domain may use up, and what each domain does use.
 *
 * Everything is counted for everybody; limits bind unprivileged requests only. A limit of 0 is no
 * limit.
 */
#ifndef XENSTORED_QUOTA_H
#define XENSTORED_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include <base/buffer.h>

struct limits {
    uint64_t nodes;             /* per domain */
    uint64_t node_size;         /* bytes of value and permissions */
    uint64_t watches;           /* per domain */
    uint64_t transactions;      /* open at once, per domain */
    uint64_t perms;             /* entries per node */
    uint64_t transaction_nodes; /* nodes that one transaction may touch */
    uint64_t outstanding;       /* unread replies, in units of the largest message */
    uint64_t memory;            /* bytes per domain: nodes, watches, transactions */
    uint64_t memory_soft;       /* above it there is a warning in the log */
    uint64_t path_max;          /* bytes of a path that is created */
};

struct account {
    uint16_t domid;
    bool warned;                /* about memory_soft */
    int64_t nodes;
    int64_t watches;
    int64_t transactions;
    int64_t memory;
};

struct accounts {
    struct account **by_domid;  /* 65536 pointers, made on demand */
};

void limits_init(struct limits *l);
/* By the name that options and CONTROL use; NULL if unknown. */
uint64_t *limits_find(struct limits *l, const char *name);
void limits_print(struct buffer *out, const struct limits *l);

struct account *account_of(struct accounts *a, uint16_t domid);
void accounts_free(struct accounts *a);

void account_memory(struct account *a, const struct limits *l, int64_t bytes);
/* Whether used + more is above limit. */
bool over_limit(int64_t used, int64_t more, uint64_t limit);

#endif
