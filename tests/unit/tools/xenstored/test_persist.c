/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and restoring, the whole and the damaged; and the ring page with a hostile other side.
 *
 * sources: tests/unit/tools/xenstored/harness.c tools/xenstored/server.c tools/xenstored/store.c
 * sources: tools/xenstored/tree.c tools/xenstored/transaction.c tools/xenstored/watch.c
 * sources: tools/xenstored/permission.c tools/xenstored/quota.c tools/xenstored/path.c
 * sources: tools/xenstored/conn.c tools/xenstored/protocol.c tools/xenstored/control.c
 * sources: tools/xenstored/loop.c tools/libs/base/[a-z]*.c tools/xenstored/persist.c
 * sources: tools/xenstored/restore.c tools/xenstored/socket.c tools/xenstored/ring.c
 * flags: -Itests/unit/tools/xenstored
 */
#include <errno.h>

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenstored/persist.h>
#include <xenstored/ring.h>

static char file[48];        /* of this process: several may run at once */

static void restart(void)
{
    int fd;

    assert_int_equal(persist_save(&server, file, false), 0);
    teardown(NULL);
    setup(NULL);
    assert_int_equal(persist_restore(&server, file, &fd), 0);
    assert_int_equal(fd, -1);
}

static struct client *restored(uint16_t domid)
{
    for_each_list(l, &server.conns) {
        struct conn *c = list_entry(l, struct conn, link);

        if (c->who.domid == domid)
            return (struct client *)((char *)c - offsetof(struct client, conn));
    }
    return NULL;
}

static void test_round_trip(void **state)
{
    struct client *dom0 = client_new(0), *d5 = client_new(5);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/local/domain/5", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/local/domain/5", "n5", "b7", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "@releaseDomain", "n0", "r5", NULL);
    write_node(d5, 0, "data/x", "value");
    ask_strings(d5, XS_WATCH, 0, "data", "token", NULL);
    ask_strings(d5, XS_WATCH, 0, "/local/domain/5/data", "deep", "1", NULL);
    uint32_t tx = start(d5);

    d5->conn.who.target = 9;
    restart();
    d5 = restored(5);
    assert_non_null(d5);
    assert_int_equal(d5->conn.who.target, 9);
    run_loop();
    expect_no_event(d5);
    assert_int_equal(read_node(d5, 0, "data/x"), 0);
    assert_string_equal(d5->reply, "value");
    assert_int_equal(ask_strings(d5, XS_GET_PERMS, 0, "data/x", NULL), 0);
    assert_memory_equal(d5->reply, "n5\0b7", 6);
    assert_int_equal(write_node(d5, 0, "data/x/y", "1"), 0);
    expect_event(d5, "data/x/y token");
    expect_no_event(d5);
    assert_int_equal(write_node(d5, tx, "data/x", "2"), 0);
    assert_int_equal(commit(d5, tx), -EAGAIN);
    assert_int_equal(ask_strings(d5, XS_GET_PERMS, 0, "@releaseDomain", NULL), 0);
    assert_int_equal(account_of(&server.accounts, 5)->nodes, 4);
}

/* Half a request taken in, half a reply sent: both go on where they were. */
static void test_pending_bytes(void **state)
{
    struct client *d5 = client_new(5);
    struct xsd_sockmsg hdr = { XS_GET_DOMAIN_PATH, 33, 0, 2 };

    (void)state;
    d5->room = 5;
    buffer_append(&d5->input, &hdr, sizeof(hdr));
    send_raw(d5, "7", 2);
    send_raw(d5, &hdr, 9);
    assert_int_equal(d5->output.len, 5);
    restart();
    d5 = restored(5);
    run_loop();
    assert_int_equal(d5->output.len, 16 + 16 - 5);
    buffer_clear(&d5->output);
    buffer_append(&d5->input, (char *)&hdr + 9, sizeof(hdr) - 9);
    send_raw(d5, "8", 2);
    assert_int_equal(d5->output.len, 32);
    assert_string_equal(buffer_head(&d5->output) + 16, "/local/domain/8");
}

