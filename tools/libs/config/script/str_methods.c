/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be asked of a string, as "a,b".split(',').
 */
#include <ctype.h>
#include <string.h>

#include "node.h"

#define METHOD(name) \
    static struct value *name(struct script *s, struct value *self, struct value **arg, \
                              size_t count)
#define UNUSED (void)s, (void)self, (void)arg, (void)count

static bool is_none(const struct value *v)
{
    return !v || v->kind == VALUE_NONE;
}

static const struct value *want_str(struct script *s, const struct value *v)
{
    if (v->kind != VALUE_STR)
        script_raise(s, "TypeError", "expected a str, not a %s", value_type_name(v));
    return v;
}

static void add_piece(struct script *s, struct value *list, const char *from, const char *to)
{
    list_append(s, list, value_str_n(s, from, to - from));
}

static struct value *split_blanks(struct script *s, const struct value *self, wide max)
{
    const char *p = self->text, *end = p + self->len;
    struct value *list = value_list(s, 0);

    for (;;) {
        while (p < end && isspace((unsigned char)*p))
            p++;
        if (p == end)
            return list;
        const char *from = p;

        if (max >= 0 && (wide)list->count >= max) {
            while (isspace((unsigned char)end[-1]))
                end--;
            add_piece(s, list, from, end);
            return list;
        }
        while (p < end && !isspace((unsigned char)*p))
            p++;
        add_piece(s, list, from, p);
    }
}

METHOD(str_split)
{
    wide max = arg[1] ? int_arg(s, arg[1], "maxsplit") : -1;

    (void)count;
    script_charge(s, self->len / 8);
    if (is_none(arg[0]))
        return split_blanks(s, self, max);
    const struct value *sep = want_str(s, arg[0]);
    const char *p = self->text, *end = p + self->len;
    struct value *list = value_list(s, 0);

    if (!sep->len)
        script_raise(s, "ValueError", "an empty separator");
    for (;;) {
        const char *at = max < 0 || (wide)list->count < max
                       ? memmem(p, end - p, sep->text, sep->len) : NULL;

        add_piece(s, list, p, at ? at : end);
        if (!at)
            return list;
        p = at + sep->len;
    }
}

static const char *find_last(const char *text, size_t len, const struct value *what)
{
    for (size_t at = len < what->len ? 0 : len - what->len + 1; at-- > 0;) {
        if (!memcmp(text + at, what->text, what->len))
            return text + at;
    }
    return NULL;
}

static void reverse_items(struct value *list)
{
    for (size_t i = 0; i < list->count / 2; i++) {
        struct value *v = list->item[i];

        list->item[i] = list->item[list->count - 1 - i];
        list->item[list->count - 1 - i] = v;
    }
}

METHOD(str_rsplit)
{
    wide max = arg[1] ? int_arg(s, arg[1], "maxsplit") : -1;

    if (max < 0 || is_none(arg[0]))
        return str_split(s, self, arg, count);
    const struct value *sep = want_str(s, arg[0]);
    const char *end = self->text + self->len, *at;
    struct value *list = value_list(s, 0);

    if (!sep->len)
        script_raise(s, "ValueError", "an empty separator");
    while ((wide)list->count < max) {
        script_charge(s, 1 + (end - self->text) / 16);
        at = find_last(self->text, end - self->text, sep);
        if (!at)
            break;
        add_piece(s, list, at + sep->len, end);
        end = at;
    }
    add_piece(s, list, self->text, end);
    reverse_items(list);
    return list;
}

