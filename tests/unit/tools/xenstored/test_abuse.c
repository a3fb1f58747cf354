/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quotas, hostile input of all kinds, and a long random walk with a model beside it.
 *
 * sources: tests/unit/tools/xenstored/harness.c tools/xenstored/server.c tools/xenstored/store.c
 * sources: tools/xenstored/tree.c tools/xenstored/transaction.c tools/xenstored/watch.c
 * sources: tools/xenstored/permission.c tools/xenstored/quota.c tools/xenstored/path.c
 * sources: tools/xenstored/conn.c tools/xenstored/protocol.c tools/xenstored/control.c
 * sources: tools/xenstored/loop.c tools/libs/base/[a-z]*.c
 * flags: -Itests/unit/tools/xenstored
 */
#include <errno.h>

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include <base/map.h>

static struct client *home_of(struct client *dom0, uint16_t domid)
{
    char path[64], perm[16];

    sprintf(path, "/local/domain/%u", domid);
    sprintf(perm, "n%u", domid);
    ask_strings(dom0, XS_MKDIR, 0, path, NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, path, perm, NULL);
    return client_new(domid);
}

static void test_nodes(void **state)
{
    struct client *dom0 = client_new(0), *d5 = home_of(dom0, 5);
    char path[64];

    (void)state;
    for (int i = 0; i < 999; i++) {
        sprintf(path, "n/%d", i);
        assert_int_equal(write_node(d5, 0, path, ""), i == 998 ? -ENOSPC : 0);
    }
    /* What is there may still change, and go. */
    assert_int_equal(write_node(d5, 0, "n/1", "x"), 0);
    assert_int_equal(ask_strings(d5, XS_MKDIR, 0, "more", NULL), -ENOSPC);
    /* dom0 is not bound, even for what belongs to the domain. */
    assert_int_equal(write_node(dom0, 0, "/local/domain/5/by-dom0", "1"), 0);
    assert_int_equal(account_of(&server.accounts, 5)->nodes, 1001);
    assert_int_equal(ask_strings(d5, XS_RM, 0, "n", NULL), 0);
    assert_int_equal(account_of(&server.accounts, 5)->nodes, 2);
    assert_int_equal(ask_strings(d5, XS_MKDIR, 0, "more", NULL), 0);
    /* A deep path takes all or nothing. */
    strcpy(path, "a/a/a/a/a/a/a/a");
    server.limits.nodes = 8;
    assert_int_equal(write_node(d5, 0, path, ""), -ENOSPC);
    assert_int_equal(read_node(d5, 0, "a"), -ENOENT);
}

static void test_sizes(void **state)
{
    struct client *dom0 = client_new(0), *d5 = home_of(dom0, 5);
    char value[3000];
    int rc = 0;

    (void)state;
    memset(value, 'v', sizeof(value));
    value[2100] = '\0';
    assert_int_equal(write_node(d5, 0, "v", value), -ENOSPC);
    assert_int_equal(write_node(dom0, 0, "/v", value), 0);
    value[2000] = '\0';
    assert_int_equal(write_node(d5, 0, "v", value), 0);
    assert_int_equal(ask_strings(d5, XS_SET_PERMS, 0, "v", "n5", "r1", "r2", "r3", "r4", NULL), 0);
    assert_int_equal(ask_strings(d5, XS_SET_PERMS, 0, "v", "n5", "r1", "r2", "r3", "r4", "r6",
                                 NULL), -ENOSPC);
    for (int i = 0; i < 990 && !rc; i++) {
        char path[32];

        sprintf(path, "m/%d", i);
        rc = write_node(d5, 0, path, value);
    }
    assert_int_equal(rc, 0);
    server.limits.memory = 1 << 20;
    assert_int_equal(write_node(d5, 0, "m/x", value), -ENOMEM);
    assert_int_equal(ask_strings(d5, XS_WATCH, 0, "m", "t", NULL), -ENOMEM);
}

