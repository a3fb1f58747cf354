/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making values; truth, equality and order; what they look like as text.
 *
 * Lists may contain themselves: whatever descends counts depth and steps.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "script.h"

static struct value *make(struct script *s, enum value_kind kind)
{
    struct value *v = script_alloc(s, sizeof(*v));

    v->kind = kind;
    return v;
}

struct value *value_none(struct script *s)
{
    return &s->none;
}

struct value *value_bool(struct script *s, bool b)
{
    return b ? &s->yes : &s->no;
}

struct value *value_int(struct script *s, wide n)
{
    struct value *v = make(s, VALUE_INT);

    v->number = n;
    return v;
}

struct value *value_float(struct script *s, double f)
{
    struct value *v = make(s, VALUE_FLOAT);

    v->real = f;
    return v;
}

struct value *value_str_own(struct script *s, const char *text, size_t len)
{
    struct value *v = make(s, VALUE_STR);

    v->text = text;
    v->len = len;
    return v;
}

struct value *value_str_n(struct script *s, const char *text, size_t len)
{
    char *copy = script_alloc(s, len + 1);

    if (len)
        memcpy(copy, text, len);
    return value_str_own(s, copy, len);
}

struct value *value_str(struct script *s, const char *text)
{
    return value_str_n(s, text, strlen(text));
}

static struct value *make_items(struct script *s, enum value_kind kind, size_t room)
{
    if (room > 2 * MAX_ITEMS)
        script_raise(s, "MemoryError", "a list of more than %d items", MAX_ITEMS);
    script_charge(s, room / 8);
    struct value *v = make(s, kind);

    v->size = room;
    if (room)
        v->item = script_alloc(s, room * sizeof(*v->item));
    return v;
}

struct value *value_list(struct script *s, size_t count)
{
    return make_items(s, VALUE_LIST, count);
}

struct value *value_tuple(struct script *s, size_t count)
{
    return make_items(s, VALUE_TUPLE, count);
}

struct value *value_dict(struct script *s)
{
    return make_items(s, VALUE_DICT, 0);
}

struct value *value_builtin(struct script *s, const struct builtin *info, struct value *self)
{
    struct value *v = make(s, VALUE_BUILTIN);

    v->builtin.info = info;
    v->builtin.self = self;
    return v;
}

struct value *value_module(struct script *s, const char *name)
{
    struct value *v = make(s, VALUE_MODULE);

    v->module.name = name;
    v->module.names = env_new(s, NULL);
    return v;
}

bool value_is_true(const struct value *v)
{
    switch (v->kind) {
    case VALUE_NONE:
        return false;
    case VALUE_BOOL:
    case VALUE_INT:
        return v->number != 0;
    case VALUE_FLOAT:
        return v->real != 0;
    case VALUE_STR:
        return v->len != 0;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
        return v->count != 0;
    default:
        return true;
    }
}

bool value_is_integer(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_BOOL;
}

bool value_is_number(const struct value *v)
{
    return value_is_integer(v) || v->kind == VALUE_FLOAT;
}

double value_real(const struct value *v)
{
    return v->kind == VALUE_FLOAT ? v->real : (double)v->number;
}

const char *value_type_name(const struct value *v)
{
    static const char *const names[] = {
        [VALUE_NONE] = "None", [VALUE_BOOL] = "bool", [VALUE_INT] = "int",
        [VALUE_FLOAT] = "float", [VALUE_STR] = "str", [VALUE_LIST] = "list",
        [VALUE_TUPLE] = "tuple", [VALUE_DICT] = "dict", [VALUE_FUNCTION] = "function",
        [VALUE_BUILTIN] = "function", [VALUE_MODULE] = "module",
        [VALUE_ERROR_TYPE] = "exception type", [VALUE_ERROR] = "exception",
    };

    return names[v->kind];
}

static bool items_equal(struct script *s, const struct value *a, const struct value *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!value_equal(s, a->item[i], b->item[i]))
            return false;
    }
    return true;
}

static bool dicts_equal(struct script *s, const struct value *a, const struct value *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i += 2) {
        struct value *other = dict_get(s, b, a->item[i]);

        if (!other || !value_equal(s, a->item[i + 1], other))
            return false;
    }
    return true;
}

static bool numbers_equal(const struct value *a, const struct value *b)
{
    if (value_is_integer(a) && value_is_integer(b))
        return a->number == b->number;
    return value_real(a) == value_real(b);
}

bool value_equal(struct script *s, const struct value *a, const struct value *b)
{
    bool equal = false;

    script_charge(s, 1);
    if (value_is_number(a) && value_is_number(b))
        return numbers_equal(a, b);
    if (a == b)
        return true;
    if (a->kind != b->kind)
        return false;
    script_enter(s);
    if (a->kind == VALUE_STR)
        equal = a->len == b->len && !memcmp(a->text, b->text, a->len);
    else if (a->kind == VALUE_LIST || a->kind == VALUE_TUPLE)
        equal = items_equal(s, a, b);
    else if (a->kind == VALUE_DICT)
        equal = dicts_equal(s, a, b);
    else if (a->kind == VALUE_BUILTIN)
        equal = a->builtin.info == b->builtin.info && a->builtin.self == b->builtin.self;
    else if (a->kind == VALUE_ERROR_TYPE)
        equal = a->error.type == b->error.type;
    script_leave(s);
    return equal;
}

