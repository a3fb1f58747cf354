/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One console between a ring in plain memory and a real pseudo-terminal: both ways, overflow,
 * budgets, hostile indexes, logs.
 *
 * sources: tools/xenconsoled/console.c tools/xenconsoled/ring.c tools/xenconsoled/pty.c
 * sources: tools/xenconsoled/logfile.c tools/xenconsoled/loop.c tools/libs/base/[a-z]*.c
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

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/clock.h>
#include <base/log.h>
#include <xc/xc.h>
#include <xenconsoled/console.h>

/* ---- the world around it ---- */

static struct server server;
static struct console *console;
static struct xencons_interface ring;
static int notified, unmasked, bound;
static bool grants_work;

int xc_evtchn_notify(struct xc_evtchn *e, uint32_t port) { notified++; return 0; }
int xc_evtchn_unmask(struct xc_evtchn *e, uint32_t port) { unmasked++; return 0; }
int xc_evtchn_unbind(struct xc_evtchn *e, uint32_t port) { bound--; return 0; }

int xc_evtchn_bind_interdomain(struct xc_evtchn *e, uint32_t domid, uint32_t remote_port)
{
    bound++;
    return remote_port == 99 ? (bound--, -EINVAL) : 5;
}

void *xc_gnttab_map(struct xc_gnttab *g, uint32_t domid, const uint32_t *refs, unsigned int count,
                    int prot)
{
    errno = EINVAL;
    return grants_work ? &ring : NULL;
}

int xc_gnttab_unmap(struct xc_gnttab *g, void *address, unsigned int count) { return 0; }
int xc_unmap_frames(void *address, unsigned int count) { return 0; }

void *xc_map_frames(struct xc *xc, uint32_t domid, int prot, const xen_pfn_t *frames,
                    unsigned int count, int *errors)
{
    errno = EPERM;
    return frames[0] == 1 ? &ring : NULL;
}

void hypervisor_tick(struct server *s) { }
void store_tick(struct server *s) { }

/* ---- a guest and a reader ---- */

static size_t guest_print(const char *text, size_t len)
{
    size_t room = sizeof(ring.out) - (ring.out_prod - ring.out_cons);

    len = len < room ? len : room;
    for (size_t i = 0; i < len; i++)
        ring.out[MASK_XENCONS_IDX(ring.out_prod + i, ring.out)] = text[i];
    ring.out_prod += len;
    return len;
}

static void say(const char *text)
{
    assert_int_equal(guest_print(text, strlen(text)), strlen(text));
    console_event(console);
}

static int reader_open(void)
{
    int fd = open(console->pty.name, O_RDWR | O_NOCTTY | O_NONBLOCK);

    assert_true(fd >= 0);
    return fd;
}

/* Whatever can happen at once. */
static void settle(void)
{
    for (int i = 0; i < 20; i++)
        loop_step(&server, 1);
}

/* The kernel moves bytes through a terminal in its own time: waits up to two seconds for n. */
static size_t read_up_to(int fd, char *to, size_t n)
{
    int64_t end = monotonic_ms() + 2000;
    size_t have = 0;

    while (have < n && monotonic_ms() < end) {
        loop_step(&server, 1);
        ssize_t more = read(fd, to + have, n - have);

        have += more > 0 ? more : 0;
    }
    return have;
}

