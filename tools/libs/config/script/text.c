/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strings in the making, in the arena; numbers to text and back.
 */
#include <ctype.h>
#include <string.h>

#include "script.h"

static void text_room(struct text *t, size_t n)
{
    if (n > MAX_TEXT || t->len + n > MAX_TEXT)
        script_raise(t->s, "MemoryError", "a string of more than %d bytes", MAX_TEXT);
    if (t->len + n < t->size)
        return;
    size_t size = t->size ? t->size * 2 : 32;

    while (size <= t->len + n)
        size *= 2;
    char *data = script_alloc(t->s, size);

    if (t->len)
        memcpy(data, t->data, t->len);
    t->data = data;
    t->size = size;
}

void text_add(struct text *t, const char *bytes, size_t n)
{
    text_room(t, n);
    if (n)
        memcpy(t->data + t->len, bytes, n);
    t->len += n;
    t->data[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
    text_add(t, &c, 1);
}

void text_pad(struct text *t, char c, size_t n)
{
    text_room(t, n);
    memset(t->data + t->len, c, n);
    t->len += n;
    t->data[t->len] = '\0';
}

void text_number(struct text *t, unsigned __int128 n, unsigned int base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char buf[130], *p = buf + sizeof(buf);

    do {
        *--p = digits[n % base];
        n /= base;
    } while (n);
    text_add(t, p, buf + sizeof(buf) - p);
}

void text_int(struct text *t, wide n)
{
    if (n < 0)
        text_putc(t, '-');
    text_number(t, n < 0 ? -(unsigned __int128)n : (unsigned __int128)n, 10, false);
}

struct value *text_value(struct text *t)
{
    text_room(t, 0);
    t->data[t->len] = '\0';
    script_charge(t->s, t->len / 64);
    return value_str_own(t->s, t->data, t->len);
}

/* Takes the prefix of base 0 or 16, 8, 2 off; returns the base. */
static unsigned int read_prefix(const char **text, const char *end, unsigned int base)
{
    const char *p = *text;

    if (end - p < 2 || *p != '0')
        return base ? base : 10;
    char c = p[1] | 0x20;
    unsigned int meant = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;

    if (meant && (!base || base == meant)) {
        *text += 2;
        return meant;
    }
    return base ? base : 8;
}

static bool read_digits(const char *p, const char *end, unsigned int base, bool negative, wide *n)
{
    const wide highest = (wide)(~(unsigned __int128)0 >> 1);
    wide value = 0;

    if (p == end)
        return false;
    for (; p < end; p++) {
        int digit = isdigit((unsigned char)*p) ? *p - '0'
                  : isalpha((unsigned char)*p) ? (*p | 0x20) - 'a' + 10 : 99;

        if (digit >= (int)base || value > (highest - digit) / base)
            return false;
        value = value * base + digit;
    }
    *n = negative ? -value : value;
    return true;
}

bool parse_wide(const char *text, size_t len, unsigned int base, wide *n)
{
    const char *end = text + len;
    bool negative = false;

    while (text < end && isspace((unsigned char)*text))
        text++;
    while (text < end && isspace((unsigned char)end[-1]))
        end--;
    if (text < end && (*text == '-' || *text == '+'))
        negative = *text++ == '-';
    base = read_prefix(&text, end, base);
    return read_digits(text, end, base, negative, n);
}
