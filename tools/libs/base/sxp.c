/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * S-expressions: reading what others wrote (depth is bounded), printing what reads back the same.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/sxp.h>

#define MAX_DEPTH 200

struct reader {
    const char *pos, *end, *begin;
    unsigned int depth;
    char *error;
    size_t error_size;
};

static struct sxp *fail(struct reader *r, const char *what)
{
    unsigned int line = 1;

    for (const char *p = r->begin; p < r->pos; p++)
        line += *p == '\n';
    if (r->error_size)
        snprintf(r->error, r->error_size, "line %u: %s", line, what);
    return NULL;
}

static void skip_blanks(struct reader *r)
{
    while (r->pos < r->end) {
        if (*r->pos == '#') {
            while (r->pos < r->end && *r->pos != '\n')
                r->pos++;
        } else if (isspace((unsigned char)*r->pos)) {
            r->pos++;
        } else {
            return;
        }
    }
}

static struct sxp *atom_from(struct buffer *text)
{
    struct sxp *s = xcalloc(1, sizeof(*s));

    s->atom = buffer_detach(text);
    return s;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* After a backslash: one character, or \xHH, or \OOO. */
static char read_escape(struct reader *r)
{
    char c = *r->pos++;

    if (c == 'x' && r->end - r->pos >= 2 && isxdigit((unsigned char)r->pos[0]) &&
        isxdigit((unsigned char)r->pos[1])) {
        c = hex_digit(r->pos[0]) * 16 + hex_digit(r->pos[1]);
        r->pos += 2;
        return c;
    }
    if (c >= '0' && c <= '3' && r->end - r->pos >= 2 && is_octal(r->pos[0]) &&
        is_octal(r->pos[1])) {
        c = (c - '0') * 64 + (r->pos[0] - '0') * 8 + (r->pos[1] - '0');
        r->pos += 2;
        return c;
    }
    const char *known = "nrtbvf", *meaning = "\n\r\t\b\v\f";
    const char *at = c ? strchr(known, c) : NULL;

    return at ? meaning[at - known] : c;
}

static struct sxp *read_quoted(struct reader *r)
{
    struct buffer text = { 0 };
    char quote = *r->pos++;

    while (r->pos < r->end && *r->pos != quote) {
        char c = *r->pos++;

        if (c == '\\' && r->pos < r->end)
            c = read_escape(r);
        if (!c) {
            buffer_free(&text);
            return fail(r, "a NUL inside a string");
        }
        buffer_putc(&text, c);
    }
    if (r->pos == r->end) {
        buffer_free(&text);
        return fail(r, "the string does not end");
    }
    r->pos++;
    return atom_from(&text);
}

static bool is_bare(char c)
{
    return c && !isspace((unsigned char)c) && !strchr("()'\"", c);
}

static struct sxp *read_bare(struct reader *r)
{
    struct buffer text = { 0 };

    while (r->pos < r->end && is_bare(*r->pos))
        buffer_putc(&text, *r->pos++);
    if (!text.len)
        return fail(r, "unexpected character");
    return atom_from(&text);
}

static struct sxp *read_any(struct reader *r);

static struct sxp *read_list(struct reader *r)
{
    struct sxp *list = sxp_list(NULL);

    if (++r->depth > MAX_DEPTH) {
        sxp_free(list);
        return fail(r, "lists nest too deeply");
    }
    r->pos++;
    for (;;) {
        skip_blanks(r);
        if (r->pos == r->end) {
            sxp_free(list);
            return fail(r, "the list does not end");
        }
        if (*r->pos == ')')
            break;
        struct sxp *item = read_any(r);

        if (!item) {
            sxp_free(list);
            return NULL;
        }
        sxp_add(list, item);
    }
    r->pos++;
    r->depth--;
    return list;
}

static struct sxp *read_any(struct reader *r)
{
    skip_blanks(r);
    if (r->pos == r->end)
        return fail(r, "nothing to read");
    if (*r->pos == '(')
        return read_list(r);
    if (*r->pos == '\'' || *r->pos == '"')
        return read_quoted(r);
    return read_bare(r);
}

struct sxp *sxp_parse(const char *text, size_t len, size_t *used, char *error, size_t size)
{
    struct reader r = { .pos = text, .end = text + len, .begin = text,
                        .error = error, .error_size = size };
    struct sxp *s = read_any(&r);

