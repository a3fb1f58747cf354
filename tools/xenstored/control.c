/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CONTROL requests: for the administrator. One table, word to function.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>

#include "conn.h"
#include "protocol.h"
#include "server.h"
#include "store.h"

static int do_check(struct request *r)
{
    unsigned int faults = store_check(r->conn->server, r->reply);

    if (!faults) {
        buffer_clear(r->reply);
        return 0;
    }
    log_error("check: %u faults", faults);
    buffer_putc(r->reply, '\0');
    return 0;
}

static int do_log(struct request *r)
{
    const char *arg = request_string(r, 1);

    if (!arg || (strcmp(arg, "on") && strcmp(arg, "off")))
        return -EINVAL;
    r->conn->server->trace = !strcmp(arg, "on");
    log_set_level(r->conn->server->trace ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    return 0;
}

static int do_logfile(struct request *r)
{
    const char *arg = request_string(r, 1);

    return arg && *arg ? log_open(arg, "xenstored", LOG_LEVEL_DEBUG) : -EINVAL;
}

static int do_print(struct request *r)
{
    const char *arg = request_string(r, 1);

    if (!arg)
        return -EINVAL;
    log_info("print: %s", arg);
    return 0;
}

static int do_memreport(struct request *r)
{
    struct server *s = r->conn->server;
    struct mallinfo2 m = mallinfo2();

    buffer_printf(r->reply, "heap: %zu bytes in use, %zu free\n", m.uordblks, m.fordblks);
    buffer_printf(r->reply, "connections: %zu\nwatched paths: %zu\n", list_count(&s->conns),
                  s->watches.points.count);
    for (unsigned int i = 0; i < 65536; i++) {
        const struct account *a = s->accounts.by_domid ? s->accounts.by_domid[i] : NULL;

        if (a)
            buffer_printf(r->reply, "d%u: %" PRId64 " nodes, %" PRId64 " watches, %" PRId64
                          " transactions, %" PRId64 " bytes\n", i, a->nodes, a->watches,
                          a->transactions, a->memory);
    }
    if (r->reply->len >= XENSTORE_PAYLOAD_MAX)
        r->reply->len = XENSTORE_PAYLOAD_MAX - 1;
    buffer_putc(r->reply, '\0');
    return 0;
}

static int set_limit(struct request *r, unsigned int first)
{
    const char *name = request_string(r, first), *text = request_string(r, first + 1);
    uint64_t *limit = name ? limits_find(&r->conn->server->limits, name) : NULL;
    unsigned long long value;

    if (!limit || !text || !parse_number(text, INT64_MAX, &value))
        return -EINVAL;
    *limit = value;
    return 0;
}

static int do_quota(struct request *r)
{
    struct server *s = r->conn->server;
    const char *arg = request_string(r, 1);
    unsigned long long domid;

    if (arg && !strcmp(arg, "set"))
        return set_limit(r, 2);
    if (arg && *arg) {
        if (!parse_number(arg, UINT16_MAX, &domid) || !s->accounts.by_domid[domid])
            return -EINVAL;
        const struct account *a = s->accounts.by_domid[domid];

        buffer_printf(r->reply, "nodes %" PRId64 "\nwatches %" PRId64 "\ntransactions %" PRId64
                      "\nmemory %" PRId64 "\n", a->nodes, a->watches, a->transactions, a->memory);
    } else {
        limits_print(r->reply, &s->limits);
    }
    buffer_putc(r->reply, '\0');
    return 0;
}

/* live-update -f FILE; -s [-t N] [-F]; -a. The new program takes over every connection. */
static int do_live_update(struct request *r)
{
    struct server *s = r->conn->server;
    const char *option = request_string(r, 1), *file = request_string(r, 2);

    if (!option)
        return -EINVAL;
    if (!strcmp(option, "-f") && file && *file) {
        free((char *)s->reexec_path);
        s->reexec_path = xstrdup(file);
        return 0;
    }
    if (!strcmp(option, "-a")) {
        free((char *)s->reexec_path);
        s->reexec_path = NULL;
        return 0;
    }
    if (strcmp(option, "-s"))
        return -EINVAL;
    /* Open transactions do not stand in the way: they will be told to start over. */
    s->reexec = true;
    s->stopping = true;
    return 0;
}

static int do_help(struct request *r);

static const struct {
    const char *word;
    int (*handle)(struct request *r);
} table[] = {
    { "check", do_check },
    { "help", do_help },
    { "live-update", do_live_update },
    { "log", do_log },
    { "logfile", do_logfile },
    { "memreport", do_memreport },
    { "print", do_print },
    { "quota", do_quota },
    { "quota-soft", do_quota },
};

static int do_help(struct request *r)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        buffer_printf(r->reply, "%s\n", table[i].word);
    buffer_putc(r->reply, '\0');
    return 0;
}

int control_request(struct request *r)
{
    const char *word = request_string(r, 0);

    for (size_t i = 0; word && i < sizeof(table) / sizeof(table[0]); i++) {
        if (!strcmp(word, table[i].word))
            return table[i].handle(r);
    }
    return -EINVAL;
}
