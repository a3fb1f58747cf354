/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strings and numbers as they are written in a source.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

struct literal {
    struct script *s;
    const struct source *source;
    size_t pos, start;
    struct text text;
    bool is_raw, is_unicode;
};

static _Noreturn void fail(struct literal *l, const char *what)
{
    script_fatal(l->s, (struct place){ l->source, l->start }, "%s", what);
}

static char look(const struct literal *l, size_t ahead)
{
    size_t at = l->pos + ahead;

    return at < l->source->len ? l->source->text[at] : '\0';
}

static void read_prefix(struct literal *l)
{
    for (char c = look(l, 0); c != '"' && c != '\''; c = look(l, 0)) {
        switch (c | 0x20) {
        case 'r':
            l->is_raw = true;
            break;
        case 'u':
            l->is_unicode = true;
            break;
        case 'f':
            fail(l, "f-strings are not supported; use \"%s\" % value");
        }
        l->pos++;
    }
}

static unsigned int digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : 99;
}

/* Up to max digits; stops at the first that is none. */
static unsigned int read_digits(struct literal *l, unsigned int base, unsigned int max,
                                unsigned int *count)
{
    unsigned int n = 0;

    for (*count = 0; *count < max && digit_value(look(l, 0)) < base; ++*count)
        n = n * base + digit_value(l->source->text[l->pos++]);
    return n;
}

static void add_utf8(struct text *t, unsigned int code)
{
    if (code < 0x80) {
        text_putc(t, code);
    } else if (code < 0x800) {
        text_putc(t, 0xc0 | code >> 6);
        text_putc(t, 0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        text_putc(t, 0xe0 | code >> 12);
        text_putc(t, 0x80 | (code >> 6 & 0x3f));
        text_putc(t, 0x80 | (code & 0x3f));
    } else {
        text_putc(t, 0xf0 | (code >> 18 & 7));
        text_putc(t, 0x80 | (code >> 12 & 0x3f));
        text_putc(t, 0x80 | (code >> 6 & 0x3f));
        text_putc(t, 0x80 | (code & 0x3f));
    }
}

static void read_coded(struct literal *l, char kind)
{
    unsigned int want = kind == 'x' ? 2 : kind == 'u' ? 4 : 8, got;
    unsigned int code = read_digits(l, 16, want, &got);

    if (got != want)
        fail(l, "a string with a malformed escape");
    if (kind == 'x')
        text_putc(&l->text, code);
    else if (code > 0x10ffff)
        fail(l, "a string with an escape beyond Unicode");
    else
        add_utf8(&l->text, code);
}

/* Behind a backslash. Escapes that mean nothing stand for themselves, backslash included. */
static void read_escape(struct literal *l)
{
    static const char letters[] = "ntr\\'\"abfv", meaning[] = "\n\t\r\\'\"\a\b\f\v";
    char c = look(l, 0);
    const char *at = c ? strchr(letters, c) : NULL;
    unsigned int got;

    if (l->is_raw) {
        text_putc(&l->text, '\\');
        text_putc(&l->text, c);
        l->pos++;
    } else if (at) {
        text_putc(&l->text, meaning[at - letters]);
        l->pos++;
    } else if (c == '\n') {
        l->pos++;
    } else if (c == '\r' && look(l, 1) == '\n') {
        l->pos += 2;
    } else if (c >= '0' && c <= '7') {
        text_putc(&l->text, read_digits(l, 8, 3, &got));
    } else if (c == 'x' || (l->is_unicode && (c == 'u' || c == 'U'))) {
        l->pos++;
        read_coded(l, c);
    } else {
        text_putc(&l->text, '\\');
    }
}

static bool at_quotes(const struct literal *l, char quote, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        if (look(l, i) != quote)
            return false;
    }
    return true;
}

struct value *lex_string(struct script *s, const struct source *source, size_t *pos)
{
    struct literal l = { .s = s, .source = source, .pos = *pos, .start = *pos,
                         .text = { .s = s } };

    read_prefix(&l);
    char quote = look(&l, 0);
    unsigned int quotes = at_quotes(&l, quote, 3) ? 3 : 1;

    for (l.pos += quotes; !at_quotes(&l, quote, quotes);) {
        if (l.pos >= source->len)
            fail(&l, "this string does not end");
        char c = source->text[l.pos];

        if (c == '\n' && quotes == 1)
            fail(&l, "this string does not end on its line");
        l.pos++;
        if (c == '\\' && l.pos < source->len)
            read_escape(&l);
        else if (c != '\r' || look(&l, 0) != '\n')
            text_putc(&l.text, c);
    }
    *pos = l.pos + quotes;
    return text_value(&l.text);
}

static bool is_float(const struct literal *l, size_t len)
{
    const char *text = l->source->text + l->pos;

    if (len > 1 && text[0] == '0' && (text[1] | 0x20) == 'x')
        return false;
    return memchr(text, '.', len) || memchr(text, 'e', len) || memchr(text, 'E', len);
}

static size_t number_length(const struct literal *l)
{
    size_t n = 0;
    bool is_hex = look(l, 0) == '0' && (look(l, 1) | 0x20) == 'x';

    for (;; n++) {
        char c = look(l, n), before = n ? look(l, n - 1) | 0x20 : '\0';
        bool exponent_sign = (c == '+' || c == '-') && before == 'e' && !is_hex;

        if (!isalnum((unsigned char)c) && c != '.' && !exponent_sign)
            return n;
    }
}

static struct value *read_float(struct literal *l, size_t len)
{
    char copy[64], *end;

    if (len >= sizeof(copy))
        fail(l, "a number with too many digits");
    memcpy(copy, l->source->text + l->pos, len);
    copy[len] = '\0';
    double f = strtod(copy, &end);

    if (*end)
        fail(l, "a malformed number");
    return value_float(l->s, f);
}

/* 10 0x1f 0o17 0b11 017 10L */
static struct value *read_int(struct literal *l, size_t len)
{
    const char *text = l->source->text + l->pos;
    unsigned int base = 10;
    wide n;

    if (len > 1 && (text[len - 1] == 'L' || text[len - 1] == 'l'))
        len--;
    if (len > 1 && text[0] == '0') {
        char c = text[1] | 0x20;

        base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        if (c == 'x' || c == 'b' || c == 'o')
            text += 2, len -= 2;
    }
    if (!parse_wide(text, len, base, &n))
        fail(l, base == 8 ? "a malformed or too large number (a leading 0 means octal)"
                          : "a malformed or too large number");
    return value_int(l->s, n);
}

struct value *lex_number(struct script *s, const struct source *source, size_t *pos)
{
    struct literal l = { .s = s, .source = source, .pos = *pos, .start = *pos };
    size_t len = number_length(&l);

    *pos += len;
    return is_float(&l, len) ? read_float(&l, len) : read_int(&l, len);
}
