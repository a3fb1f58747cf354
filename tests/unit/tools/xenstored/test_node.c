/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nodes through the protocol: making, reading, listing, removing, permissions, relative paths.
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

static void test_write_makes_parents(void **state)
{
    struct client *c = client_new(0);

    (void)state;
    assert_int_equal(write_node(c, 0, "/a/b/c", "value"), 0);
    assert_int_equal(read_node(c, 0, "/a/b/c"), 0);
    assert_string_equal(c->reply, "value");
    assert_int_equal(read_node(c, 0, "/a/b"), 0);
    assert_int_equal(c->reply_len, 0);
    assert_int_equal(write_node(c, 0, "/a/b/c", ""), 0);
    assert_int_equal(read_node(c, 0, "/a/b/c"), 0);
    assert_int_equal(c->reply_len, 0);
}

static void test_binary_value(void **state)
{
    struct client *c = client_new(0);

    (void)state;
    assert_int_equal(ask(c, XS_WRITE, 0, "/bin\0\0\1\377", 8), 0);
    assert_int_equal(read_node(c, 0, "/bin"), 0);
    assert_int_equal(c->reply_len, 3);
    assert_memory_equal(c->reply, "\0\1\377", 3);
}

static void test_mkdir(void **state)
{
    struct client *c = client_new(0);

    (void)state;
    assert_int_equal(ask_strings(c, XS_MKDIR, 0, "/d/e", NULL), 0);
    assert_int_equal(write_node(c, 0, "/d/e", "kept"), 0);
    assert_int_equal(ask_strings(c, XS_MKDIR, 0, "/d/e", NULL), 0);
    assert_int_equal(read_node(c, 0, "/d/e"), 0);
    assert_string_equal(c->reply, "kept");
}

static void test_remove(void **state)
{
    struct client *c = client_new(0);

    (void)state;
    write_node(c, 0, "/r/a/b", "1");
    assert_int_equal(ask_strings(c, XS_RM, 0, "/r/a", NULL), 0);
    assert_int_equal(read_node(c, 0, "/r/a/b"), -ENOENT);
    assert_int_equal(read_node(c, 0, "/r"), 0);
    /* Missing itself: fine. Missing parent: not. */
    assert_int_equal(ask_strings(c, XS_RM, 0, "/r/a", NULL), 0);
    assert_int_equal(ask_strings(c, XS_RM, 0, "/r/a/b", NULL), -ENOENT);
    assert_int_equal(ask_strings(c, XS_RM, 0, "/", NULL), -EINVAL);
}

static void test_directory_is_sorted(void **state)
{
    struct client *c = client_new(0);

    (void)state;
    write_node(c, 0, "/s/bb", "");
    write_node(c, 0, "/s/b", "");
    write_node(c, 0, "/s/a", "");
    assert_int_equal(ask_strings(c, XS_DIRECTORY, 0, "/s", NULL), 0);
    assert_int_equal(c->reply_len, 7);
    assert_memory_equal(c->reply, "a\0b\0bb", 7);
    assert_int_equal(ask_strings(c, XS_DIRECTORY, 0, "/s/a", NULL), 0);
    assert_int_equal(c->reply_len, 0);
}

/* A list too long for one reply comes in parts that fit together, and end with an empty name. */
static void test_directory_parts(void **state)
{
    struct client *c = client_new(0);
    struct buffer whole = { 0 };
    char path[64], offset[16], generation[32] = "";

    (void)state;
    for (int i = 0; i < 700; i++) {
        sprintf(path, "/long/name-%04d", i);
        assert_int_equal(write_node(c, 0, path, ""), 0);
    }
    assert_int_equal(ask_strings(c, XS_DIRECTORY, 0, "/long", NULL), -E2BIG);
    do {
        sprintf(offset, "%zu", whole.len);
        assert_int_equal(ask_strings(c, XS_DIRECTORY_PART, 0, "/long", offset, NULL), 0);
        if (!whole.len)
            strcpy(generation, c->reply);
        assert_string_equal(generation, c->reply);
        size_t skip = strlen(c->reply) + 1;

        buffer_append(&whole, c->reply + skip, c->reply_len - skip);
    } while (whole.len < 700 * 10 + 1);
    assert_int_equal(whole.len, 700 * 10 + 1);
    for (int i = 0; i < 700; i++) {
        sprintf(path, "name-%04d", i);
        assert_string_equal(buffer_head(&whole) + i * 10, path);
    }
    assert_int_equal(buffer_head(&whole)[7000], 0);
    buffer_free(&whole);
}

