/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains coming, changing and going, with a pretended store and hypervisor.
 *
 * sources: tools/xenconsoled/domain.c tools/xenconsoled/logfile.c tools/libs/base/[a-z]*.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/map.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xenconsoled/console.h>
#include <xenconsoled/domain.h>
#include <xs/xs.h>

static struct server server;
static struct map store;
static struct { uint32_t domid; bool is_dying; } domain[200];
static unsigned int domain_count;
static int watches, writes, consoles, connects, disconnects, connect_rc;

/* ---- the store ---- */

static void set(const char *path, const char *value)
{
    free(map_remove(&store, path));
    if (value)
        map_put(&store, path, xstrdup(value));
}

static void set_of(uint32_t domid, const char *below, const char *value)
{
    char path[64];

    sprintf(path, "/local/domain/%u/%s", domid, below);
    set(path, value);
}

int xs_read(struct xs *xs, uint32_t tx, const char *path, char **value, size_t *len)
{
    const char *found = map_get(&store, path);

    if (!found)
        return -ENOENT;
    *value = xstrdup(found);
    return 0;
}

int xs_read_uint(struct xs *xs, uint32_t tx, const char *path, unsigned long long *value)
{
    const char *found = map_get(&store, path);

    if (!found || *found < '0' || *found > '9')
        return found ? -EINVAL : -ENOENT;
    *value = strtoull(found, NULL, 10);
    return 0;
}

int xs_write_string(struct xs *xs, uint32_t tx, const char *path, const char *value)
{
    writes++;
    set(path, value);
    return 0;
}

/* A transaction whose end somebody else comes before, now and then. */
static int conflicts;

int xs_transaction_start(struct xs *xs, uint32_t *tx)
{
    *tx = 1;
    return 0;
}

int xs_transaction_commit(struct xs *xs, uint32_t tx)
{
    return conflicts && conflicts-- ? -EAGAIN : 0;
}

int xs_transaction_abort(struct xs *xs, uint32_t tx)
{
    return 0;
}

/* What a toolstack removes between our reading and our writing. */
static bool vanishes;

bool xs_exists(struct xs *xs, uint32_t tx, const char *path)
{
    return !vanishes && map_get(&store, path);
}

int xs_watch(struct xs *xs, const char *path, const char *token) { watches++; return 0; }
int xs_unwatch(struct xs *xs, const char *path, const char *token) { watches--; return 0; }

/* ---- the hypervisor ---- */

int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < domain_count && n < *count; i++) {
        if (domain[i].domid < first)
            continue;
        memset(&info[n], 0, sizeof(info[n]));
        info[n].domain = domain[i].domid;
        info[n++].flags = domain[i].is_dying ? XEN_DOMINF_dying : 0;
    }
    *count = n;
    return 0;
}

/* ---- consoles ---- */

struct console *console_new(struct server *s, uint32_t domid)
{
    struct console *c = xcalloc(1, sizeof(*c));

    consoles++;
    c->domid = domid;
    sprintf(c->pty.name, "/dev/pts/%u", 100 + domid);
    return c;
}

void console_free(struct console *c)
{
    consoles--;
    logfile_free(c->log);
    free(c);
}

int console_connect(struct console *c, unsigned long long ring_ref, unsigned long long port)
{
    static struct xencons_interface ring;

    connects++;
    c->ring = connect_rc ? NULL : &ring;
    c->ring_ref = ring_ref;
    c->remote_port = port;
    return connect_rc;
}

void console_disconnect(struct console *c)
{
    disconnects++;
    c->ring = NULL;
}

/* ---- tests ---- */

static int setup(void **state)
{
    memset(&server, 0, sizeof(server));
    list_init(&server.domains);
    server.xs = (struct xs *)1;
    log_set_level((enum log_level)-1);
    domain_count = 1;       /* dom0 */
    domain[0].domid = 0;
    watches = writes = consoles = connects = disconnects = connect_rc = 0;
    return 0;
}

static int teardown(void **state)
{
    domains_free(&server);
    assert_int_equal(consoles, 0);
    for (struct map_entry *e; (e = map_next(&store, NULL));)
        set(e->key, NULL);
    map_free(&store);
    return 0;
}

static void add(uint32_t domid)
{
    domain[domain_count].domid = domid;
    domain[domain_count++].is_dying = false;
}

static void describe(uint32_t domid)
{
    set_of(domid, "console/ring-ref", "4711");
    set_of(domid, "console/port", "2");
    set_of(domid, "console/type", "xenconsoled");
    set_of(domid, "console/limit", "65536");
}

