/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxs against the real daemon in a child process, and against one that talks nonsense.
 *
 * sources: tests/unit/tools/xenstored/harness.c tools/xenstored/server.c tools/xenstored/store.c
 * sources: tools/xenstored/tree.c tools/xenstored/transaction.c tools/xenstored/watch.c
 * sources: tools/xenstored/permission.c tools/xenstored/quota.c tools/xenstored/path.c
 * sources: tools/xenstored/conn.c tools/xenstored/protocol.c tools/xenstored/control.c
 * sources: tools/xenstored/loop.c tools/xenstored/socket.c tools/libs/base/[a-z]*.c
 * sources: tools/libs/xs/connection.c tools/libs/xs/request.c tools/libs/xs/watch.c
 * flags: -Itests/unit/tools/xenstored
 */
#include <errno.h>

#include "harness.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstored/socket.h>
#include <xs/xs.h>

struct pair {
    struct xs *one, *two;
    pid_t child;
};

/* The daemon ends when both clients have closed. */
static void serve(int a, int b)
{
    setup(NULL);
    socket_accept(&server, a, false);
    socket_accept(&server, b, false);
    while (!list_empty(&server.conns))
        loop_step(&server, -1);
    teardown(NULL);
    _exit(0);
}

static int begin(void **state)
{
    static struct pair p;
    int a[2], b[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, a) || socketpair(AF_UNIX, SOCK_STREAM, 0, b))
        return -1;
    p.child = fork();
    if (!p.child) {
        close(a[0]);
        close(b[0]);
        serve(a[1], b[1]);
    }
    close(a[1]);
    close(b[1]);
    *state = &p;
    return xs_open_fd(a[0], &p.one) || xs_open_fd(b[0], &p.two);
}

static int end(void **state)
{
    struct pair *p = *state;
    int status;

    xs_close(p->one);
    xs_close(p->two);
    waitpid(p->child, &status, 0);
    return status;
}

static void test_nodes(void **state)
{
    struct pair *p = *state;
    char *value, **names;
    size_t len;
    unsigned long long n;

    assert_int_equal(xs_write(p->one, XS_NO_TX, "/a/b", "x\0y", 3), 0);
    assert_int_equal(xs_read(p->two, XS_NO_TX, "/a/b", &value, &len), 0);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "x\0y", 4);
    free(value);
    assert_int_equal(xs_read(p->two, XS_NO_TX, "/a/c", &value, &len), -ENOENT);
    assert_int_equal(xs_printf(p->one, XS_NO_TX, "/a/n", "%d", 42), 0);
    assert_int_equal(xs_read_uint(p->one, XS_NO_TX, "/a/n", &n), 0);
    assert_int_equal(n, 42);
    assert_int_equal(xs_read_uint(p->one, XS_NO_TX, "/a/b", &n), -EINVAL);
    assert_true(xs_exists(p->one, XS_NO_TX, "/a"));
    assert_int_equal(xs_list(p->one, XS_NO_TX, "/a", &names, &len), 0);
    assert_int_equal(len, 2);
    assert_string_equal(names[0], "b");
    assert_string_equal(names[1], "n");
    assert_null(names[2]);
    free(names);
    assert_int_equal(xs_mkdir(p->one, XS_NO_TX, "/empty"), 0);
    assert_int_equal(xs_list(p->one, XS_NO_TX, "/empty", &names, &len), 0);
    assert_int_equal(len, 0);
    free(names);
    assert_int_equal(xs_remove(p->one, XS_NO_TX, "/a"), 0);
    assert_false(xs_exists(p->one, XS_NO_TX, "/a"));
    char big[5000] = "";

    assert_int_equal(xs_write(p->one, XS_NO_TX, "/big", big, sizeof(big)), -E2BIG);
    assert_int_equal(xs_write_string(p->one, XS_NO_TX, "bad path", "x"), -EINVAL);
}

static void test_long_list(void **state)
{
    struct pair *p = *state;
    char **names, path[64];
    size_t count;

    for (int i = 0; i < 1500; i++) {
        sprintf(path, "/many/child-number-%04d", i);
        assert_int_equal(xs_write_string(p->one, XS_NO_TX, path, ""), 0);
    }
    assert_int_equal(xs_list(p->one, XS_NO_TX, "/many", &names, &count), 0);
    assert_int_equal(count, 1500);
    for (int i = 0; i < 1500; i++) {
        sprintf(path, "child-number-%04d", i);
        assert_string_equal(names[i], path);
    }
    free(names);
}

static void test_perms(void **state)
{
    struct pair *p = *state;
    struct xs_perm set[] = { { 0, XS_PERM_NONE }, { 5, XS_PERM_READ | XS_PERM_WRITE } }, *got;
    size_t count;

    xs_mkdir(p->one, XS_NO_TX, "/p");
    assert_int_equal(xs_set_perms(p->one, XS_NO_TX, "/p", set, 2), 0);
    assert_int_equal(xs_get_perms(p->one, XS_NO_TX, "/p", &got, &count), 0);
    assert_int_equal(count, 2);
    assert_memory_equal(got, set, sizeof(set));
    free(got);
    assert_int_equal(xs_parse_perm("w7", set), 0);
    assert_int_equal(set[0].rights, XS_PERM_WRITE);
    assert_int_equal(xs_parse_perm("q7", set), -EINVAL);
    assert_int_equal(xs_parse_perm("r", set), -EINVAL);
    assert_int_equal(xs_parse_perm("", set), -EINVAL);
}

