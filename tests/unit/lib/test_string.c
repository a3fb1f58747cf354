/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's string functions against libc's, under other names and in one translation unit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *(*const libc_memmove)(void *, const void *, size_t) = memmove;
static int (*const libc_memcmp)(const void *, const void *, size_t) = memcmp;
static int (*const libc_strcmp)(const char *, const char *) = strcmp;
static int (*const libc_strncmp)(const char *, const char *, size_t) = strncmp;
static int (*const libc_strcasecmp)(const char *, const char *) = strcasecmp;
static size_t (*const libc_strlen)(const char *) = strlen;
static char *(*const libc_strstr)(const char *, const char *) = strstr;
static char *(*const libc_strchr)(const char *, int) = strchr;
static char *(*const libc_strrchr)(const char *, int) = strrchr;
static void *(*const libc_memchr)(const void *, int, size_t) = memchr;

#define LIB_STRING_OWN
#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#define memchr own_memchr
#define strlen own_strlen
#define strnlen own_strnlen
#define strcmp own_strcmp
#define strncmp own_strncmp
#define strcasecmp own_strcasecmp
#define strncasecmp own_strncasecmp
#define strchr own_strchr
#define strrchr own_strrchr
#define strstr own_strstr
#include "xen/lib/string.c"

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void moves(void **state)
{
    unsigned char ours[64], theirs[64];

    for (size_t from = 0; from < 20; from++) {
        for (size_t to = 0; to < 20; to++) {
            for (size_t n = 0; n < 40; n++) {
                for (size_t i = 0; i < sizeof(ours); i++)
                    ours[i] = theirs[i] = (unsigned char)(i * 7);
                assert_ptr_equal(own_memmove(ours + to, ours + from, n), ours + to);
                libc_memmove(theirs + to, theirs + from, n);
                assert_memory_equal(ours, theirs, sizeof(ours));
            }
        }
    }
}

static void copies_and_fills(void **state)
{
    unsigned char to[16];

    assert_ptr_equal(own_memset(to, 0x1ff, sizeof(to)), to);
    for (size_t i = 0; i < sizeof(to); i++)
        assert_int_equal(to[i], 0xff);
    assert_ptr_equal(own_memcpy(to + 1, "abc", 3), to + 1);
    assert_memory_equal(to, "\xff" "abc\xff", 5);
    own_memset(to, 0, 0);
    assert_int_equal(to[0], 0xff);
}

static const char *const words[] = {
    "", "a", "b", "ab", "abc", "ABC", "aBd", "abcabcd", "\xff", "\x80" "a", "dom0_mem", "dom0-mem",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static void compares(void **state)
{
    for (size_t i = 0; i < WORDS; i++) {
        assert_int_equal(own_strlen(words[i]), libc_strlen(words[i]));
        for (size_t j = 0; j < WORDS; j++) {
            const char *a = words[i], *b = words[j];
            assert_int_equal(sign(own_strcmp(a, b)), sign(libc_strcmp(a, b)));
            assert_int_equal(sign(own_strcasecmp(a, b)), sign(libc_strcasecmp(a, b)));
            for (size_t n = 0; n < 8; n++)
                assert_int_equal(sign(own_strncmp(a, b, n)), sign(libc_strncmp(a, b, n)));
            assert_ptr_equal(own_strstr(a, b), libc_strstr(a, b));
        }
    }
    assert_int_equal(sign(own_memcmp("a\0b", "a\0c", 3)), sign(libc_memcmp("a\0b", "a\0c", 3)));
    assert_int_equal(own_memcmp("x", "y", 0), 0);
}

static void searches(void **state)
{
    static const char text[] = "cell/cell";

    for (int c = 0; c < 256; c++) {
        assert_ptr_equal(own_strchr(text, c), libc_strchr(text, c));
        assert_ptr_equal(own_strrchr(text, c), libc_strrchr(text, c));
        assert_ptr_equal(own_memchr(text, c, sizeof(text)), libc_memchr(text, c, sizeof(text)));
    }
    assert_int_equal(own_strnlen(text, 4), 4);
    assert_int_equal(own_strnlen(text, 100), 9);
}

static void bounded_copy(void **state)
{
    char buf[4] = "zzz";

    assert_int_equal(strlcpy(buf, "abcdef", sizeof(buf)), 6);
    assert_string_equal(buf, "abc");
    assert_int_equal(strlcpy(buf, "x", sizeof(buf)), 1);
    assert_string_equal(buf, "x");
    assert_int_equal(strlcpy(NULL, "abc", 0), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        cmocka_unit_test(copies_and_fills),
        cmocka_unit_test(compares),
        cmocka_unit_test(searches),
        cmocka_unit_test(bounded_copy),
    };
    return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
