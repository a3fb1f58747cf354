/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions: isolation, conflicts and what is none, limits, priority for who starves.
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

static void test_isolation(void **state)
{
    struct client *a = client_new(0), *b = client_new(0);

    (void)state;
    write_node(a, 0, "/x", "old");
    uint32_t tx = start(a);

    assert_int_equal(write_node(a, tx, "/x", "new"), 0);
    assert_int_equal(write_node(a, tx, "/y/z", "1"), 0);
    assert_int_equal(read_node(a, tx, "/x"), 0);
    assert_string_equal(a->reply, "new");
    assert_int_equal(read_node(b, 0, "/x"), 0);
    assert_string_equal(b->reply, "old");
    assert_int_equal(read_node(b, 0, "/y"), -ENOENT);
    assert_int_equal(commit(a, tx), 0);
    assert_int_equal(read_node(b, 0, "/x"), 0);
    assert_string_equal(b->reply, "new");
    assert_int_equal(read_node(b, 0, "/y/z"), 0);
    assert_int_equal(commit(a, tx), -ENOENT);
}

static void test_snapshot(void **state)
{
    struct client *a = client_new(0), *b = client_new(0);

    (void)state;
    write_node(a, 0, "/x", "1");
    uint32_t tx = start(a);

    write_node(b, 0, "/x", "2");
    assert_int_equal(read_node(a, tx, "/x"), 0);
    assert_string_equal(a->reply, "1");
    assert_int_equal(commit(a, tx), -EAGAIN);
}

static void test_abort(void **state)
{
    struct client *a = client_new(0);

    (void)state;
    uint32_t tx = start(a);

    write_node(a, tx, "/gone", "1");
    assert_int_equal(ask_strings(a, XS_TRANSACTION_END, tx, "F", NULL), 0);
    assert_int_equal(read_node(a, 0, "/gone"), -ENOENT);
    assert_int_equal(ask_strings(a, XS_TRANSACTION_END, tx, "T", NULL), -ENOENT);
    assert_int_equal(ask_strings(a, XS_TRANSACTION_END, 0, "T", NULL), -ENOENT);
    tx = start(a);
    assert_int_equal(ask_strings(a, XS_TRANSACTION_END, tx, "X", NULL), -EINVAL);
    assert_int_equal(ask_strings(a, XS_TRANSACTION_START, tx, "", NULL), -EBUSY);
    assert_int_equal(read_node(a, 4711, "/"), -ENOENT);
}