static void expect_read(int fd, const char *text)
{
    char got[4096];

    assert_int_equal(read_up_to(fd, got, strlen(text)), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void expect_input(uint32_t prod)
{
    int64_t end = monotonic_ms() + 2000;

    while (ring.in_prod != prod && monotonic_ms() < end)
        loop_step(&server, 1);
    settle();
    assert_int_equal(ring.in_prod, prod);
}

static int setup(void **state)
{
    memset(&ring, 0, sizeof(ring));
    memset(&server, 0, sizeof(server));
    list_init(&server.domains);
    list_init(&server.throttled);
    server.hypervisor_port = -1;
    server.xs = (struct xs *)1;             /* the store is there: no tick for it */
    server.gnttab = (struct xc_gnttab *)1;
    log_set_level(LOG_LEVEL_ERROR);
    server.sources = sources_open();
    assert_true(server.sources >= 0);
    notified = unmasked = bound = 0;
    grants_work = true;
    console = console_new(&server, 3);
    return console_connect(console, 1, 8);
}

static int teardown(void **state)
{
    console_free(console);
    assert_int_equal(bound, 0);
    assert_true(list_empty(&server.throttled));
    free(server.by_port);
    return close(server.sources);
}

/* ---- tests ---- */

static void test_both_ways(void **state)
{
    int fd = reader_open();

    assert_ptr_equal(server.by_port[5], console);
    assert_int_equal(notified, 1);
    say("hello\r\n");
    assert_int_equal(unmasked, 1);
    assert_int_equal(notified, 2);
    expect_read(fd, "hello\r\n");
    assert_int_equal(write(fd, "root\r", 5), 5);
    expect_input(5);
    assert_memory_equal(ring.in, "root\r", 5);
    assert_int_equal(notified, 3);
    close(fd);
    /* A reader may go, and come back to what was said meanwhile. */
    say("more\n");
    fd = reader_open();
    expect_read(fd, "more\n");
    close(fd);
}

static void test_wraps(void **state)
{
    int fd = reader_open();
    char text[1500], got[1500];

    ring.out_prod = ring.out_cons = 0xfffffc00;
    ring.in_prod = ring.in_cons = 0xfffffff0;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = 'a' + i % 26;
    for (int round = 0; round < 5; round++) {
        assert_int_equal(guest_print(text, sizeof(text)), sizeof(text));
        console_event(console);
        assert_int_equal(read_up_to(fd, got, sizeof(got)), sizeof(got));
        assert_memory_equal(got, text, sizeof(text));
        assert_int_equal(write(fd, text, 500), 500);
        expect_input(ring.in_cons + 500);
        for (int i = 0; i < 500; i++)
            assert_int_equal(ring.in[MASK_XENCONS_IDX(ring.in_cons + i, ring.in)], text[i]);
        ring.in_cons += 500;
        console_event(console);
    }
    close(fd);
}

static void test_input_waits(void **state)
{
    int fd = reader_open();
    char text[1000];

    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 3; i++)
        assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
    expect_input(sizeof(ring.in));
    assert_int_equal(ring_room(&ring), 0);
    /* The guest reads on, and says so. */
    ring.in_cons += 1024;
    console_event(console);
    expect_input(2048);
    ring.in_cons += 1024;
    console_event(console);
    expect_input(3000);
    close(fd);
}

/* Nobody reads: memory stays bounded, the guest goes on, and the newest lines are there. */
static void test_discard(void **state)
{
    char line[128], all[65536];

    console->limit = 10000;
    for (int i = 0; i < 5000; i++) {
        sprintf(line, "line %04d of the flood .......................................\n", i);
        console->budget = BUDGET;
        say(line);
        assert_true(console->pending.len <= 10000);
    }
    assert_int_equal(ring.out_cons, ring.out_prod);
    int fd = reader_open();
    size_t have = 0;

    for (size_t n = 1; n > 0;) {
        n = read_up_to(fd, all + have, console->pending.len ? console->pending.len : 4096);
        have += n;
    }
    all[have] = '\0';
    assert_non_null(strstr(all, "line 4999"));
    assert_non_null(strstr(all, "line 4900"));
    assert_memory_equal(all, "line 0000", 9);   /* what the terminal took at the beginning */
    assert_int_equal(console->pending.len, 0);
    assert_int_equal(console->pending.size, 0);
    close(fd);
}

static void test_keep(void **state)
{
    char text[2048];
    unsigned long said = 0, heard = 0;

    memset(text, 'k', sizeof(text));
    server.options.keep_overflow = true;
    console->limit = 10000;
    for (int i = 0; i < 100; i++) {
        console->budget = BUDGET;
        said += guest_print(text, sizeof(text));
        if (!console->is_masked)
            console_event(console);
    }
    assert_true(said < 40000);
    assert_true(console->is_masked);
    int fd = reader_open();

    char got[65536];

    heard = read_up_to(fd, got, said);
    assert_int_equal(heard, said);
    assert_false(console->is_masked);
    close(fd);
}

static void test_budget(void **state)
{
    char text[2048];

    memset(text, 'b', sizeof(text));
    int events = 0;

    while (!console->is_masked) {
        guest_print(text, sizeof(text));
        console_event(console);
        events++;
    }
    assert_in_range(events, 10, BUDGET / EVENT_COST);
    guest_print(text, sizeof(text));
    uint32_t before = ring.out_cons;

    int64_t tick = server.next_tick;

    while (server.next_tick == tick) {
        assert_int_equal(ring.out_cons, before);    /* it waits */
        loop_step(&server, 1);
    }
    settle();
    assert_int_equal(ring.out_cons, ring.out_prod);
    assert_false(console->is_masked);
    /* Events without bytes cost as well. */
    for (events = 0; !console->is_masked; events++)
        console_event(console);
    assert_true(events <= BUDGET / EVENT_COST);
    usleep((TICK_MS + 20) * 1000);
    settle();
    assert_false(console->is_masked);
    /* In peace nobody ticks. */
    usleep((TICK_MS + 20) * 1000);
    settle();
    assert_true(list_empty(&server.throttled));
}

static void test_hostile(void **state)
{
    int fd = reader_open();

    srand(1);
    for (int i = 0; i < 20000; i++) {
        ring.out_prod = rand();
        ring.out_cons = rand() % 3 ? ring.out_prod - rand() % 4096 : (uint32_t)rand();
        ring.in_prod = rand();
        ring.in_cons = rand() % 3 ? ring.in_prod - rand() % 2048 : (uint32_t)rand();
        console->budget = BUDGET;
        console_event(console);
        if (i % 16 == 0)
            assert_int_equal(write(fd, "abc", 3), 3);
        loop_step(&server, 0);
        assert_true(console->pending.len <= console->limit);
        char got[8192];

        while (read(fd, got, sizeof(got)) > 0)
            ;
    }
    close(fd);
}

static void test_connect(void **state)
{
    char name[64];

    strcpy(name, console->pty.name);
    say("last words");
    assert_int_equal(console_connect(console, 1, 9), 0);    /* a new kernel, say */
    assert_string_equal(console->pty.name, name);
    assert_int_equal(bound, 1);
    console_disconnect(console);
    assert_int_equal(bound, 0);
    grants_work = false;
    assert_int_equal(console_connect(console, 1, 9), 0);
    assert_false(console->is_granted);
    assert_int_equal(console_connect(console, 2, 9), -EPERM);
    assert_int_equal(console_connect(console, 1, 99), -EINVAL);
    assert_null(console->ring);
    int fd = reader_open();

    expect_read(fd, "last words");
    assert_int_equal(write(fd, "x", 1), 1);
    settle();
    close(fd);
}

/* ---- logs ---- */

static void expect_file(const char *path, const char *text)
{
    char got[4096] = "";
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    assert_true(read(fd, got, sizeof(got) - 1) >= 0);
    close(fd);
    assert_string_equal(got, text);
}

static void test_log(void **state)
{
    char dir[] = "/tmp/xenconsoled-XXXXXX", path[128], moved[140];

    assert_non_null(mkdtemp(dir));
    console->log = logfile_new(dir, "guest-", "../../etc/x");
    sprintf(path, "%s/guest-.._.._etc_x.log", dir);
    assert_string_equal(console->log->path, path);
    say("one\r\n");
    expect_file(path, "one\r\n");
    /* Moved away by a log rotation. */
    sprintf(moved, "%s.1", path);
    rename(path, moved);
    say("two\r\n");
    logfile_reopen(console->log);
    say("three\r\n");
    expect_file(moved, "one\r\ntwo\r\n");
    expect_file(path, "three\r\n");
    unlink(path);
    unlink(moved);
    /* No folder any more: it is said once, and the console goes on. */
    rmdir(dir);
    logfile_reopen(console->log);
    log_set_level((enum log_level)-1);
    say("four\n");
    say("five\n");
    assert_true(console->log->is_failing);
}

/* Two files, and neither longer than it may be, whatever the guest prints. */
static void test_log_limit(void **state)
{
    char dir[] = "/tmp/xenconsoled-XXXXXX", path[128], moved[140];

    assert_non_null(mkdtemp(dir));
    console->log = logfile_new(dir, "guest-", "x");
    console->log->limit = 10;
    sprintf(path, "%s/guest-x.log", dir);
    sprintf(moved, "%s.1", path);
    say("123456\n");
    say("ab\n");
    expect_file(path, "123456\nab\n");
    say("c\n");
    expect_file(moved, "123456\nab\n");
    expect_file(path, "c\n");
    /* What a former daemon has left counts too. */
    logfile_reopen(console->log);
    say("12345678\n");
    expect_file(moved, "c\n");
    expect_file(path, "12345678\n");
    unlink(path);
    unlink(moved);
    rmdir(dir);
}

static void test_decorated_log(void **state)
{
    char dir[] = "/tmp/xenconsoled-XXXXXX", got[4096] = "";

    assert_non_null(mkdtemp(dir));
    console->log = logfile_new(dir, "guest-", "x");
    console->log->with_time = true;
    console->log->replace_escape = true;
    say("a\033[1mb");
    say("c\r\n\r\nd\n");
    int fd = open(console->log->path, O_RDONLY);

    assert_true(read(fd, got, sizeof(got)) > 0);
    close(fd);
    unsigned int year;

    assert_int_equal(sscanf(got, "[%u-", &year), 1);
    char *line = strchr(got, ']');

    assert_memory_equal(line, "] a.[1mbc\r\n\r\n[", 14);
    assert_non_null(strstr(line, "] d\n"));
    unlink(console->log->path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wraps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_input_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discard, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keep, setup, teardown),
        cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_connect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_decorated_log, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
