/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * format() against libc's snprintf, over every flag, width, precision and size that we promise.
 *
 * sources: xen/lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>

#include <lib/format.h>
#include <lib/math.h>
#include <lib/string.h>

/* The formats are made at run time. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"

static const char *const flags[] = {
    "", "-", "0", "+", " ", "#", "-0", "0+", "#0", "-#", "+ ", "-+",
};
static const char *const widths[] = { "", "1", "5", "12", "25" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".4", ".20" };

static void same(const char *fmt, long long value, bool is_long)
{
    char ours[128], theirs[128];
    int n, expected;

    if (is_long) {
        n = format(ours, sizeof(ours), fmt, value);
        expected = snprintf(theirs, sizeof(theirs), fmt, value);
    } else {
        n = format(ours, sizeof(ours), fmt, (int)value);
        expected = snprintf(theirs, sizeof(theirs), fmt, (int)value);
    }
    if (strcmp(ours, theirs) != 0 || n != expected)
        fail_msg("\"%s\" of %lld: \"%s\", libc \"%s\"", fmt, value, ours, theirs);
}

static void integers(void **state)
{
    static const char *const sizes[] = { "", "hh", "h", "l", "ll", "z", "t", "j" };
    static const long long values[] = {
        0, 1, -1, 9, 10, 255, 256, -128, 65535, 65536, INT_MAX, INT_MIN, 0x123456789abcdef,
        LLONG_MAX, LLONG_MIN,
    };
    static const char letters[] = "diuxXo";

    for (size_t f = 0; f < ARRAY_SIZE(flags); f++) {
        for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
            for (size_t p = 0; p < ARRAY_SIZE(precisions); p++) {
                for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
                    for (const char *c = letters; *c != '\0'; c++) {
                        if (*c == 'o' && strchr(flags[f], '#') != NULL) {
                            continue;       /* a zero more or less before octal digits: no matter */
                        }
                        char fmt[32];
                        snprintf(fmt, sizeof(fmt), "<%%%s%s%s%s%c>", flags[f], widths[w],
                                 precisions[p], sizes[s], *c);
                        for (size_t v = 0; v < ARRAY_SIZE(values); v++)
                            same(fmt, values[v], s >= 3);
                    }
                }
            }
        }
    }
}

static void strings(void **state)
{
    char ours[128], theirs[128];

    for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
        for (size_t p = 0; p < ARRAY_SIZE(precisions); p++) {
            for (int left = 0; left < 2; left++) {
                char fmt[32];
                snprintf(fmt, sizeof(fmt), "<%%%s%s%ss|%%%s%sc>", left ? "-" : "", widths[w],
                         precisions[p], left ? "-" : "", widths[w]);
                format(ours, sizeof(ours), fmt, "domain", 'x');
                snprintf(theirs, sizeof(theirs), fmt, "domain", 'x');
                assert_string_equal(ours, theirs);
            }
        }
    }
}

static void stars_and_unterminated(void **state)
{
    static const char raw[3] = { 'a', 'b', 'c' };      /* reading a fourth is what ASan would see */
    char buf[64];

    format(buf, sizeof(buf), "%.*s|%*d|%-*d|%*d|%.*d", 3, raw, 5, 42, 5, 42, -5, 42, -1, 7);
    assert_string_equal(buf, "abc|   42|42   |42   |7");
}

static void truncation(void **state)
{
    char buf[8];

    memset(buf, 'z', sizeof(buf));
    assert_int_equal(format(buf, 4, "%s", "abcdef"), 6);
    assert_memory_equal(buf, "abc\0zzzz", 8);
    assert_int_equal(format(buf, 1, "%d", 12345), 5);
    assert_int_equal(buf[0], '\0');
    assert_int_equal(format(NULL, 0, "%08lx", 1ul), 8);
}

static void peculiarities(void **state)
{
    char buf[64];

    format(buf, sizeof(buf), "%p", (void *)0xffff800012345678ul);
    assert_string_equal(buf, "ffff800012345678");
    format(buf, sizeof(buf), "%s %%", (char *)NULL);
    assert_string_equal(buf, "(null) %");
    const char *odd = "a%q%";
    assert_int_equal(format(buf, sizeof(buf), odd), 3);
    assert_string_equal(buf, "a%q");
    odd = "%99999999999999999999d";
    assert_true(format(buf, sizeof(buf), odd, 1) >= 99999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(strings),
        cmocka_unit_test(stars_and_unterminated),
        cmocka_unit_test(truncation),
        cmocka_unit_test(peculiarities),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
