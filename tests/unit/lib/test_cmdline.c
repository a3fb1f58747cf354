/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot options: words, numbers, sizes, and lines that somebody mistyped or made up to hurt.
 *
 * sources: xen/lib/cmdline.c xen/lib/parse.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <lib/cmdline.h>
#include <lib/errno.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>

static void booleans(void **state)
{
    assert_int_equal(parse_bool("yes", 3), 1);
    assert_int_equal(parse_bool("on,", 2), 1);
    assert_int_equal(parse_bool("true", 4), 1);
    assert_int_equal(parse_bool("enable", 6), 1);
    assert_int_equal(parse_bool("1", 1), 1);
    assert_int_equal(parse_bool("no", 2), 0);
    assert_int_equal(parse_bool("off", 3), 0);
    assert_int_equal(parse_bool("false", 5), 0);
    assert_int_equal(parse_bool("disable", 7), 0);
    assert_int_equal(parse_bool("0", 1), 0);
    assert_int_equal(parse_bool("", 0), -1);
    assert_int_equal(parse_bool("ye", 2), -1);
    assert_int_equal(parse_bool("yess", 4), -1);
    assert_int_equal(parse_bool("YES", 3), -1);
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        int rc;
        uint64_t value;
    } cases[] = {
        { "0", 0, 0 }, { "10", 0, 10 }, { "0x1F", 0, 31 }, { "0Xff", 0, 255 }, { "017", 0, 15 },
        { "18446744073709551615", 0, UINT64_MAX }, { "18446744073709551616", -ERANGE, 0 },
        { "0xffffffffffffffff", 0, UINT64_MAX }, { "0x10000000000000000", -ERANGE, 0 },
        { "01777777777777777777777", 0, UINT64_MAX }, { "02000000000000000000000", -ERANGE, 0 },
        { "", -EINVAL, 0 }, { "0x", -EINVAL, 0 }, { "x", -EINVAL, 0 }, { "-1", -EINVAL, 0 },
        { "08", -EINVAL, 0 }, { "1a", -EINVAL, 0 }, { " 1", -EINVAL, 0 }, { "0xg", -EINVAL, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t value = 0;
        assert_int_equal(parse_uint(cases[i].text, strlen(cases[i].text), &value), cases[i].rc);
        assert_true(value == cases[i].value);
    }
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int rc;
        uint64_t value;
        const char *rest;
    } cases[] = {
        { "512", 0, 512 << 10, "" }, { "512b", 0, 512, "" }, { "2K", 0, 2 << 10, "" },
        { "16m,x", 0, 16 << 20, ",x" }, { "3G", 0, 3ull << 30, "" }, { "1t", 0, 1ull << 40, "" },
        { "0x10M", 0, 16 << 20, "" }, { "16777216T", -ERANGE, 0, "" },
        { "16777215T", 0, 16777215ull << 40, "" },
        { "18014398509481984", -ERANGE, 0, "" }, { "M", -EINVAL, 0, "" }, { "", -EINVAL, 0, "" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t value = 0;
        const char *end = "";
        assert_int_equal(parse_size(cases[i].text, &end, &value), cases[i].rc);
        assert_true(value == cases[i].value);
        assert_string_equal(end, cases[i].rest);
    }
}

static void lists(void **state)
{
    const char *cursor = "min:1G,,max:2G,", *item;
    size_t len;

    assert_true(parse_list(&cursor, &item, &len));
    assert_true(parse_is(item, len, "min:1G"));
    assert_true(parse_list(&cursor, &item, &len));
    assert_int_equal(len, 0);
    assert_true(parse_list(&cursor, &item, &len));
    assert_true(parse_is(item, len, "max:2G"));
    assert_false(parse_is(item, len, "max:2"));
    assert_false(parse_list(&cursor, &item, &len));
    cursor = "";
    assert_false(parse_list(&cursor, &item, &len));
}

static struct {
    bool watchdog;
    int flag;
    uint8_t small;
    uint32_t number;
    uint64_t size;
    char text[8];
    char custom[32];
} v;

static int take_custom(const char *value)
{
    if (strcmp(value, "bad") == 0)
        return -EINVAL;
    snprintf(v.custom, sizeof(v.custom), "<%s>", value);
    return 0;
}

static const struct boot_option table[] = {
    { .name = "watchdog", .type = OPTION_BOOL, .var = &v.watchdog, .size = sizeof(v.watchdog) },
    { .name = "flag", .type = OPTION_BOOL, .var = &v.flag, .size = sizeof(v.flag) },
    { .name = "small", .type = OPTION_UINT, .var = &v.small, .size = sizeof(v.small) },
    { .name = "number", .type = OPTION_UINT, .var = &v.number, .size = sizeof(v.number) },
    { .name = "size", .type = OPTION_SIZE, .var = &v.size, .size = sizeof(v.size) },
    { .name = "text", .type = OPTION_STRING, .var = v.text, .size = sizeof(v.text) },
    { .name = "custom", .type = OPTION_CUSTOM, .parse = take_custom },
    { .name = "no-reboot", .type = OPTION_BOOL, .var = &v.flag, .size = sizeof(v.flag) },
};