static const char *tty_of(uint32_t domid)
{
    char path[64];

    sprintf(path, "/local/domain/%u/console/tty", domid);
    return map_get(&store, path);
}

static void test_life(void **state)
{
    add(7);
    domains_update(&server);
    assert_int_equal(consoles, 1);          /* none for dom0 */
    assert_int_equal(watches, 1);
    domain_changed(&server, 7);
    assert_int_equal(connects, 0);          /* nothing is known of it yet */
    describe(7);
    domain_changed(&server, 7);
    assert_int_equal(connects, 1);
    assert_string_equal(tty_of(7), "/dev/pts/107");
    struct domain *d = list_entry(server.domains.next, struct domain, link);

    assert_int_equal(d->console->limit, 65536);
    /* Our own writing comes back, and ends there. */
    domain_changed(&server, 7);
    domain_changed(&server, 7);
    assert_int_equal(connects, 1);
    assert_int_equal(writes, 1);
    /* Somebody wipes it. */
    set_of(7, "console/tty", "");
    domain_changed(&server, 7);
    assert_string_equal(tty_of(7), "/dev/pts/107");
    /* Another ring. */
    set_of(7, "console/ring-ref", "4712");
    domain_changed(&server, 7);
    assert_int_equal(connects, 2);
    domain_changed(&server, 9);             /* nobody */
    domain[1].is_dying = true;
    domains_update(&server);
    assert_int_equal(consoles, 0);
    assert_int_equal(watches, 0);
}

static void test_not_ours(void **state)
{
    add(7);
    describe(7);
    set_of(7, "console/type", "ioemu");
    domains_update(&server);
    domain_changed(&server, 7);
    assert_int_equal(connects, 0);
    set_of(7, "console/type", NULL);        /* unsaid: ours */
    set_of(7, "console/limit", "999999999");
    domain_changed(&server, 7);
    assert_int_equal(connects, 1);
    assert_int_equal(list_entry(server.domains.next, struct domain, link)->console->limit,
                     LIMIT_MAX);
    set_of(7, "console/type", "ioemu");
    domain_changed(&server, 7);
    assert_int_equal(disconnects, 1);
}

static void test_nonsense(void **state)
{
    add(7);
    describe(7);
    set_of(7, "console/port", "-1");
    domains_update(&server);
    domain_changed(&server, 7);
    set_of(7, "console/port", "0");
    domain_changed(&server, 7);
    assert_int_equal(connects, 0);
    /* What cannot be connected is tried again when something changes. */
    set_of(7, "console/port", "3");
    connect_rc = -EINVAL;
    domain_changed(&server, 7);
    assert_null(tty_of(7));
    connect_rc = 0;
    domain_changed(&server, 7);
    assert_int_equal(connects, 2);
    assert_non_null(tty_of(7));
}

static void test_vanishing(void **state)
{
    add(7);
    describe(7);
    domains_update(&server);
    vanishes = true;
    domain_changed(&server, 7);
    vanishes = false;
    assert_null(tty_of(7));
    conflicts = 2;
    domain_changed(&server, 7);
    assert_non_null(tty_of(7));
    assert_int_equal(conflicts, 0);
}

static void test_many(void **state)
{
    for (uint32_t i = 1; i < 200; i++)
        add(i * 3);
    domains_update(&server);
    assert_int_equal(consoles, 199);
    domains_update(&server);
    assert_int_equal(consoles, 199);
    assert_int_equal(watches, 199);
    /* A new connection to the store has no watches. */
    domains_unwatched(&server);
    watches = 0;
    domains_update(&server);
    assert_int_equal(watches, 199);
    domain_count = 50;
    domains_update(&server);
    assert_int_equal(consoles, 49);
    assert_int_equal(watches, 49);
}

static void test_log(void **state)
{
    server.options.log_guests = true;
    server.options.log_dir = "/var/log/xen/console";
    add(7);
    add(8);
    describe(7);
    describe(8);
    set_of(7, "name", "web/../server");
    domains_update(&server);
    domain_changed(&server, 7);
    domain_changed(&server, 8);
    struct domain *d = list_entry(server.domains.next, struct domain, link);

    assert_string_equal(d->console->log->path, "/var/log/xen/console/guest-web_.._server.log");
    d = list_entry(d->link.next, struct domain, link);
    assert_string_equal(d->console->log->path, "/var/log/xen/console/guest-8.log");
    domains_reopen_logs(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vanishing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