static void test_bad_paths(void **state)
{
    static const char *const bad[] = {
        "", "//", "/a//b", "/a/", "/a b", "/a.b", "/\xff", "@nothing", "/a/../b", "/a\n",
    };
    struct client *c = client_new(0);
    char longer[4000];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(write_node(c, 0, bad[i], "x"), -EINVAL);
    memset(longer, 'a', sizeof(longer));
    longer[0] = '/';
    longer[3073] = '\0';
    assert_int_equal(write_node(c, 0, longer, "x"), -EINVAL);
    longer[3072] = '\0';
    assert_int_equal(write_node(c, 0, longer, "x"), 0);
    /* No NUL behind the path. */
    assert_int_equal(ask(c, XS_READ, 0, "/a", 2), -EINVAL);
    assert_int_equal(ask(c, XS_READ, 0, "", 0), -EINVAL);
}

static void test_relative_paths(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/local/domain/5", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/local/domain/5", "n5", NULL);
    assert_int_equal(write_node(d5, 0, "device/vif", "x"), 0);
    assert_int_equal(read_node(dom0, 0, "/local/domain/5/device/vif"), 0);
    assert_string_equal(dom0->reply, "x");
    write_node(dom0, 0, "/local/domain/0/domid", "0");
    assert_int_equal(read_node(dom0, 0, "domid"), 0);
}

static void test_permissions(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5), *d6 = client_new(6);

    (void)state;
    write_node(dom0, 0, "/secret/x", "1");
    assert_int_equal(read_node(d5, 0, "/secret/x"), -EACCES);
    /* Whether it exists is no business of theirs either. */
    assert_int_equal(read_node(d5, 0, "/secret/y"), -EACCES);
    assert_int_equal(write_node(d5, 0, "/secret/y", "1"), -EACCES);
    assert_int_equal(ask_strings(d5, XS_RM, 0, "/secret/x", NULL), -EACCES);
    assert_int_equal(ask_strings(d5, XS_MKDIR, 0, "/new", NULL), -EACCES);
    assert_int_equal(ask_strings(d5, XS_SET_PERMS, 0, "/secret/x", "n5", NULL), -EACCES);

    ask_strings(dom0, XS_SET_PERMS, 0, "/secret", "r0", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/secret/x", "n0", "r5", "b6", NULL);
    assert_int_equal(read_node(d5, 0, "/secret/x"), 0);
    assert_int_equal(write_node(d5, 0, "/secret/x", "2"), -EACCES);
    assert_int_equal(write_node(d6, 0, "/secret/x", "2"), 0);
    assert_int_equal(read_node(d5, 0, "/secret/z"), -ENOENT);
    assert_int_equal(ask_strings(d6, XS_GET_PERMS, 0, "/secret/x", NULL), 0);
    assert_int_equal(d6->reply_len, 9);
    assert_memory_equal(d6->reply, "n0\0r5\0b6", 9);
}

static void test_owner(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5), *d6 = client_new(6);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/home", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/home", "n5", "r6", NULL);
    /* A child has its parent's list, and belongs to its creator. */
    assert_int_equal(write_node(d5, 0, "/home/a", "1"), 0);
    assert_int_equal(ask_strings(d5, XS_GET_PERMS, 0, "/home/a", NULL), 0);
    assert_memory_equal(d5->reply, "n5\0r6", 6);
    assert_int_equal(ask_strings(d5, XS_SET_PERMS, 0, "/home/a", "n5", "b6", NULL), 0);
    assert_int_equal(ask_strings(d6, XS_SET_PERMS, 0, "/home/a", "n6", NULL), -EACCES);
    assert_int_equal(ask_strings(d5, XS_SET_PERMS, 0, "/home/a", "n6", NULL), -EPERM);
    /* Below what it may write, but does not own, d6 owns what it makes. */
    assert_int_equal(write_node(d6, 0, "/home/a/b", "1"), 0);
    assert_int_equal(ask_strings(dom0, XS_GET_PERMS, 0, "/home/a/b", NULL), 0);
    assert_memory_equal(dom0->reply, "n6\0b6", 6);
    assert_int_equal(ask_strings(dom0, XS_SET_PERMS, 0, "/home/a", "x5", NULL), -EINVAL);
    assert_int_equal(ask_strings(dom0, XS_SET_PERMS, 0, "/home/a", "n5x", NULL), -EINVAL);
    assert_int_equal(ask_strings(dom0, XS_SET_PERMS, 0, "/home/a", "n70000", NULL), -EINVAL);
    assert_int_equal(ask_strings(dom0, XS_SET_PERMS, 0, "/home/a", NULL), -EINVAL);
}