METHOD(str_splitlines)
{
    struct value *list = value_list(s, 0);
    const char *p = self->text, *end = p + self->len;

    UNUSED;
    while (p < end) {
        const char *stop = p;

        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        add_piece(s, list, p, stop);
        if (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n')
            stop++;
        p = stop + 1;
    }
    return list;
}

static bool in_set(char c, const struct value *set)
{
    return set ? memchr(set->text, c, set->len) != NULL : isspace((unsigned char)c) != 0;
}

static struct value *strip(struct script *s, const struct value *self, const struct value *set,
                           bool left, bool right)
{
    const char *p = self->text, *end = p + self->len;

    if (is_none(set))
        set = NULL;
    else
        want_str(s, set);
    script_charge(s, self->len / 8);
    while (left && p < end && in_set(*p, set))
        p++;
    while (right && p < end && in_set(end[-1], set))
        end--;
    return value_str_n(s, p, end - p);
}

METHOD(str_strip)
{
    (void)count;
    return strip(s, self, arg[0], true, true);
}

METHOD(str_lstrip)
{
    (void)count;
    return strip(s, self, arg[0], true, false);
}

METHOD(str_rstrip)
{
    (void)count;
    return strip(s, self, arg[0], false, true);
}

METHOD(str_replace)
{
    const struct value *old = want_str(s, arg[0]), *by = want_str(s, arg[1]);
    const char *p = self->text, *end = p + self->len, *at = NULL;
    wide left = arg[2] ? int_arg(s, arg[2], "count") : -1;
    struct text t = { .s = s };

    (void)count;
    while (old->len && left-- != 0 && (at = memmem(p, end - p, old->text, old->len))) {
        script_charge(s, 1);
        text_add(&t, p, at - p);
        text_add(&t, by->text, by->len);
        p = at + old->len;
    }
    text_add(&t, p, end - p);
    return text_value(&t);
}

enum letters { LOWER, UPPER, TITLE, CAPITAL };

static struct value *change_case(struct script *s, const struct value *self, enum letters how)
{
    struct value *v = value_str_n(s, self->text, self->len);
    char *p = (char *)v->text;
    bool first = true;

    script_charge(s, self->len / 8);
    for (size_t i = 0; i < v->len; i++) {
        unsigned char c = p[i];
        bool up = how == UPPER || (first && how != LOWER);

        p[i] = up ? toupper(c) : tolower(c);
        first = how == TITLE && !isalpha(c);
    }
    return v;
}

METHOD(str_lower)
{
    UNUSED;
    return change_case(s, self, LOWER);
}

METHOD(str_upper)
{
    UNUSED;
    return change_case(s, self, UPPER);
}

METHOD(str_title)
{
    UNUSED;
    return change_case(s, self, TITLE);
}

METHOD(str_capitalize)
{
    UNUSED;
    return change_case(s, self, CAPITAL);
}

METHOD(str_join)
{
    struct value *items = value_items(s, arg[0]);
    struct text t = { .s = s };

    (void)count;
    script_charge(s, items->count);
    for (size_t i = 0; i < items->count; i++) {
        const struct value *v = want_str(s, items->item[i]);

        if (i)
            text_add(&t, self->text, self->len);
        text_add(&t, v->text, v->len);
    }
    return text_value(&t);
}

/* One string or any of a tuple of them. */
static bool has_end(struct script *s, const struct value *self, const struct value *what,
                    bool at_start)
{
    script_charge(s, 1);
    for (size_t i = 0; what->kind == VALUE_TUPLE && i < what->count; i++) {
        const struct value *one = want_str(s, what->item[i]);

        if (has_end(s, self, one, at_start))
            return true;
    }
    if (what->kind == VALUE_TUPLE)
        return false;
    want_str(s, what);
    return what->len <= self->len &&
           !memcmp(self->text + (at_start ? 0 : self->len - what->len), what->text, what->len);
}

METHOD(str_startswith)
{
    (void)count;
    return value_bool(s, has_end(s, self, arg[0], true));
}

METHOD(str_endswith)
{
    (void)count;
    return value_bool(s, has_end(s, self, arg[0], false));
}

static wide find(struct script *s, const struct value *self, struct value **arg, bool last)
{
    const struct value *what = want_str(s, arg[0]);
    wide start = arg[1] ? int_arg(s, arg[1], "start") : 0;

    if (start < 0)
        start = start + (wide)self->len < 0 ? 0 : start + (wide)self->len;
    if (start > (wide)self->len)
        return -1;
    script_charge(s, last ? self->len : self->len / 16);
    const char *from = self->text + start;
    size_t len = self->len - start;
    const char *at = last ? find_last(from, len, what) : memmem(from, len, what->text, what->len);

    return at ? at - self->text : -1;
}

METHOD(str_find)
{
    (void)count;
    return value_int(s, find(s, self, arg, false));
}

METHOD(str_rfind)
{
    (void)count;
    return value_int(s, find(s, self, arg, true));
}

METHOD(str_index)
{
    wide at = find(s, self, arg, false);

    (void)count;
    if (at < 0)
        script_raise(s, "ValueError", "substring not found");
    return value_int(s, at);
}

METHOD(str_count)
{
    const struct value *what = want_str(s, arg[0]);
    const char *p = self->text, *end = p + self->len;
    wide n = 0;

    (void)count;
    while (what->len && (p = memmem(p, end - p, what->text, what->len))) {
        script_charge(s, 1);
        p += what->len;
        n++;
    }
    return value_int(s, n);
}

METHOD(str_format)
{
    return format_braces(s, self, arg, count);
}

static struct value *all_are(struct script *s, const struct value *self, int (*is)(int))
{
    script_charge(s, self->len / 8);
    for (size_t i = 0; i < self->len; i++) {
        if (!is((unsigned char)self->text[i]))
            return value_bool(s, false);
    }
    return value_bool(s, self->len > 0);
}

METHOD(str_isdigit)
{
    UNUSED;
    return all_are(s, self, isdigit);
}

METHOD(str_isalpha)
{
    UNUSED;
    return all_are(s, self, isalpha);
}

METHOD(str_isalnum)
{
    UNUSED;
    return all_are(s, self, isalnum);
}

METHOD(str_isspace)
{
    UNUSED;
    return all_are(s, self, isspace);
}

static struct value *pad(struct script *s, const struct value *self, struct value **arg,
                         unsigned int left_share)
{
    wide width = int_arg(s, arg[0], "width");
    const struct value *fill = arg[1] ? want_str(s, arg[1]) : value_str(s, " ");
    size_t room = width > (wide)self->len ? (size_t)(width > MAX_TEXT ? MAX_TEXT : width)
                                            - self->len : 0;
    size_t left = room * left_share / 2;
    struct text t = { .s = s };

    if (fill->len != 1)
        script_raise(s, "TypeError", "the fill is one character");
    text_pad(&t, *fill->text, left);
    text_add(&t, self->text, self->len);
    text_pad(&t, *fill->text, room - left);
    return text_value(&t);
}

METHOD(str_ljust)
{
    (void)count;
    return pad(s, self, arg, 0);
}

METHOD(str_center)
{
    (void)count;
    return pad(s, self, arg, 1);
}

METHOD(str_rjust)
{
    (void)count;
    return pad(s, self, arg, 2);
}

METHOD(str_zfill)
{
    wide width = int_arg(s, arg[0], "width");
    bool has_sign = self->len && (*self->text == '-' || *self->text == '+');
    struct text t = { .s = s };

    (void)count;
    text_add(&t, self->text, has_sign);
    if (width > (wide)self->len)
        text_pad(&t, '0', (size_t)(width > MAX_TEXT ? MAX_TEXT : width) - self->len);
    text_add(&t, self->text + has_sign, self->len - has_sign);
    return text_value(&t);
}

static struct value *partition(struct script *s, struct value *self, struct value **arg, bool last)
{
    const struct value *sep = want_str(s, arg[0]);
    wide at = find(s, self, (struct value *[]){ arg[0], NULL }, last);
    struct value *t = value_tuple(s, 3), *empty = value_str(s, "");

    if (at < 0) {
        list_append(s, t, last ? empty : self);
        list_append(s, t, empty);
        list_append(s, t, last ? self : empty);
        return t;
    }
    list_append(s, t, value_str_n(s, self->text, at));
    list_append(s, t, arg[0]);
    list_append(s, t, value_str_n(s, self->text + at + sep->len, self->len - at - sep->len));
    return t;
}

METHOD(str_partition)
{
    (void)count;
    return partition(s, self, arg, false);
}

METHOD(str_rpartition)
{
    (void)count;
    return partition(s, self, arg, true);
}

/* encode and decode: all text is bytes here. */
METHOD(str_same)
{
    UNUSED;
    return self;
}

static const struct builtin methods[] = {
    { "capitalize", str_capitalize, 0, 0, NULL },
    { "center", str_center, 1, 2, NULL },
    { "count", str_count, 1, 1, NULL },
    { "decode", str_same, 0, 2, NULL },
    { "encode", str_same, 0, 2, NULL },
    { "endswith", str_endswith, 1, 1, NULL },
    { "find", str_find, 1, 2, NULL },
    { "format", str_format, 0, MANY, NULL },
    { "index", str_index, 1, 2, NULL },
    { "isalnum", str_isalnum, 0, 0, NULL },
    { "isalpha", str_isalpha, 0, 0, NULL },
    { "isdigit", str_isdigit, 0, 0, NULL },
    { "isspace", str_isspace, 0, 0, NULL },
    { "join", str_join, 1, 1, NULL },
    { "ljust", str_ljust, 1, 2, NULL },
    { "lower", str_lower, 0, 0, NULL },
    { "lstrip", str_lstrip, 0, 1, NULL },
    { "partition", str_partition, 1, 1, NULL },
    { "replace", str_replace, 2, 3, NULL },
    { "rfind", str_rfind, 1, 2, NULL },
    { "rjust", str_rjust, 1, 2, NULL },
    { "rpartition", str_rpartition, 1, 1, NULL },
    { "rsplit", str_rsplit, 0, 2, "sep maxsplit" },
    { "rstrip", str_rstrip, 0, 1, NULL },
    { "split", str_split, 0, 2, "sep maxsplit" },
    { "splitlines", str_splitlines, 0, 0, NULL },
    { "startswith", str_startswith, 1, 1, NULL },
    { "strip", str_strip, 0, 1, NULL },
    { "title", str_title, 0, 0, NULL },
    { "upper", str_upper, 0, 0, NULL },
    { "zfill", str_zfill, 1, 1, NULL },
};

const struct builtin *str_method(const char *name)
{
    return builtin_in(methods, sizeof(methods) / sizeof(*methods), name);
}