/* What a does in its transaction, what b does meanwhile, and whether they collide. */
static void test_conflicts(void **state)
{
    enum { READ, WRITE, LIST, PERMS, REMOVE, MKDIR, SETPERMS };
    static const struct {
        int mine, theirs;
        const char *my_path, *their_path;
        int rc;
    } rows[] = {
        { READ, WRITE, "/n/a", "/n/a", -EAGAIN },
        { READ, WRITE, "/n/a", "/n/b", 0 },
        { READ, WRITE, "/n", "/n/a", 0 },
        { READ, WRITE, "/n", "/n/new", 0 },         /* a new child is no change of the value */
        { READ, WRITE, "/n/new", "/n/new", -EAGAIN },
        { READ, REMOVE, "/n/a", "/n/a", -EAGAIN },
        { READ, REMOVE, "/n/a", "/n", -EAGAIN },
        { READ, SETPERMS, "/n/a", "/n/a", -EAGAIN },
        { LIST, WRITE, "/n", "/n/new", -EAGAIN },
        { LIST, WRITE, "/n", "/n/a", 0 },
        { LIST, REMOVE, "/n", "/n/a", -EAGAIN },
        { WRITE, WRITE, "/n/a", "/n/a", -EAGAIN },
        { WRITE, WRITE, "/n/new", "/n/other", 0 },  /* both make a child of the same node */
        { WRITE, REMOVE, "/n/new", "/n", -EAGAIN },
        { WRITE, SETPERMS, "/n/new", "/n", -EAGAIN },
        { WRITE, WRITE, "/n/new", "/n/new", -EAGAIN },
        { MKDIR, MKDIR, "/n/new", "/n/new", -EAGAIN },
        { MKDIR, WRITE, "/n/a", "/n/b", 0 },
        { REMOVE, WRITE, "/n/a", "/n/a", -EAGAIN },
        { REMOVE, WRITE, "/n/a", "/n/a/child", -EAGAIN },
        { REMOVE, WRITE, "/n/a", "/n/b", 0 },
        { PERMS, WRITE, "/n/a", "/n/a", 0 },
        { PERMS, SETPERMS, "/n/a", "/n/a", -EAGAIN },
        { SETPERMS, WRITE, "/n/a", "/n/a", 0 },
    };
    struct client *c[2] = { client_new(0), client_new(0) };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask_strings(c[0], XS_RM, 0, "/n", NULL);
        write_node(c[0], 0, "/n/a", "1");
        write_node(c[0], 0, "/n/b", "1");
        /* Nor has it waited its turn so often that others must wait for it. */
        c[0]->conn.conflicts = 0;
        uint32_t tx = start(c[0]);

        for (int who = 0; who < 2; who++) {
            const char *path = who ? rows[i].their_path : rows[i].my_path;
            uint32_t in = who ? 0 : tx;

            switch (who ? rows[i].theirs : rows[i].mine) {
            case READ: read_node(c[who], in, path); break;
            case WRITE: assert_int_equal(write_node(c[who], in, path, "2"), 0); break;
            case LIST: ask_strings(c[who], XS_DIRECTORY, in, path, NULL); break;
            case PERMS: ask_strings(c[who], XS_GET_PERMS, in, path, NULL); break;
            case REMOVE: ask_strings(c[who], XS_RM, in, path, NULL); break;
            case MKDIR: ask_strings(c[who], XS_MKDIR, in, path, NULL); break;
            case SETPERMS: ask_strings(c[who], XS_SET_PERMS, in, path, "n0", "r9", NULL); break;
            }
        }
        int rc = commit(c[0], tx);

        if (rc != rows[i].rc)
            fail_msg("row %zu: %d", i, rc);
        expect_sound();
    }
}

/* Two that do not touch each other both take effect, whatever the order. */
static void test_merge(void **state)
{
    struct client *a = client_new(0), *b = client_new(0);

    (void)state;
    write_node(a, 0, "/m/shared", "0");
    uint32_t one = start(a), two = start(b);

    write_node(a, one, "/m/a/deep", "1");
    write_node(b, two, "/m/b/deep", "2");
    ask_strings(b, XS_RM, two, "/m/shared", NULL);
    assert_int_equal(commit(b, two), 0);
    assert_int_equal(commit(a, one), 0);
    assert_int_equal(ask_strings(a, XS_DIRECTORY, 0, "/m", NULL), 0);
    assert_int_equal(a->reply_len, 4);
    assert_memory_equal(a->reply, "a\0b", 4);
}

static void test_remove_and_make_again(void **state)
{
    struct client *a = client_new(0);

    (void)state;
    write_node(a, 0, "/o/x", "1");
    uint32_t tx = start(a);

    write_node(a, tx, "/o/x", "2");
    ask_strings(a, XS_RM, tx, "/o", NULL);
    write_node(a, tx, "/o/y", "3");
    write_node(a, tx, "/o/y", "4");
    assert_int_equal(commit(a, tx), 0);
    assert_int_equal(read_node(a, 0, "/o/x"), -ENOENT);
    assert_int_equal(read_node(a, 0, "/o/y"), 0);
    assert_string_equal(a->reply, "4");
}

static void test_limits(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);
    uint32_t tx = 0;
    char path[64];

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/h", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/h", "n5", NULL);
    for (int i = 0; i < 10; i++)
        tx = start(d5);
    assert_int_equal(ask_strings(d5, XS_TRANSACTION_START, 0, "", NULL), -ENOSPC);
    assert_int_equal(ask_strings(d5, XS_TRANSACTION_END, tx, "F", NULL), 0);
    tx = start(d5);
    int rc = 0;

    for (int i = 0; i < 2000 && !rc; i++) {
        sprintf(path, "/h/%d", i);
        rc = read_node(d5, tx, path);
        if (rc == -ENOENT)
            rc = 0;
    }
    assert_int_equal(rc, -ENOSPC);
    for (int i = 0; i < 2000; i++)
        start(dom0);
}

