/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxs in one page: a counter that several programs may raise at once, and a watch that sees it.
 *
 *     cc example.c $(pkg-config --cflags --libs xenith-xs)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xs/xs.h>

#define COUNTER "/tool/example/counter"

/* Reads, adds one, writes; again if somebody else came in between. */
static int raise_counter(struct xs *xs, unsigned long long *value)
{
    uint32_t tx;
    int rc;

    do {
        rc = xs_transaction_start(xs, &tx);
        if (rc)
            return rc;
        if (xs_read_uint(xs, tx, COUNTER, value))
            *value = 0;             /* the first */
        rc = xs_printf(xs, tx, COUNTER, "%llu", ++*value);
        if (rc)
            xs_transaction_abort(xs, tx);
        else
            rc = xs_transaction_commit(xs, tx);
    } while (rc == -EAGAIN);
    return rc;
}

int main(void)
{
    unsigned long long value;
    struct xs_event *event;
    struct xs *xs;
    int rc = xs_open(0, &xs);

    if (rc) {
        fprintf(stderr, "no xenstored here: %s\n", strerror(-rc));
        return 1;
    }
    rc = xs_watch(xs, COUNTER, "my token");
    if (!rc)
        rc = raise_counter(xs, &value);
    if (!rc) {
        printf("%s is %llu\n", COUNTER, value);
        rc = xs_wait_event(xs, 5000, &event);
    }
    if (!rc) {
        printf("%s changed (%s)\n", event->path, event->token);
        free(event);
    }
    if (rc)
        fprintf(stderr, "%s: %s\n", COUNTER, strerror(-rc));
    xs_close(xs);
    return rc != 0;
}
