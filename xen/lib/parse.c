/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers, sizes, booleans and lists in boot options.
 */
#include <lib/parse.h>

#include <lib/errno.h>
#include <lib/math.h>
#include <lib/string.h>

bool parse_is(const char *item, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(item, word, len) == 0;
}

int parse_bool(const char *s, size_t len)
{
    static const char *const yes[] = { "yes", "on", "true", "enable", "1" };
    static const char *const no[] = { "no", "off", "false", "disable", "0" };

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (parse_is(s, len, yes[i]))
            return 1;
        if (parse_is(s, len, no[i]))
            return 0;
    }
    return -1;
}

static unsigned int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned int)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned int)(c - 'A') + 10;
    return 99;
}

/* Reads digits at the start of s, at most len characters; *used says how many. */
static int read_uint(const char *s, size_t len, size_t *used, uint64_t *out)
{
    unsigned int base = 10;
    uint64_t value = 0;
    size_t i = 0;

    if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16) {
        base = 16;
        i = 2;
    } else if (len > 0 && s[0] == '0') {
        base = 8;
    }
    size_t first = i;
    for (; i < len && digit_value(s[i]) < base; i++) {
        unsigned int digit = digit_value(s[i]);
        if (value > (UINT64_MAX - digit) / base)
            return -ERANGE;
        value = value * base + digit;
    }
    if (i == first)
        return -EINVAL;
    *used = i;
    *out = value;
    return 0;
}

int parse_uint(const char *s, size_t len, uint64_t *out)
{
    size_t used;
    uint64_t value;
    int rc = read_uint(s, len, &used, &value);

    if (rc != 0)
        return rc;
    if (used != len)
        return -EINVAL;
    *out = value;
    return 0;
}

int parse_uint_prefix(const char *s, const char **end, uint64_t *out)
{
    size_t used;
    int rc = read_uint(s, strlen(s), &used, out);

    if (rc == 0)
        *end = s + used;
    return rc;
}

/* The exponent of two that a suffix stands for; -1 if c is none. */
static int size_shift(char c)
{
    switch (c) {
    case 'b': case 'B': return 0;
    case 'k': case 'K': return 10;
    case 'm': case 'M': return 20;
    case 'g': case 'G': return 30;
    case 't': case 'T': return 40;
    default: return -1;
    }
}

int parse_size(const char *s, const char **end, uint64_t *out)
{
    const char *after;
    uint64_t value;
    int rc = parse_uint_prefix(s, &after, &value);

    if (rc != 0)
        return rc;
    int shift = size_shift(*after);
    if (shift >= 0)
        after++;
    else
        shift = 10;
    if (value > UINT64_MAX >> shift)
        return -ERANGE;
    *out = value << shift;
    *end = after;
    return 0;
}

bool parse_item(const char **cursor, char separator, const char **item, size_t *len)
{
    const char *s = *cursor;

    if (s == NULL || *s == '\0') {
        *cursor = NULL;
        return false;
    }
    const char *stop = strchr(s, separator);
    *item = s;
    *len = stop != NULL ? (size_t)(stop - s) : strlen(s);
    *cursor = stop != NULL ? stop + 1 : NULL;
    return true;
}
