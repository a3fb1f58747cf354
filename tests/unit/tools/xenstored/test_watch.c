/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches: who hears what, under which name, and what happens to a slow reader.
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

static void watch(struct client *c, const char *path, const char *token)
{
    char event[4000];

    assert_int_equal(ask_strings(c, XS_WATCH, 0, path, token, NULL), 0);
    snprintf(event, sizeof(event), "%s %s", path, token);
    expect_event(c, event);
}

static void test_fires(void **state)
{
    struct client *a = client_new(0), *w = client_new(0);

    (void)state;
    watch(w, "/a/b", "t1");
    write_node(a, 0, "/a/b", "1");
    expect_event(w, "/a/b t1");
    write_node(a, 0, "/a/b/c/d", "1");
    expect_event(w, "/a/b/c/d t1");
    write_node(a, 0, "/a/bb", "1");
    write_node(a, 0, "/a", "1");
    expect_no_event(w);
    ask_strings(a, XS_SET_PERMS, 0, "/a/b/c", "n0", "r5", NULL);
    expect_event(w, "/a/b/c t1");
    ask_strings(a, XS_MKDIR, 0, "/a/b/m", NULL);
    expect_event(w, "/a/b/m t1");
    ask_strings(a, XS_MKDIR, 0, "/a/b/m", NULL);
    ask_strings(a, XS_RM, 0, "/a/b/nothing", NULL);
    expect_no_event(w);
    ask_strings(a, XS_RM, 0, "/a/b/m", NULL);
    expect_event(w, "/a/b/m t1");
}

static void test_removed_ancestor(void **state)
{
    struct client *a = client_new(0), *w = client_new(0);

    (void)state;
    write_node(a, 0, "/x/y/z", "1");
    watch(w, "/x/y/z", "deep");
    watch(w, "/x/y/none", "none");
    watch(w, "/x", "top");
    ask_strings(a, XS_RM, 0, "/x/y", NULL);
    expect_event(w, "/x/y top");
    expect_event(w, "/x/y/z deep");
    expect_no_event(w);
}

static void test_root_and_missing(void **state)
{
    struct client *a = client_new(0), *w = client_new(0);

    (void)state;
    watch(w, "/", "root");
    watch(w, "/not/yet", "later");
    write_node(a, 0, "/not/yet/there", "1");
    expect_event(w, "/not/yet/there root");
    expect_event(w, "/not/yet/there later");
}

static void test_same_twice(void **state)
{
    struct client *w = client_new(0);

    (void)state;
    watch(w, "/a", "t");
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "/a", "t", NULL), -EEXIST);
    watch(w, "/a", "u");
    assert_int_equal(ask_strings(w, XS_UNWATCH, 0, "/a", "v", NULL), -ENOENT);
    assert_int_equal(ask_strings(w, XS_UNWATCH, 0, "/a", "t", NULL), 0);
    assert_int_equal(ask_strings(w, XS_UNWATCH, 0, "/a", "t", NULL), -ENOENT);
    write_node(w, 0, "/a", "1");
    expect_event(w, "/a u");
    expect_no_event(w);
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "/a", NULL), -EINVAL);
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "//", "t", NULL), -EINVAL);
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "@other", "t", NULL), -EINVAL);
}

static void test_relative(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/local/domain/5", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/local/domain/5", "n5", NULL);
    watch(d5, "device", "rel");
    watch(d5, "/local/domain/5/device", "abs");
    write_node(dom0, 0, "/local/domain/5/device/vbd", "1");
    ask_strings(dom0, XS_SET_PERMS, 0, "/local/domain/5/device/vbd", "n0", "r5", NULL);
    drop_events(d5);
    write_node(dom0, 0, "/local/domain/5/device/vbd", "2");
    expect_event(d5, "device/vbd rel");
    expect_event(d5, "/local/domain/5/device/vbd abs");
    expect_no_event(d5);
}

static void test_permissions(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    watch(d5, "/p", "t");
    write_node(dom0, 0, "/p/secret", "1");
    expect_no_event(d5);
    ask_strings(dom0, XS_SET_PERMS, 0, "/p/secret", "n0", "r5", NULL);
    expect_event(d5, "/p/secret t");
    write_node(dom0, 0, "/p/secret", "2");
    expect_event(d5, "/p/secret t");
    /* Its going is still told, though the parent cannot be read. */
    ask_strings(dom0, XS_RM, 0, "/p/secret", NULL);
    expect_event(d5, "/p/secret t");
}

static void test_depth(void **state)
{
    struct client *a = client_new(0), *w = client_new(0);

    (void)state;
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "/d", "zero", "0", NULL), 0);
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "/d", "one", "1", NULL), 0);
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "/", "root1", "1", NULL), 0);
    assert_int_equal(ask_strings(w, XS_WATCH, 0, "/d", "x", "many", NULL), -EINVAL);
    drop_events(w);
    write_node(a, 0, "/d/e/f", "1");
    expect_no_event(w);
    write_node(a, 0, "/d/e", "1");
    expect_event(w, "/d/e one");
    write_node(a, 0, "/d", "1");
    expect_event(w, "/d root1");
    expect_event(w, "/d zero");
    expect_event(w, "/d one");
    expect_no_event(w);
}

