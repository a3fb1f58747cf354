/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A list of strings it owns, and strict number parsing.
 */
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/strings.h>

void strings_give(struct strings *s, char *text)
{
    if (s->count + 2 > s->size) {
        s->size = s->size ? s->size * 2 : 8;
        s->item = xrealloc(s->item, s->size * sizeof(*s->item));
    }
    s->item[s->count++] = text;
    s->item[s->count] = NULL;
}

void strings_add_n(struct strings *s, const char *text, size_t len)
{
    strings_give(s, xstrndup(text, len));
}

void strings_add(struct strings *s, const char *text)
{
    strings_give(s, xstrdup(text));
}

void strings_split(struct strings *s, const char *text, char separator)
{
    for (;;) {
        const char *end = strchrnul(text, separator);

        strings_add_n(s, text, end - text);
        if (!*end)
            return;
        text = end + 1;
    }
}

bool strings_has(const struct strings *s, const char *text)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!strcmp(s->item[i], text))
            return true;
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *s)
{
    if (s->count)
        qsort(s->item, s->count, sizeof(*s->item), compare);
}

void strings_free(struct strings *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->item[i]);
    free(s->item);
    memset(s, 0, sizeof(*s));
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

static bool parse_digits(const char *text, int base, unsigned long long max,
                         unsigned long long *value)
{
    unsigned long long n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        int digit = digit_value(*text);

        if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, digit, &n) || n > max)
            return false;
    }
    *value = n;
    return true;
}

bool parse_number(const char *text, unsigned long long max, unsigned long long *value)
{
    return parse_digits(text, 10, max, value);
}

bool parse_number_any(const char *text, unsigned long long max, unsigned long long *value)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return parse_digits(text + 2, 16, max, value);
    return parse_digits(text, 10, max, value);
}
