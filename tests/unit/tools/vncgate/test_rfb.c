/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The password check in front of QEMU's VNC server: the answer to a challenge, the handshakes
 * of all versions, wrong passwords, peers that talk nonsense or hang up.
 *
 * sources: tools/vncgate/rfb.c
 * flags: -Itools/vncgate -lnettle
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rfb.h"

/* Only eight letters count. */
static void test_response(void **state)
{
    uint8_t challenge[16] = "0123456789abcdef", a[16], b[16];

    (void)state;
    static const uint8_t known[16] = {
        0x56, 0x45, 0xab, 0xeb, 0x5f, 0x1e, 0x64, 0x75,
        0xe8, 0xfe, 0xb1, 0x1b, 0xeb, 0x66, 0xea, 0x19,
    };
    rfb_response("password", challenge, a);
    assert_memory_equal(a, known, 16);
    rfb_response("password and more", challenge, b);
    assert_memory_equal(a, b, 16);
    rfb_response("passwore", challenge, b);
    assert_memory_not_equal(a, b, 16);
}

/* A child of ours admits; what it decided is its exit status. */
static pid_t admit(int *fd)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid) {
        close(pair[0]);
        _exit(rfb_admit(pair[1], "secret") ? 0 : 1);
    }
    close(pair[1]);
    *fd = pair[0];
    return pid;
}

static bool was_admitted(pid_t pid, int fd)
{
    int status;

    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return !WEXITSTATUS(status);
}

static void expect(int fd, const void *bytes, size_t count)
{
    uint8_t got[64];

    assert_true(count <= sizeof(got));
    assert_int_equal(recv(fd, got, count, MSG_WAITALL), count);
    assert_memory_equal(got, bytes, count);
}

static void answer(int fd, const char *password, bool good)
{
    uint8_t challenge[16], response[16];

    assert_int_equal(recv(fd, challenge, 16, MSG_WAITALL), 16);
    rfb_response(password, challenge, response);
    assert_int_equal(write(fd, response, 16), 16);
    expect(fd, good ? "\0\0\0\0" : "\0\0\0\1", 4);
}

static void test_versions(void **state)
{
    int fd;

    (void)state;
    pid_t pid = admit(&fd);

    expect(fd, "RFB 003.008\n", 12);
    assert_int_equal(write(fd, "RFB 003.003\n", 12), 12);
    expect(fd, "\0\0\0\2", 4);
    answer(fd, "secret", true);
    assert_true(was_admitted(pid, fd));
    for (int version = 7; version <= 8; version++) {
        char line[] = "RFB 003.00X\n";

        line[10] = '0' + version;
        pid = admit(&fd);
        expect(fd, "RFB 003.008\n", 12);
        assert_int_equal(write(fd, line, 12), 12);
        expect(fd, "\1\2", 2);
        assert_int_equal(write(fd, "\2", 1), 1);
        answer(fd, "secret", true);
        assert_true(was_admitted(pid, fd));
    }
}

static void test_wrong(void **state)
{
    int fd;

    (void)state;
    pid_t pid = admit(&fd);

    expect(fd, "RFB 003.008\n", 12);
    assert_int_equal(write(fd, "RFB 003.008\n\2", 13), 13);
    expect(fd, "\1\2", 2);
    answer(fd, "Secret", false);
    expect(fd, "\0\0\0\x15" "Authentication failed", 25);
    assert_false(was_admitted(pid, fd));
}

/* None of these gets a challenge. */
static void test_nonsense(void **state)
{
    static const char *const lines[] = {
        "RFB 003.008\n\1", "RFB 003.009\n\2", "GET / HTTP/1.0\r\n\r\n", "RFB 003.008", "",
        "RFB 003.008\n",
    };
    char byte;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        int fd;
        pid_t pid = admit(&fd);

        expect(fd, "RFB 003.008\n", 12);
        assert_int_equal(write(fd, lines[i], strlen(lines[i])), strlen(lines[i]));
        shutdown(fd, SHUT_WR);
        size_t got = 0;

        while (recv(fd, &byte, 1, 0) == 1)
            got++;
        assert_true(got <= 2);
        assert_false(was_admitted(pid, fd));
    }
}

static void test_enter(void **state)
{
    static const struct {
        const char *said;
        size_t count;
        bool good;
    } rows[] = {
        { "RFB 003.008\n\1\1\0\0\0\0", 18, true },
        { "RFB 003.008\n\2\2\1\0\0\0\0", 19, true },
        { "RFB 003.008\n\1\2\0\0\0\0", 18, false },
        { "RFB 003.008\n\1\1\0\0\0\1", 18, false },
        { "RFB 003.003\n\0\0\0\1", 16, false },
        { "RFB 003.008\n\0", 13, false },
        { "RFB 003.008\n\377", 13, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(write(pair[0], rows[i].said, rows[i].count), rows[i].count);
        shutdown(pair[0], SHUT_WR);
        assert_int_equal(rfb_enter(pair[1]), rows[i].good);
        close(pair[0]);
        close(pair[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_enter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