static void test_transaction_memory(void **state)
{
    struct client *dom0 = client_new(0), *d5 = home_of(dom0, 5);
    char value[2001], path[32];
    int rc = 0;

    (void)state;
    memset(value, 'v', 2000);
    value[2000] = '\0';
    uint32_t tx = start(d5), again = start(d5), third = start(d5);

    for (int i = 0; i < 3000 && !rc; i++) {
        sprintf(path, "x/%d", i % 900);
        rc = write_node(d5, i < 900 ? tx : i < 1800 ? again : third, path, value);
    }
    assert_int_equal(rc, -ENOMEM);
    assert_true(account_of(&server.accounts, 5)->memory < 6 << 20);
}

/* A path of many short names is kept once for each of them: what that costs is counted. */
static void test_deep_watches(void **state)
{
    struct client *d5 = client_new(5);
    char path[2001];
    int added = 0;

    (void)state;
    for (int i = 0; i < 2000; i++)
        path[i] = i % 2 ? 'a' : '/';
    path[2000] = '\0';
    for (int i = 0; i < 64; i++) {
        path[1] = 'A' + i % 26;
        path[3] = 'A' + i / 26;
        added += !ask_strings(d5, XS_WATCH, 0, path, "token", NULL);
    }
    assert_true(added < 8);
    assert_true((uint64_t)account_of(&server.accounts, 5)->memory <= server.limits.memory);
    ask_strings(d5, XS_RESET_WATCHES, 0, "", NULL);
    assert_int_equal(account_of(&server.accounts, 5)->memory, 0);
    /* The usual ones are cheap. */
    for (int i = 0; i < 128; i++) {
        snprintf(path, sizeof(path), "/local/domain/0/backend/vif/5/%d/state", i);
        assert_int_equal(ask_strings(d5, XS_WATCH, 0, path, "token", NULL), 0);
    }
}

static void test_oversized(void **state)
{
    struct client *a = client_new(5);
    struct xsd_sockmsg hdr = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };

    (void)state;
    send_raw(a, &hdr, sizeof(hdr));
    assert_true(a->is_closed);
    assert_int_equal(a->failure, XENSTORE_ERROR_PROTO);
    client_free(a);
}

static void test_byte_by_byte(void **state)
{
    struct client *a = client_new(0);
    struct xsd_sockmsg hdr = { XS_WRITE, 1, 0, 6 };
    char message[sizeof(hdr) + 6];

    (void)state;
    memcpy(message, &hdr, sizeof(hdr));
    memcpy(message + sizeof(hdr), "/a\0xyz", 6);
    for (size_t i = 0; i < sizeof(message); i++) {
        assert_int_equal(a->output.len, 0);
        send_raw(a, message + i, 1);
    }
    buffer_clear(&a->output);
    assert_int_equal(read_node(a, 0, "/a"), 0);
    assert_string_equal(a->reply, "xyz");
}

static uint32_t random_number(uint32_t below)
{
    return (uint32_t)random() % below;
}

/* Payloads that are nearly right: pieces of paths, NULs, digits, noise. */
static size_t random_payload(char *payload)
{
    static const char *const piece[] = {
        "/", "a", "b", "/local/domain/5", "@releaseDomain", "\0", "\0", "n5", "r0", "T", "F", "1",
        "65536", "-1", "check", "set", "//", ".", "\xff", "memory", "0",
    };
    size_t len = 0;

    for (uint32_t n = random_number(8); n && len < 3000; n--) {
        const char *p = piece[random_number(sizeof(piece) / sizeof(piece[0]))];
        size_t size = *p ? strlen(p) : 1;

        memcpy(payload + len, p, size);
        len += size;
    }
    if (random_number(4))
        payload[len++] = '\0';
    return len;
}

static void test_noise(void **state)
{
    struct client *dom0 = client_new(0), *c[3];
    char payload[4096];

    (void)state;
    c[0] = home_of(dom0, 5);
    c[1] = home_of(dom0, 6);
    c[2] = client_new(0);
    srandom(1);
    for (int i = 0; i < 60000; i++) {
        struct client *who = c[random_number(3)];
        size_t len = random_payload(payload);
        uint32_t type = random_number(26);

        if (type == XS_CONTROL && random_number(20))
            continue;
        struct xsd_sockmsg hdr = { type, 1, random_number(4), len };

        buffer_append(&who->input, &hdr, sizeof(hdr));
        send_raw(who, payload, len);
        buffer_clear(&who->output);
        server.stopping = server.reexec = false;
    }
    expect_sound();
    limits_init(&server.limits);
    assert_int_equal(write_node(dom0, 0, "/alive", "yes"), 0);
}

