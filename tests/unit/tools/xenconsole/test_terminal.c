/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client's line: a child with a terminal of its own, joined to a console that the test plays.
 *
 * sources: tools/xenconsole/terminal.c
 * flags: -lutil
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <xenconsole/terminal.h>

static int console, console_slave;      /* what xenconsoled would hold */
static int user;                        /* the keyboard and the screen */
static pid_t child;

static int setup(void **state)
{
    struct termios raw;
    char name[64];

    if (openpty(&console, &console_slave, name, NULL, NULL))
        return -1;
    tcgetattr(console_slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(console_slave, TCSANOW, &raw);
    child = forkpty(&user, NULL, NULL, NULL);
    if (child)
        return child < 0 ? -1 : 0;
    close(console);
    terminal_raw();
    if (write(STDOUT_FILENO, "*", 1) != 1)
        _exit(9);
    enum end end = terminal_join(console_slave);

    terminal_restore();
    _exit(end);
}

static void expect(int fd, const char *text)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char got[256] = "";
    size_t n = 0;

    while (n < strlen(text) && poll(&p, 1, 5000) == 1) {
        ssize_t more = read(fd, got + n, strlen(text) - n);

        if (more <= 0)
            break;
        n += more;
    }
    assert_string_equal(got, text);
}

static void type(const char *keys)
{
    assert_int_equal(write(user, keys, strlen(keys)), strlen(keys));
}

static void expect_end(enum end end)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), end);
}

static int teardown(void **state)
{
    close(user);
    close(console_slave);
    return 0;
}

static void test_detach(void **state)
{
    expect(user, "*");
    assert_int_equal(write(console, "login: ", 7), 7);
    expect(user, "login: ");
    /* Every other key is the guest's, CTRL-C and CTRL-Z too. */
    type("root\r\x03\x1a\x1c");
    expect(console, "root\r\x03\x1a\x1c");
    type("last\x1dnever");
    expect(console, "last");
    expect_end(END_DETACHED);
    close(console);
}

static void test_hangup(void **state)
{
    expect(user, "*");
    assert_int_equal(write(console, "bye", 3), 3);
    expect(user, "bye");
    close(console);
    expect_end(END_HANGUP);
}

static void test_signal(void **state)
{
    struct termios t;
    int status;

    expect(user, "*");
    tcgetattr(user, &t);
    assert_false(t.c_lflag & ICANON);
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    tcgetattr(user, &t);
    assert_true(t.c_lflag & ICANON);
    close(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_detach, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hangup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signal, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