/* A domain that died meanwhile takes its nodes along. */
static void test_lost_domain(void **state)
{
    struct client *dom0 = client_new(0), *d13 = client_new(13);

    (void)state;
    ask_strings(dom0, XS_MKDIR, 0, "/local/domain/13", NULL);
    ask_strings(dom0, XS_SET_PERMS, 0, "/local/domain/13", "n13", NULL);
    write_node(d13, 0, "x", "1");
    restart();
    dom0 = client_new(0);
    assert_int_equal(read_node(dom0, 0, "/local/domain/13"), -ENOENT);
    assert_int_equal(read_node(dom0, 0, "/local/domain"), 0);
}

static size_t read_state(char *bytes, size_t size)
{
    FILE *f = fopen(file, "r");
    size_t len = fread(bytes, 1, size, f);

    fclose(f);
    return len;
}

static void write_state(const char *bytes, size_t len)
{
    FILE *f = fopen(file, "w");

    fwrite(bytes, 1, len, f);
    fclose(f);
}

static void test_damaged(void **state)
{
    static char good[1 << 16], bad[1 << 16];
    struct client *d5 = client_new(5);
    int fd;

    (void)state;
    ask_strings(d5, XS_WATCH, 0, "data", "token", NULL);
    persist_save(&server, file, false);
    size_t len = read_state(good, sizeof(good));

    for (size_t cut = 0; cut < len; cut++) {
        write_state(good, cut);
        assert_true(persist_restore(&server, file, &fd) < 0);
    }
    srandom(4);
    for (int i = 0; i < 3000; i++) {
        memcpy(bad, good, len);
        for (int k = 0; k < 3; k++)
            bad[60 + random() % (len - 60)] = random();
        write_state(bad, len);
        persist_restore(&server, file, &fd);
        expect_sound();
    }
    /* Another boot's. */
    memcpy(bad, good, len);
    bad[16 + 8 + 4] ^= 1;
    write_state(bad, len);
    assert_int_equal(persist_restore(&server, file, &fd), -ESTALE);
    unlink(file);
    assert_int_equal(persist_restore(&server, file, &fd), -ENOENT);
}

static void test_ring(void **state)
{
    static struct xenstore_domain_interface page;
    char in[3000], out[3000];
    size_t sent = 0, got = 0;

    (void)state;
    /* Indices start anywhere, and wrap. */
    page.rsp_prod = page.rsp_cons = page.req_prod = page.req_cons = 0xfffffe00u;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = i * 7;
    while (got < sizeof(in)) {
        ssize_t n = ring_write(&page, in + sent, sizeof(in) - sent);

        assert_true(n > 0 || n == -EAGAIN || sent == sizeof(in));
        sent += n > 0 ? n : 0;
        /* The guest's side, a few bytes at a time. */
        for (int k = 0; k < 300 && page.rsp_cons != page.rsp_prod; k++)
            out[got++] = page.rsp[MASK_XENSTORE_IDX(page.rsp_cons++)];
    }
    assert_memory_equal(in, out, sizeof(in));
    assert_int_equal(ring_read(&page, out, 10), -EAGAIN);
    for (int i = 0; i < 700; i++)
        page.req[MASK_XENSTORE_IDX(page.req_prod++)] = i;
    assert_int_equal(ring_read(&page, out, 600), 600);
    assert_int_equal(ring_read(&page, out + 600, 600), 100);
    for (int i = 0; i < 700; i++)
        assert_int_equal(out[i], (char)i);
    page.req_prod = page.req_cons + XENSTORE_RING_SIZE + 1;
    assert_int_equal(ring_read(&page, out, 10), -EPROTO);
    page.rsp_cons = page.rsp_prod + 1;
    assert_int_equal(ring_write(&page, in, 10), -EPROTO);
    page.connection = XENSTORE_RECONNECT;
    assert_true(ring_wants_reset(&page));
    ring_reset(&page);
    assert_false(ring_wants_reset(&page));
    assert_int_equal(ring_read(&page, out, 10), -EAGAIN);
    assert_int_equal(ring_write(&page, in, 2000), XENSTORE_RING_SIZE);
    assert_int_equal(ring_write(&page, in, 1), -EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pending_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_domain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test(test_ring),
    };

    snprintf(file, sizeof(file), "/tmp/xenstored-test-state.%d", getpid());
    return cmocka_run_group_tests_name("xenstored state and ring", tests, NULL, NULL);
}
