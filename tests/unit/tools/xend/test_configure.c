/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xend's configuration at its start and at SIGHUP: levels take effect, a file that is no good
 * changes nothing, and what moves is opened where it now is.
 *
 * sources: tools/xend/configure.c tools/libs/base/[a-z]*.c $(wildcard
 * sources: tools/libs/config/[a-z]*.c) $(wildcard tools/libs/config/script/[a-z]*.c)
 * flags: -D_GNU_SOURCE -D__XEN_TOOLS__ -Itools/libs -Itools/xend -Idist/include -lm
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#include <base/log.h>

#include "api/api.h"

static struct xend x;
static char folder[] = "/tmp/xend-configure-XXXXXX", file[64], log_file[64];
static int closed, listened;

void loop_after(struct xend *unused, struct event **timer, unsigned int ms,
                void (*fn)(void *arg), void *arg)
{
}

int unix_listen(struct xend *unused)
{
    listened++;
    return 0;
}

void unix_close(struct xend *unused)
{
    closed++;
}

static void configure(const char *text)
{
    FILE *f = fopen(file, "w");

    fprintf(f, "(logfile %s)\n%s\n", log_file, text);
    fclose(f);
}

static bool log_has(const char *text)
{
    static char all[65536];
    FILE *f = fopen(log_file, "r");
    size_t n = f ? fread(all, 1, sizeof(all) - 1, f) : 0;

    all[n] = '\0';
    if (f)
        fclose(f);
    return strstr(all, text);
}

static int setup(void **state)
{
    unlink(log_file);
    closed = listened = 0;
    return 0;
}

static int teardown(void **state)
{
    log_open(NULL, NULL, LOG_LEVEL_ERROR);
    config_xend_free(&x.config);
    return 0;
}

static void test_levels(void **state)
{
    configure("(loglevel WARNING)");
    assert_int_equal(configure_load(&x), 0);
    log_info("quiet");
    log_warn("loud");
    assert_false(log_has("quiet"));
    assert_true(log_has("loud"));
    configure("(loglevel TRACE)");
    configure_again(&x);
    log_debug("every step");
    assert_true(log_has("every step"));
}

static void test_bad(void **state)
{
    configure("(dom0-min-mem 123)");
    assert_int_equal(configure_load(&x), 0);
    configure("(dom0-min-mem lots)");
    configure_again(&x);
    assert_true(log_has("stays as it was"));
    assert_int_equal(x.config.dom0_min_mem, 123);
    configure("(dom0-min-mem 124) (dom0-min-mm 5)");
    configure_again(&x);
    assert_int_equal(x.config.dom0_min_mem, 124);
    assert_true(log_has("did you mean 'dom0-min-mem'"));
    assert_int_equal(closed + listened, 0);
}

static void test_moves(void **state)
{
    configure("(xend-unix-path /run/a) (xend-domains-path /var/a)");
    assert_int_equal(configure_load(&x), 0);
    configure("(xend-unix-path /run/b) (xend-domains-path /var/b)");
    configure_again(&x);
    assert_int_equal(closed, 1);
    assert_int_equal(listened, 1);
    assert_string_equal(x.config.unix_path, "/run/b");
    /* The domains' files are where they are. */
    assert_string_equal(x.config.domains_path, "/var/a");
}

static void test_doors(void **state)
{
    configure("(xend-http-server yes) (xend-unix-xmlrpc-server yes)");
    assert_int_equal(configure_load(&x), 0);
    assert_true(log_has("xend-http-server: this xend has no such server"));
    assert_false(log_has("xmlrpc"));
}

/* A log that has grown large moves out of the way. */
static void test_rotation(void **state)
{
    char old[80];

    configure("");
    assert_int_equal(configure_load(&x), 0);
    for (int i = 0; i < 30000; i++)
        log_info("a line of some length, as they are");
    configure_watch_log(&x);
    log_info("fresh");
    assert_true(log_has("fresh"));
    assert_false(log_has("as they are"));
    snprintf(old, sizeof(old), "%s.1", log_file);
    assert_int_equal(access(old, R_OK), 0);
    unlink(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_levels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
    };

    if (!mkdtemp(folder))
        return 1;
    snprintf(file, sizeof(file), "%s/xend-config.sxp", folder);
    snprintf(log_file, sizeof(log_file), "%s/xend.log", folder);
    setenv("XEND_CONFIG", file, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    unlink(file);
    unlink(log_file);
    rmdir(folder);
    return failed;
}