static void test_transaction(void **state)
{
    struct pair *p = *state;
    uint32_t tx;

    assert_int_equal(xs_transaction_start(p->one, &tx), 0);
    assert_int_equal(xs_write_string(p->one, tx, "/t", "1"), 0);
    assert_false(xs_exists(p->two, XS_NO_TX, "/t"));
    assert_int_equal(xs_transaction_commit(p->one, tx), 0);
    assert_true(xs_exists(p->two, XS_NO_TX, "/t"));
    assert_int_equal(xs_transaction_start(p->one, &tx), 0);
    assert_int_equal(xs_write_string(p->one, tx, "/t", "2"), 0);
    assert_int_equal(xs_write_string(p->two, XS_NO_TX, "/t", "3"), 0);
    assert_int_equal(xs_transaction_commit(p->one, tx), -EAGAIN);
    assert_int_equal(xs_transaction_abort(p->one, tx), -ENOENT);
}

static bool is_readable(struct xs *xs)
{
    struct pollfd fd = { .fd = xs_fd(xs), .events = POLLIN };

    return poll(&fd, 1, 0) == 1;
}

/* An event that came along with a reply still wakes who polls. */
static void test_events(void **state)
{
    struct pair *p = *state;
    struct xs_event *event;
    char *value;

    assert_int_equal(xs_next_event(p->one, &event), -EAGAIN);
    assert_int_equal(xs_wait_event(p->one, 20, &event), -ETIMEDOUT);
    assert_false(is_readable(p->one));
    assert_int_equal(xs_watch(p->one, "/w", "tok"), 0);
    assert_int_equal(xs_wait_event(p->one, 1000, &event), 0);
    assert_string_equal(event->path, "/w");
    assert_string_equal(event->token, "tok");
    free(event);
    for (int i = 0; i < 10; i++)
        assert_int_equal(xs_printf(p->two, XS_NO_TX, "/w/x", "%d", i), 0);
    assert_int_equal(xs_read(p->one, XS_NO_TX, "/w/x", &value, NULL), 0);
    assert_string_equal(value, "9");
    free(value);
    for (int i = 0; i < 10; i++) {
        assert_true(is_readable(p->one));
        assert_int_equal(xs_next_event(p->one, &event), 0);
        assert_string_equal(event->path, "/w/x");
        free(event);
    }
    assert_false(is_readable(p->one));
    assert_int_equal(xs_next_event(p->one, &event), -EAGAIN);
    assert_int_equal(xs_watch(p->one, "/w", "tok"), -EEXIST);
    assert_int_equal(xs_unwatch(p->one, "/w", "tok"), 0);
    assert_int_equal(xs_reset_watches(p->one), 0);
}

static void test_domains(void **state)
{
    struct pair *p = *state;
    const char *const words[] = { "check" };
    char *text;

    assert_int_equal(xs_get_domain_path(p->one, 7, &text), 0);
    assert_string_equal(text, "/local/domain/7");
    free(text);
    assert_int_equal(xs_is_introduced(p->one, 7), 0);
    assert_int_equal(xs_introduce(p->one, 7, 1234, 5), 0);
    assert_int_equal(xs_is_introduced(p->one, 7), 1);
    assert_int_equal(xs_resume(p->one, 7), 0);
    assert_int_equal(xs_set_target(p->one, 7, 8), 0);
    assert_int_equal(xs_release(p->one, 7), 0);
    assert_int_equal(xs_control(p->one, words, 1, &text), 0);
    assert_string_equal(text, "OK");
    free(text);
}

/* A daemon that sends noise: every call ends, with an error or not. */
static void test_nonsense(void **state)
{
    (void)state;
    srandom(6);
    for (int i = 0; i < 3000; i++) {
        struct xsd_sockmsg hdr = {
            random() % 24, random() % 3, 0, random() % 40 + (random() % 50 ? 0 : 5000),
        };
        char noise[64], **names, *value;
        int fd[2];
        struct xs *xs;
        struct xs_event *event;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
        for (size_t k = 0; k < sizeof(noise); k++)
            noise[k] = random() % 3 ? 0 : random();
        assert_int_equal(write(fd[1], &hdr, sizeof(hdr)), sizeof(hdr));
        assert_true(write(fd[1], noise, random() % 64) >= 0);
        shutdown(fd[1], SHUT_WR);
        assert_int_equal(xs_open_fd(fd[0], &xs), 0);
        if (!xs_read(xs, XS_NO_TX, "/x", &value, NULL))
            free(value);
        if (!xs_list(xs, XS_NO_TX, "/x", &names, NULL))
            free(names);
        if (!xs_wait_event(xs, 10, &event))
            free(event);
        xs_close(xs);
        close(fd[1]);
    }
}

static void test_gone(void **state)
{
    int fd[2];
    struct xs *xs;
    char *value;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(xs_open_fd(fd[0], &xs), 0);
    close(fd[1]);
    assert_true(xs_read(xs, XS_NO_TX, "/x", &value, NULL) < 0);
    assert_true(xs_write_string(xs, XS_NO_TX, "/x", "") < 0);
    xs_close(xs);
    setenv("XENSTORED_PATH", "/nonexistent/socket", 1);
    assert_int_equal(xs_open(XS_OPEN_SOCKET, &xs), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nodes, begin, end),
        cmocka_unit_test_setup_teardown(test_long_list, begin, end),
        cmocka_unit_test_setup_teardown(test_perms, begin, end),
        cmocka_unit_test_setup_teardown(test_transaction, begin, end),
        cmocka_unit_test_setup_teardown(test_events, begin, end),
        cmocka_unit_test_setup_teardown(test_domains, begin, end),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_gone),
    };

    return cmocka_run_group_tests_name("libxs", tests, NULL, NULL);
}