static void test_target(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5), *d7 = client_new(7);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/home", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/home", "n5", NULL);
    assert_int_equal(write_node(d7, 0, "/home/x", "1"), -EACCES);
    assert_int_equal(ask_strings(d5, XS_SET_TARGET, 0, "7", "5", NULL), -EACCES);
    assert_int_equal(ask_strings(dom0, XS_SET_TARGET, 0, "7", "5", NULL), 0);
    assert_int_equal(write_node(d7, 0, "/home/x", "1"), 0);
    assert_int_equal(read_node(d5, 0, "/home/x"), -EACCES);
}

static void test_domain_end(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/local/domain/5", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/local/domain/5", "n5", NULL);
    write_node(d5, 0, "a/b/c", "1");
    write_node(dom0, 0, "/backend/5", "1");
    ask_strings(dom0, XS_SET_PERMS, 0, "/backend/5", "n0", "r5", "r6", NULL);
    store_remove_owned(&server, 5);
    assert_int_equal(read_node(dom0, 0, "/local/domain/5"), -ENOENT);
    assert_int_equal(read_node(dom0, 0, "/local/domain"), 0);
    ask_strings(dom0, XS_GET_PERMS, 0, "/backend/5", NULL);
    assert_int_equal(dom0->reply_len, 6);
    assert_memory_equal(dom0->reply, "n0\0r6", 6);
    assert_int_equal(account_of(&server.accounts, 5)->nodes, 0);
}

static void test_small_requests(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    assert_int_equal(ask_strings(d5, XS_GET_DOMAIN_PATH, 0, "7", NULL), 0);
    assert_string_equal(d5->reply, "/local/domain/7");
    assert_int_equal(ask_strings(dom0, XS_IS_DOMAIN_INTRODUCED, 0, "7", NULL), 0);
    assert_string_equal(dom0->reply, "F");
    assert_int_equal(ask_strings(d5, XS_INTRODUCE, 0, "7", "1", "1", NULL), -EACCES);
    assert_int_equal(ask_strings(dom0, XS_INTRODUCE, 0, "7", "-5", "1", NULL), 0);
    assert_int_equal(ask_strings(dom0, XS_INTRODUCE, 0, "7", "x", "1", NULL), -EINVAL);
    assert_int_equal(ask_strings(dom0, XS_IS_DOMAIN_INTRODUCED, 0, "7", NULL), 0);
    assert_string_equal(dom0->reply, "T");
    assert_int_equal(ask_strings(dom0, XS_RESUME, 0, "7", NULL), 0);
    assert_int_equal(ask_strings(dom0, XS_RELEASE, 0, "7", NULL), 0);
    assert_int_equal(ask_strings(dom0, XS_RELEASE, 0, "7", NULL), -ENOENT);
    assert_int_equal(ask_strings(d5, XS_CONTROL, 0, "check", NULL), -EACCES);
    assert_int_equal(ask_strings(dom0, XS_CONTROL, 0, "check", NULL), 0);
    assert_string_equal(dom0->reply, "OK");
    assert_int_equal(ask_strings(dom0, XS_CONTROL, 0, "what", NULL), -EINVAL);
    assert_int_equal(ask_strings(dom0, 20, 0, "5", NULL), -ENOSYS);
    assert_int_equal(ask_strings(dom0, 4711, 0, "5", NULL), -ENOSYS);
    assert_int_equal(ask_strings(dom0, XS_WATCH_EVENT, 0, "5", NULL), -ENOSYS);
}

static void test_read_only(void **state)
{
    struct client *c = client_new(0);

    (void)state;
    c->conn.is_read_only = true;
    assert_int_equal(write_node(c, 0, "/a", "1"), -EROFS);
    assert_int_equal(ask_strings(c, XS_RM, 0, "/tool", NULL), -EROFS);
    assert_int_equal(read_node(c, 0, "/tool"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_makes_parents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_binary_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mkdir, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_is_sorted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_relative_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_target, setup, teardown),
        cmocka_unit_test_setup_teardown(test_domain_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
    };

    return cmocka_run_group_tests_name("xenstored nodes", tests, NULL, NULL);
}