static int compare_text(const struct value *a, const struct value *b)
{
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_items(struct script *s, const struct value *a, const struct value *b)
{
    script_enter(s);
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (value_equal(s, a->item[i], b->item[i]))
            continue;
        int order = value_compare(s, a->item[i], b->item[i]);

        script_leave(s);
        return order;
    }
    script_leave(s);
    return (a->count > b->count) - (a->count < b->count);
}

int value_compare(struct script *s, const struct value *a, const struct value *b)
{
    script_charge(s, 1);
    if (value_is_integer(a) && value_is_integer(b))
        return (a->number > b->number) - (a->number < b->number);
    if (value_is_number(a) && value_is_number(b))
        return (value_real(a) > value_real(b)) - (value_real(a) < value_real(b));
    if (a->kind == VALUE_STR && b->kind == VALUE_STR)
        return compare_text(a, b);
    if (a->kind == b->kind && (a->kind == VALUE_LIST || a->kind == VALUE_TUPLE))
        return compare_items(s, a, b);
    script_raise(s, "TypeError", "%s and %s have no order", value_type_name(a),
                 value_type_name(b));
}

/* As short as reads back the same, and with a sign of being a float. */
static void text_float(struct text *t, double f)
{
    char buf[40];

    if (isnan(f) || isinf(f)) {
        text_puts(t, isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
        return;
    }
    snprintf(buf, sizeof(buf), "%.12g", f);
    text_puts(t, buf);
    if (!strpbrk(buf, ".e"))
        text_puts(t, ".0");
}

static void text_quoted(struct text *t, const struct value *v)
{
    bool has_single = memchr(v->text, '\'', v->len), has_double = memchr(v->text, '"', v->len);
    char quote = has_single && !has_double ? '"' : '\'';

    script_charge(t->s, v->len / 16);
    text_putc(t, quote);
    for (size_t i = 0; i < v->len; i++) {
        unsigned char c = v->text[i];
        const char *named = c ? strchr("\n\r\t", c) : NULL;
        char hex[8];

        if (named)
            snprintf(hex, sizeof(hex), "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c == '\\' || c == quote)
            snprintf(hex, sizeof(hex), "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            snprintf(hex, sizeof(hex), "\\x%02x", c);
        else
            snprintf(hex, sizeof(hex), "%c", c);
        text_puts(t, hex);
    }
    text_putc(t, quote);
}

static void text_repr(struct text *t, const struct value *v);

static void text_items(struct text *t, const struct value *v)
{
    bool is_dict = v->kind == VALUE_DICT;

    text_putc(t, is_dict ? '{' : v->kind == VALUE_LIST ? '[' : '(');
    for (size_t i = 0; i < v->count; i++) {
        if (i)
            text_puts(t, is_dict && i % 2 ? ": " : ", ");
        text_repr(t, v->item[i]);
    }
    if (v->kind == VALUE_TUPLE && v->count == 1)
        text_putc(t, ',');
    text_putc(t, is_dict ? '}' : v->kind == VALUE_LIST ? ']' : ')');
}

static void text_repr(struct text *t, const struct value *v)
{
    script_charge(t->s, 1);
    script_enter(t->s);
    switch (v->kind) {
    case VALUE_NONE:
        text_puts(t, "None");
        break;
    case VALUE_BOOL:
        text_puts(t, v->number ? "True" : "False");
        break;
    case VALUE_INT:
        text_int(t, v->number);
        break;
    case VALUE_FLOAT:
        text_float(t, v->real);
        break;
    case VALUE_STR:
        text_quoted(t, v);
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
        text_items(t, v);
        break;
    case VALUE_BUILTIN:
        text_puts(t, "<function ");
        text_puts(t, v->builtin.info->name);
        text_putc(t, '>');
        break;
    case VALUE_MODULE:
        text_puts(t, "<module ");
        text_puts(t, v->module.name);
        text_putc(t, '>');
        break;
    case VALUE_ERROR:
        text_puts(t, v->error.type->name);
        text_items(t, v->error.args);
        break;
    case VALUE_ERROR_TYPE:
        text_puts(t, v->error.type->name);
        break;
    case VALUE_FUNCTION:
        text_puts(t, "<function>");
        break;
    }
    script_leave(t->s);
}

struct value *value_repr(struct script *s, const struct value *v)
{
    struct text t = { .s = s };

    text_repr(&t, v);
    return text_value(&t);
}

struct value *value_to_str(struct script *s, const struct value *v)
{
    if (v->kind == VALUE_STR)
        return value_str_own(s, v->text, v->len);
    return v->kind == VALUE_ERROR ? error_text(s, v) : value_repr(s, v);
}