static void test_garbage_stream(void **state)
{
    (void)state;
    srandom(2);
    for (int i = 0; i < 500; i++) {
        struct client *c = client_new(random_number(2) ? 5 : 0);
        char bytes[256];

        for (size_t k = 0; k < sizeof(bytes); k++)
            bytes[k] = random_number(3) ? 0 : random_number(256);
        send_raw(c, bytes, random_number(sizeof(bytes)));
        client_free(c);
        server.stopping = server.reexec = false;
    }
    expect_sound();
}

/* ---- a model: path to value, no tree ---- */

static void model_remove(struct map *model, const char *path)
{
    size_t len = strlen(path);
    struct map_entry *e = map_next(model, NULL);

    while (e) {
        struct map_entry *next = map_next(model, e);

        if (!strncmp(e->key, path, len) && (!e->key[len] || e->key[len] == '/')) {
            free(e->value);
            map_remove(model, e->key);
        }
        e = next;
    }
}

static void model_write(struct map *model, const char *path, const char *value)
{
    char part[64];

    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)i, path);
        if (!map_get(model, part))
            map_put(model, part, strdup(""));
    }
    free(map_get(model, path));
    map_put(model, path, strdup(value));
}

static void compare(struct client *c, const struct map *model)
{
    unsigned int nodes = 0;

    for (struct map_entry *e = map_next(model, NULL); e; e = map_next(model, e)) {
        assert_int_equal(read_node(c, 0, e->key), 0);
        assert_string_equal(c->reply, e->value);
        nodes++;
    }
    /* Beside the model's, there are /, /tool and /tool/xenstored. */
    assert_int_equal(account_of(&server.accounts, 0)->nodes, nodes + 3);
}

static void random_path(char *path)
{
    *path = '\0';
    for (uint32_t n = 1 + random_number(4); n; n--)
        sprintf(path + strlen(path), "/%u", random_number(6));
}

static void random_change(struct client *c, uint32_t tx, struct map *model)
{
    char path[64], value[16];

    random_path(path);
    if (random_number(4)) {
        sprintf(value, "%u", random_number(1000));
        assert_int_equal(write_node(c, tx, path, value), 0);
        model_write(model, path, value);
    } else {
        int rc = ask_strings(c, XS_RM, tx, path, NULL);

        assert_true(rc == 0 || rc == -ENOENT);
        model_remove(model, path);
    }
}

/* Changes outside and inside of transactions, with old versions held all the time. */
static void test_random_walk(void **state)
{
    struct client *c = client_new(0), *holder = client_new(0);
    struct map model = { 0 };

    (void)state;
    srandom(3);
    for (int i = 0; i < 3000; i++) {
        uint32_t held = i % 50 == 0 ? start(holder) : 0;
        uint32_t tx = random_number(3) ? 0 : start(c);

        (void)held;
        for (uint32_t n = random_number(8); n; n--)
            random_change(c, tx, &model);
        if (tx)
            assert_int_equal(commit(c, tx), 0);
        if (i % 100 == 0) {
            compare(c, &model);
            expect_sound();
        }
        if (i % 400 == 399)
            assert_int_equal(ask_strings(holder, XS_RESET_WATCHES, 0, "", NULL), 0);
    }
    model_remove(&model, "");
    map_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nodes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transaction_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deep_watches, setup, teardown),
        cmocka_unit_test_setup_teardown(test_oversized, setup, teardown),
        cmocka_unit_test_setup_teardown(test_byte_by_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_noise, setup, teardown),
        cmocka_unit_test_setup_teardown(test_garbage_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_walk, setup, teardown),
    };

    return cmocka_run_group_tests_name("xenstored limits and abuse", tests, NULL, NULL);
}