static void test_specials(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    watch(dom0, "@introduceDomain", "in");
    watch(dom0, "@releaseDomain", "out");
    watch(dom0, "@releaseDomain/8", "out8");
    ask_strings(dom0, XS_WATCH, 0, "@releaseDomain", "out1", "1", NULL);
    ask_strings(d5, XS_WATCH, 0, "@releaseDomain", "d5", NULL);
    drop_events(dom0);
    drop_events(d5);
    ask_strings(dom0, XS_INTRODUCE, 0, "8", "1", "1", NULL);
    expect_event(dom0, "@introduceDomain in");
    ask_strings(dom0, XS_INTRODUCE, 0, "9", "1", "1", NULL);
    drop_events(dom0);
    ask_strings(dom0, XS_RELEASE, 0, "8", NULL);
    expect_event(dom0, "@releaseDomain out");
    expect_event(dom0, "@releaseDomain/8 out1");
    expect_event(dom0, "@releaseDomain/8 out8");
    expect_no_event(dom0);
    expect_no_event(d5);
    assert_int_equal(ask_strings(d5, XS_SET_PERMS, 0, "@releaseDomain", "n0", "r5", NULL), -EACCES);
    assert_int_equal(ask_strings(dom0, XS_SET_PERMS, 0, "@releaseDomain", "n0", "r5", NULL), 0);
    assert_int_equal(ask_strings(d5, XS_GET_PERMS, 0, "@releaseDomain", NULL), 0);
    ask_strings(dom0, XS_RELEASE, 0, "9", NULL);
    expect_event(d5, "@releaseDomain d5");
}

static void test_quota(void **state)
{
    struct client *d5 = client_new(5), *dom0 = client_new(0);
    char token[16];

    (void)state;
    for (int i = 0; i < 128; i++) {
        sprintf(token, "%d", i);
        assert_int_equal(ask_strings(d5, XS_WATCH, 0, "/q", token, NULL), 0);
        assert_int_equal(ask_strings(dom0, XS_WATCH, 0, "/q", token, NULL), 0);
    }
    assert_int_equal(ask_strings(d5, XS_WATCH, 0, "/q", "more", NULL), -E2BIG);
    assert_int_equal(ask_strings(dom0, XS_WATCH, 0, "/q", "more", NULL), 0);
    assert_int_equal(ask_strings(d5, XS_RESET_WATCHES, 0, "", NULL), 0);
    assert_int_equal(ask_strings(d5, XS_WATCH, 0, "/q", "more", NULL), 0);
    assert_int_equal(account_of(&server.accounts, 5)->watches, 1);
}

/* A domain that reads nothing costs a bounded queue, and hears of everything afterwards. */
static void test_slow_reader(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);
    bool heard[2] = { false, false };
    const char *event;

    (void)state;
    write_node(dom0, 0, "/slow/a", "");
    ask_strings(dom0, XS_SET_PERMS, 0, "/slow/a", "r5", NULL);
    write_node(dom0, 0, "/slow/b", "");
    ask_strings(dom0, XS_SET_PERMS, 0, "/slow/b", "r5", NULL);
    watch(d5, "/slow/a", "a");
    watch(d5, "/slow/b", "b");
    d5->room = 0;
    for (int i = 0; i < 50000; i++)
        write_node(dom0, 0, "/slow/a", "1");
    write_node(dom0, 0, "/slow/b", "1");
    assert_in_range(d5->conn.out.len, 100000, 400000);
    assert_int_equal(d5->conn.watch_lost, 2);
    d5->room = SIZE_MAX;
    conn_flush(&d5->conn);
    run_loop();
    while ((event = next_event(d5)))
        heard[!strcmp(event, "/slow/b b")] = true;
    assert_true(heard[0] && heard[1]);
    assert_int_equal(d5->conn.watch_lost, 0);
}

/* Replies that nobody reads stop the service, until they are read. */
static void test_unread_replies(void **state)
{
    struct client *d5 = client_new(5);
    struct xsd_sockmsg hdr = { XS_GET_DOMAIN_PATH, 1, 0, 2 };

    (void)state;
    d5->room = 0;
    for (int i = 0; i < 10000; i++) {
        buffer_append(&d5->input, &hdr, sizeof(hdr));
        buffer_append(&d5->input, "7", 2);
    }
    conn_wake(&d5->conn);
    run_loop();
    assert_true(d5->conn.is_stalled);
    assert_in_range(d5->conn.out.len, 82000, 83000);
    d5->room = SIZE_MAX;
    conn_flush(&d5->conn);
    run_loop();
    assert_int_equal(d5->output.len, 10000 * (16 + 16));
}

static void test_many(void **state)
{
    struct client *w = client_new(0), *a = client_new(0);
    char path[64];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        sprintf(path, "/local/domain/%d/device", i);
        ask_strings(w, XS_WATCH, 0, path, "t", NULL);
    }
    drop_events(w);
    write_node(a, 0, "/local/domain/777/device/x", "1");
    expect_event(w, "/local/domain/777/device/x t");
    expect_no_event(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fires, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_ancestor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_root_and_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_relative, setup, teardown),
        cmocka_unit_test_setup_teardown(test_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_specials, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unread_replies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
    };

    return cmocka_run_group_tests_name("xenstored watches", tests, NULL, NULL);
}