    if (used)
        *used = r.pos - text;
    return s;
}

void sxp_free(struct sxp *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        sxp_free(s->item[i]);
    free(s->item);
    free(s->atom);
    free(s);
}

struct sxp *sxp_atom(const char *text)
{
    struct sxp *s = xcalloc(1, sizeof(*s));

    s->atom = xstrdup(text);
    return s;
}

struct sxp *sxp_list(const char *head)
{
    struct sxp *s = xcalloc(1, sizeof(*s));

    if (head)
        sxp_add(s, sxp_atom(head));
    return s;
}

struct sxp *sxp_copy(const struct sxp *s)
{
    if (s->atom)
        return sxp_atom(s->atom);
    struct sxp *copy = sxp_list(NULL);

    for (size_t i = 0; i < s->count; i++)
        sxp_add(copy, sxp_copy(s->item[i]));
    return copy;
}

struct sxp *sxp_add(struct sxp *list, struct sxp *item)
{
    if (list->count == list->size) {
        list->size = list->size ? list->size * 2 : 4;
        list->item = xrealloc(list->item, list->size * sizeof(*list->item));
    }
    list->item[list->count++] = item;
    return item;
}

void sxp_add_pair(struct sxp *list, const char *key, const char *value)
{
    sxp_add(sxp_add(list, sxp_list(key)), sxp_atom(value));
}

void sxp_add_pairf(struct sxp *list, const char *key, const char *fmt, ...)
{
    struct buffer text = { 0 };
    va_list args;

    va_start(args, fmt);
    buffer_vprintf(&text, fmt, args);
    va_end(args);
    sxp_add_pair(list, key, buffer_string(&text));
    buffer_free(&text);
}

void sxp_remove(struct sxp *list, size_t index)
{
    sxp_free(list->item[index]);
    list->count--;
    memmove(list->item + index, list->item + index + 1,
            (list->count - index) * sizeof(*list->item));
}

const char *sxp_head(const struct sxp *s)
{
    return s->count ? s->item[0]->atom : NULL;
}

struct sxp *sxp_find(const struct sxp *list, const char *key, size_t n)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *head = sxp_head(list->item[i]);

        if (head && !strcmp(head, key) && n-- == 0)
            return list->item[i];
    }
    return NULL;
}

const char *sxp_value(const struct sxp *list, const char *key)
{
    const struct sxp *pair = sxp_find(list, key, 0);

    return pair && pair->count > 1 ? pair->item[1]->atom : NULL;
}

bool sxp_equal(const struct sxp *a, const struct sxp *b)
{
    if (a->atom || b->atom)
        return a->atom && b->atom && !strcmp(a->atom, b->atom);
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!sxp_equal(a->item[i], b->item[i]))
            return false;
    }
    return true;
}

static void print_atom(struct buffer *out, const char *text)
{
    bool bare = *text && *text != '#';

    for (const char *p = text; *p && bare; p++)
        bare = is_bare(*p) && *p != '\\' && (unsigned char)*p > 0x20 && *p != 0x7f;
    if (bare) {
        buffer_puts(out, text);
        return;
    }
    buffer_putc(out, '\'');
    for (; *text; text++) {
        unsigned char c = *text;

        if (c == '\'' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buffer_printf(out, "\\x%02x", c);
        else
            buffer_putc(out, c);
    }
    buffer_putc(out, '\'');
}

void sxp_print(struct buffer *out, const struct sxp *s)
{
    if (s->atom) {
        print_atom(out, s->atom);
        return;
    }
    buffer_putc(out, '(');
    for (size_t i = 0; i < s->count; i++) {
        if (i)
            buffer_putc(out, ' ');
        sxp_print(out, s->item[i]);
    }
    buffer_putc(out, ')');
}

static bool has_lists(const struct sxp *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (sxp_is_list(s->item[i]))
            return true;
    }
    return false;
}

static void print_indented(struct buffer *out, const struct sxp *s, unsigned int depth)
{
    if (s->atom || !has_lists(s)) {
        sxp_print(out, s);
        return;
    }
    buffer_putc(out, '(');
    for (size_t i = 0; i < s->count; i++) {
        if (sxp_is_list(s->item[i]))
            buffer_printf(out, "\n%*s", (int)(depth + 1) * 4, "");
        else if (i)
            buffer_putc(out, ' ');
        print_indented(out, s->item[i], depth + 1);
    }
    buffer_printf(out, "\n%*s)", (int)depth * 4, "");
}

void sxp_print_pretty(struct buffer *out, const struct sxp *s)
{
    print_indented(out, s, 0);
    buffer_putc(out, '\n');
}