static char warnings[4096];

static void warn(const char *option, const char *why)
{
    size_t n = strlen(warnings);
    snprintf(warnings + n, sizeof(warnings) - n, "[%s: %s]", option, why);
}

static const char *parse(const char *line)
{
    warnings[0] = '\0';
    return cmdline_parse(line, table, ARRAY_SIZE(table), warn);
}

static void good_options(void **state)
{
    memset(&v, 0, sizeof(v));
    assert_null(parse("  watchdog flag=yes small=255\tnumber=0x10 size=1G text=abc custom=a,b  "));
    assert_string_equal(warnings, "");
    assert_true(v.watchdog);
    assert_int_equal(v.flag, 1);
    assert_int_equal(v.small, 255);
    assert_int_equal(v.number, 16);
    assert_true(v.size == 1ull << 30);
    assert_string_equal(v.text, "abc");
    assert_string_equal(v.custom, "<a,b>");

    parse("no-watchdog flag=off no-custom text=\"a b\" number=1 number=2");
    assert_string_equal(warnings, "");
    assert_false(v.watchdog);
    assert_int_equal(v.flag, 0);
    assert_string_equal(v.custom, "<no>");
    assert_string_equal(v.text, "a b");
    assert_int_equal(v.number, 2);
    parse("custom no-reboot");          /* a name that begins with no- comes before the negation */
    assert_string_equal(v.custom, "<>");
    assert_int_equal(v.flag, 1);
}

static void bad_options(void **state)
{
    memset(&v, 0, sizeof(v));
    parse("unknown small=256 small=x small number=4294967296 size=1Gx flag=maybe no-flag=yes "
          "text=12345678 text no-number custom=bad no-nothing =x \"");
    assert_string_equal(warnings,
                        "[unknown: unknown option]"
                        "[small=256: number too large]"
                        "[small=x: not a number]"
                        "[small: needs a value]"
                        "[number=4294967296: number too large]"
                        "[size=1Gx: not a size]"
                        "[flag=maybe: neither yes nor no]"
                        "[no-flag=yes: neither yes nor no]"
                        "[text=12345678: text too long]"
                        "[text: needs a value]"
                        "[no-number: not a yes-or-no option]"
                        "[custom=bad: value not understood]"
                        "[no-nothing: unknown option]"
                        "[=x: unknown option]"
                        "[: unknown option]");
    static const typeof(v) zero;
    assert_memory_equal(&v, &zero, sizeof(v));
    cmdline_parse("unknown", table, ARRAY_SIZE(table), NULL);
}

static void end_mark(void **state)
{
    memset(&v, 0, sizeof(v));
    assert_string_equal(parse("flag --  root=/dev/sda1 small=3"), "root=/dev/sda1 small=3");
    assert_int_equal(v.flag, 1);
    assert_int_equal(v.small, 0);
    assert_string_equal(parse("--"), "");
    assert_string_equal(warnings, "");
    assert_null(parse("flag --x"));
    assert_string_equal(warnings, "[--x: unknown option]");
    assert_null(parse("text=\"a -- b\""));
    assert_string_equal(v.text, "a -- b");
    assert_null(parse(""));
}

static void long_words(void **state)
{
    static char line[5000];

    memset(line, 'a', sizeof(line) - 1);
    parse(line);
    assert_non_null(strstr(warnings, "word too long"));
    memcpy(line, "flag=0 ", 7);
    memcpy(line + sizeof(line) - 6, " flag", 5);
    v.flag = 0;
    parse(line);
    assert_int_equal(v.flag, 1);
}

/* Lines of random characters: sanitizers look on. */
static void noise(void **state)
{
    static const char alphabet[] = "  \"\t=-no,watchdogflagsizenumber0x19MGk\n";

    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)(rand() % 64);
        char *line = malloc(len + 1);
        for (size_t i = 0; i < len; i++)
            line[i] = alphabet[rand() % (int)(sizeof(alphabet) - 1)];
        line[len] = '\0';
        const char *rest = parse(line);
        assert_true(rest == NULL || (rest >= line && rest <= line + len));
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans),
        cmocka_unit_test(numbers),
        cmocka_unit_test(sizes),
        cmocka_unit_test(lists),
        cmocka_unit_test(good_options),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(end_mark),
        cmocka_unit_test(long_words),
        cmocka_unit_test(noise),
    };
    srand(1);
    return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