/* The domain's nodes are counted when the transaction ends, not only when it asks. */
static void test_quota_at_commit(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);
    uint32_t tx[2];
    char path[64];

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/h", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/h", "n5", NULL);
    for (int t = 0; t < 2; t++) {
        tx[t] = start(d5);
        for (int i = 0; i < 600; i++) {
            sprintf(path, "/h/%d-%d", t, i);
            assert_int_equal(write_node(d5, tx[t], path, "1"), 0);
        }
    }
    assert_int_equal(commit(d5, tx[0]), 0);
    assert_int_equal(commit(d5, tx[1]), -ENOSPC);
    assert_int_equal(account_of(&server.accounts, 5)->nodes, 601);
    assert_int_equal(account_of(&server.accounts, 5)->transactions, 0);
}

static void test_events_at_commit(void **state)
{
    struct client *a = client_new(0), *w = client_new(0);

    (void)state;
    ask_strings(w, XS_WATCH, 0, "/e", "tok", NULL);
    expect_event(w, "/e tok");
    uint32_t tx = start(a);

    write_node(a, tx, "/e/1", "a");
    write_node(a, tx, "/e/1", "b");
    write_node(a, tx, "/e/2", "a");
    expect_no_event(w);
    assert_int_equal(commit(a, tx), 0);
    expect_event(w, "/e/1 tok");
    expect_event(w, "/e/2 tok");
    expect_no_event(w);
    tx = start(a);
    write_node(a, tx, "/e/3", "a");
    ask_strings(a, XS_TRANSACTION_END, tx, "F", NULL);
    expect_no_event(w);
}

/* A domain that writes all the time cannot keep dom0 from ever finishing. */
static void test_starving(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);
    struct xsd_sockmsg hdr = { XS_WRITE, 77, 0, 5 };

    (void)state;
    write_node(dom0, 0, "/n", "0");
    ask_strings(dom0, XS_SET_PERMS, 0, "/n", "b5", NULL);
    for (int i = 0; i < 3; i++) {
        uint32_t tx = start(dom0);

        read_node(dom0, tx, "/n");
        write_node(d5, 0, "/n", "1");
        assert_int_equal(commit(dom0, tx), -EAGAIN);
    }
    uint32_t tx = start(dom0);

    read_node(dom0, tx, "/n");
    buffer_append(&d5->input, &hdr, sizeof(hdr));
    send_raw(d5, "/n\0xy", 5);
    assert_int_equal(d5->output.len, 0);
    /* Reading goes on. */
    assert_int_equal(list_empty(&server.waiting), 0);
    assert_int_equal(write_node(dom0, tx, "/n", "mine"), 0);
    assert_int_equal(commit(dom0, tx), 0);
    run_loop();
    run_loop();
    assert_int_equal(d5->output.len, sizeof(hdr) + 3);
    assert_int_equal(read_node(dom0, 0, "/n"), 0);
    assert_string_equal(dom0->reply, "xy");
}

static void test_disconnect(void **state)
{
    struct client *a = client_new(0);

    (void)state;
    uint32_t tx = start(a);

    write_node(a, tx, "/gone", "1");
    client_free(a);
    a = client_new(0);
    assert_int_equal(read_node(a, 0, "/gone"), -ENOENT);
    assert_int_equal(account_of(&server.accounts, 0)->transactions, 0);
    tx = start(a);
    assert_int_equal(ask_strings(a, XS_RESET_WATCHES, 0, "", NULL), 0);
    assert_int_equal(commit(a, tx), -ENOENT);
}

static void test_stale(void **state)
{
    struct client *a = client_new(0);

    (void)state;
    transaction_restore(&a->conn, 9);
    assert_int_equal(write_node(a, 9, "/x", "1"), 0);
    assert_int_equal(commit(a, 9), -EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_isolation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_snapshot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_abort, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflicts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_and_make_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quota_at_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events_at_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_starving, setup, teardown),
        cmocka_unit_test_setup_teardown(test_disconnect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
    };

    return cmocka_run_group_tests_name("xenstored transactions", tests, NULL, NULL);
}
