/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that need no import. What would run programs or ask the user is not here.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

#define BUILTIN(name) \
    static struct value *name(struct script *s, struct value *self, struct value **arg, \
                              size_t count)
#define UNUSED (void)s, (void)self, (void)arg, (void)count

const struct builtin *builtin_in(const struct builtin *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(table[i].name, name))
            return &table[i];
    }
    return NULL;
}

wide int_arg(struct script *s, const struct value *v, const char *what)
{
    if (!value_is_integer(v))
        script_raise(s, "TypeError", "%s is an int, not a %s", what, value_type_name(v));
    return v->number;
}

const char *str_arg(struct script *s, const struct value *v, const char *what)
{
    if (v->kind != VALUE_STR)
        script_raise(s, "TypeError", "%s is a str, not a %s", what, value_type_name(v));
    if (strlen(v->text) != v->len)
        script_raise(s, "ValueError", "%s holds a NUL", what);
    return v->text;
}

BUILTIN(do_int)
{
    const struct value *v = arg[0];
    wide base = arg[1] ? int_arg(s, arg[1], "base") : 10, n;

    (void)self, (void)count;
    if (!v)
        return value_int(s, 0);
    if (value_is_integer(v))
        return value_int(s, v->number);
    if (v->kind == VALUE_FLOAT) {
        if (!(v->real > -1e38 && v->real < 1e38))
            script_raise(s, "OverflowError", "the number is too large");
        return value_int(s, (wide)v->real);
    }
    if (v->kind != VALUE_STR)
        script_raise(s, "TypeError", "int() takes a str or a number, not a %s",
                     value_type_name(v));
    if (base != 0 && (base < 2 || base > 36))
        script_raise(s, "ValueError", "the base of int() is 0 or 2 to 36");
    if (!parse_wide(v->text, v->len, base, &n))
        script_raise(s, "ValueError", "invalid literal for int() with base %d: %.100s",
                     (int)base, value_repr(s, v)->text);
    return value_int(s, n);
}

BUILTIN(do_float)
{
    const struct value *v = arg[0];
    char *end;

    (void)self, (void)count;
    if (value_is_number(v))
        return value_float(s, value_real(v));
    double f = strtod(str_arg(s, v, "what float() takes"), &end);

    while (isspace((unsigned char)*end))
        end++;
    if (*end || end == v->text)
        script_raise(s, "ValueError", "invalid literal for float(): %.100s",
                     value_repr(s, v)->text);
    return value_float(s, f);
}

BUILTIN(do_str)
{
    (void)self, (void)count;
    return arg[0] ? value_to_str(s, arg[0]) : value_str(s, "");
}

BUILTIN(do_repr)
{
    UNUSED;
    return value_repr(s, arg[0]);
}

BUILTIN(do_bool)
{
    UNUSED;
    return value_bool(s, arg[0] && value_is_true(arg[0]));
}

BUILTIN(do_len)
{
    const struct value *v = arg[0];

    (void)self, (void)count;
    if (v->kind == VALUE_STR)
        return value_int(s, v->len);
    if (v->kind == VALUE_DICT)
        return value_int(s, v->count / 2);
    if (v->kind != VALUE_LIST && v->kind != VALUE_TUPLE)
        script_raise(s, "TypeError", "a %s has no length", value_type_name(v));
    return value_int(s, v->count);
}

/* Sums of two cannot leave their width. */
static bool is_modest(wide n)
{
    const wide bound = (wide)1 << 100;

    return n > -bound && n < bound;
}

BUILTIN(do_range)
{
    wide start = 0, stop = int_arg(s, arg[0], "stop"), step = 1;
    struct value *list = value_list(s, 0);

    (void)self, (void)count;
    if (arg[1]) {
        start = stop;
        stop = int_arg(s, arg[1], "stop");
    }
    if (arg[2])
        step = int_arg(s, arg[2], "step");
    if (!step)
        script_raise(s, "ValueError", "a step of 0");
    if (!is_modest(start) || !is_modest(stop) || !is_modest(step))
        script_raise(s, "OverflowError", "range() of such large numbers");
    for (wide i = start; step > 0 ? i < stop : i > stop; i += step) {
        script_charge(s, 1);
        list_append(s, list, value_int(s, i));
    }
    return list;
}

static struct value *to_list(struct script *s, struct value *from, enum value_kind kind)
{
    struct value *list = value_list(s, 0), *items = from ? value_items(s, from) : list;
    size_t count = items->count;

    for (size_t i = 0; i < count; i++)
        list_append(s, list, items->item[i]);
    list->kind = kind;
    return list;
}

BUILTIN(do_list)
{
    UNUSED;
    return to_list(s, arg[0], VALUE_LIST);
}

BUILTIN(do_tuple)
{
    UNUSED;
    return to_list(s, arg[0], VALUE_TUPLE);
}

BUILTIN(do_dict)
{
    struct value *dict = value_dict(s);

    (void)self, (void)count;
    if (arg[0] && arg[0]->kind == VALUE_DICT) {
        for (size_t i = 0; i < arg[0]->count; i += 2)
            dict_put(s, dict, arg[0]->item[i], arg[0]->item[i + 1]);
        return dict;
    }
    struct value *items = arg[0] ? value_items(s, arg[0]) : value_list(s, 0);

    for (size_t i = 0; i < items->count; i++) {
        struct value *pair = value_items(s, items->item[i]);

        if (pair->count != 2)
            script_raise(s, "ValueError", "dict() takes pairs");
        dict_put(s, dict, pair->item[0], pair->item[1]);
    }
    return dict;
}

/* The greatest, or with sign -1 the least, of the arguments or of the only one's items. */
static struct value *extreme(struct script *s, struct value **arg, size_t count, int sign)
{
    struct value *items = count == 1 ? value_items(s, arg[0]) : NULL;
    struct value **v = items ? items->item : arg, *best = NULL;
    size_t n = items ? items->count : count;

    for (size_t i = 0; i < n; i++) {
        if (!best || value_compare(s, v[i], best) * sign > 0)
            best = v[i];
    }
    if (!best)
        script_raise(s, "ValueError", "nothing to choose from");
    return best;
}

BUILTIN(do_min)
{
    (void)self;
    return extreme(s, arg, count, -1);
}

BUILTIN(do_max)
{
    (void)self;
    return extreme(s, arg, count, 1);
}

BUILTIN(do_sum)
{
    struct value *items = value_items(s, arg[0]);
    struct value *sum = arg[1] ? arg[1] : value_int(s, 0);

    (void)self, (void)count;
    for (size_t i = 0; i < items->count; i++) {
        script_charge(s, 1);
        sum = binary(s, "+", sum, items->item[i]);
    }
    return sum;
}

BUILTIN(do_abs)
{
    UNUSED;
    if (!value_is_number(arg[0]))
        script_raise(s, "TypeError", "abs() takes a number");
    bool negative = value_is_integer(arg[0]) ? arg[0]->number < 0 : arg[0]->real < 0;

    return negative ? unary(s, "-", arg[0]) : arg[0];
}

/* Merge sort: stable, and its steps are counted. */
static void merge_sort(struct script *s, struct value **v, struct value **keys,
                       struct value **spare, size_t n, int sign)
{
    if (n < 2)
        return;
    size_t half = n / 2, a = 0, b = half, out = 0;

    merge_sort(s, v, keys, spare, half, sign);
    merge_sort(s, v + half, keys + half, spare, n - half, sign);
    while (out < n) {
        bool first = b == n || (a < half && value_compare(s, keys[a], keys[b]) * sign <= 0);
        size_t from = first ? a++ : b++;

        spare[out] = keys[from];
        spare[n + out++] = v[from];
    }
    memcpy(keys, spare, n * sizeof(*keys));
    memcpy(v, spare + n, n * sizeof(*v));
}

struct value *sorted(struct script *s, const struct value *list, struct value *key, bool reverse)
{
    struct value *result = value_list(s, list->count);
    struct value **keys = script_alloc(s, 3 * list->count * sizeof(*keys));

    for (size_t i = 0; i < list->count; i++)
        list_append(s, result, list->item[i]);
    for (size_t i = 0; i < result->count; i++) {
        bool has_key = key && key->kind != VALUE_NONE;

        keys[i] = has_key ? call(s, key, &result->item[i], 1, NULL) : result->item[i];
    }
    merge_sort(s, result->item, keys, keys + result->count, result->count, reverse ? -1 : 1);
    return result;
}

BUILTIN(do_sorted)
{
    (void)self, (void)count;
    return sorted(s, value_items(s, arg[0]), arg[1], arg[2] && value_is_true(arg[2]));
}

BUILTIN(do_reversed)
{
    struct value *items = value_items(s, arg[0]), *list = value_list(s, items->count);

    (void)self, (void)count;
    for (size_t i = items->count; i-- > 0;)
        list_append(s, list, items->item[i]);
    return list;
}

BUILTIN(do_enumerate)
{
    struct value *items = value_items(s, arg[0]), *list = value_list(s, items->count);
    wide n = arg[1] ? int_arg(s, arg[1], "start") : 0;

    (void)self, (void)count;
    for (size_t i = 0; i < items->count; i++) {
        struct value *pair = value_tuple(s, 2);

        list_append(s, pair, binary(s, "+", value_int(s, n), value_int(s, i)));
        list_append(s, pair, items->item[i]);
        list_append(s, list, pair);
    }
    return list;
}

BUILTIN(do_zip)
{
    struct value *list = value_list(s, 0);

    (void)self;
    for (size_t i = 0; i < count; i++)
        arg[i] = value_items(s, arg[i]);
    for (size_t n = 0; count; n++) {
        struct value *t = value_tuple(s, count);

        for (size_t i = 0; i < count; i++) {
            if (n >= arg[i]->count)
                return list;
            list_append(s, t, arg[i]->item[n]);
        }
        list_append(s, list, t);
    }
    return list;
}

BUILTIN(do_map)
{
    struct value *items = value_items(s, arg[1]), *list = value_list(s, 0);

    (void)self, (void)count;
    for (size_t i = 0; i < items->count; i++)
        list_append(s, list, call(s, arg[0], &items->item[i], 1, NULL));
    return list;
}

BUILTIN(do_filter)
{
    struct value *items = value_items(s, arg[1]), *list = value_list(s, 0);

    (void)self, (void)count;
    for (size_t i = 0; i < items->count; i++) {
        struct value *item = items->item[i];
        bool plain = arg[0]->kind == VALUE_NONE;

        if (value_is_true(plain ? item : call(s, arg[0], &item, 1, NULL)))
            list_append(s, list, item);
    }
    return list;
}

BUILTIN(do_any)
{
    struct value *items = value_items(s, arg[0]);

    (void)self, (void)count;
    for (size_t i = 0; i < items->count; i++) {
        if (value_is_true(items->item[i]))
            return value_bool(s, true);
    }
    return value_bool(s, false);
}

BUILTIN(do_all)
{
    struct value *items = value_items(s, arg[0]);

    (void)self, (void)count;
    for (size_t i = 0; i < items->count; i++) {
        if (!value_is_true(items->item[i]))
            return value_bool(s, false);
    }
    return value_bool(s, true);
}

static struct value *in_base(struct script *s, const struct value *v, const char *prefix,
                             unsigned int base)
{
    struct text t = { .s = s };
    wide n = int_arg(s, v, "the number");

    if (n < 0)
        text_putc(&t, '-');
    text_puts(&t, prefix);
    text_number(&t, n < 0 ? -(unsigned __int128)n : (unsigned __int128)n, base, false);
    return text_value(&t);
}

BUILTIN(do_hex)
{
    UNUSED;
    return in_base(s, arg[0], "0x", 16);
}

BUILTIN(do_oct)
{
    UNUSED;
    return in_base(s, arg[0], "0", 8);
}

BUILTIN(do_bin)
{
    UNUSED;
    return in_base(s, arg[0], "0b", 2);
}

BUILTIN(do_chr)
{
    wide n = int_arg(s, arg[0], "the character's number");
    char c = n;

    (void)self, (void)count;
    if (n < 0 || n > 255)
        script_raise(s, "ValueError", "chr() takes 0 to 255");
    return value_str_n(s, &c, 1);
}

BUILTIN(do_ord)
{
    UNUSED;
    if (arg[0]->kind != VALUE_STR || arg[0]->len != 1)
        script_raise(s, "TypeError", "ord() takes one character");
    return value_int(s, (unsigned char)*arg[0]->text);
}

BUILTIN(do_round)
{
    wide digits = arg[1] ? int_arg(s, arg[1], "digits") : 0;
    double scale = 1;

    (void)self, (void)count;
    if (!value_is_number(arg[0]) || digits < 0 || digits > 15)
        script_raise(s, "TypeError", "round() takes a number and at most 15 digits");
    for (wide i = 0; i < digits; i++)
        scale *= 10;
    return value_float(s, __builtin_round(value_real(arg[0]) * scale) / scale);
}

/* Types are their own functions: type(1) == int. */
static const char *function_of_type(const struct value *v)
{
    return v->kind == VALUE_NONE ? "None" : value_type_name(v);
}

static struct value *type_of(struct script *s, const struct value *v)
{
    const char *name = function_of_type(v);
    struct variable *found = env_find(s->builtins, script_symbol(s, name, strlen(name)));

    return found ? found->value : value_str(s, name);
}

BUILTIN(do_type)
{
    UNUSED;
    return type_of(s, arg[0]);
}

static bool is_of_type(struct script *s, const struct value *v, const struct value *type)
{
    if (type->kind == VALUE_ERROR_TYPE)
        return v->kind == VALUE_ERROR && error_type_is(v->error.type, type->error.type);
    if (type->kind != VALUE_BUILTIN)
        script_raise(s, "TypeError", "isinstance() takes a type, not a %s",
                     value_type_name(type));
    const char *name = type->builtin.info->name;

    if (!strcmp(name, "int") || !strcmp(name, "long"))
        return value_is_integer(v);
    if (!strcmp(name, "unicode") || !strcmp(name, "basestring"))
        return v->kind == VALUE_STR;
    return !strcmp(name, value_type_name(v));
}

BUILTIN(do_isinstance)
{
    const struct value *types = arg[1];

    (void)self, (void)count;
    if (types->kind != VALUE_TUPLE)
        return value_bool(s, is_of_type(s, arg[0], types));
    for (size_t i = 0; i < types->count; i++) {
        if (is_of_type(s, arg[0], types->item[i]))
            return value_bool(s, true);
    }
    return value_bool(s, false);
}

static struct value *names_of(struct script *s, struct env *e)
{
    struct value *dict = value_dict(s);

    for (size_t i = 0; i < e->size; i++) {
        struct variable *v = &e->slot[i];

        if (!v->name || !v->value)
            continue;
        v->is_read = true;
        dict_put(s, dict, value_str_own(s, v->name->name, v->name->len), v->value);
    }
    return dict;
}

BUILTIN(do_locals)
{
    UNUSED;
    return names_of(s, s->env);
}

BUILTIN(do_globals)
{
    UNUSED;
    return names_of(s, s->globals);
}

BUILTIN(do_print)
{
    struct text t = { .s = s };

    (void)self;
    for (size_t i = 0; i < count; i++) {
        struct value *v = value_to_str(s, arg[i]);

        if (i)
            text_putc(&t, ' ');
        text_add(&t, v->text, v->len);
    }
    text_putc(&t, '\n');
    script_print(s, t.data, t.len, false);
    return value_none(s);
}

BUILTIN(do_execfile)
{
    UNUSED;
    script_include(s, source_load(s, str_arg(s, arg[0], "the file's name")));
    return value_none(s);
}

BUILTIN(file_read)
{
    UNUSED;
    return self;
}

BUILTIN(file_lines)
{
    const char *p = self->text, *end = p + self->len;
    struct value *list = value_list(s, 0);

    UNUSED;
    while (p < end) {
        const char *stop = memchr(p, '\n', end - p);

        stop = stop ? stop + 1 : end;
        list_append(s, list, value_str_n(s, p, stop - p));
        p = stop;
    }
    return list;
}

BUILTIN(file_close)
{
    UNUSED;
    return value_none(s);
}

static const struct builtin file_methods[] = {
    { "close", file_close, 0, 0, NULL },
    { "read", file_read, 0, 0, NULL },
    { "readlines", file_lines, 0, 0, NULL },
};

/* The whole text, read at once, with the methods of a file; for reading only. */
BUILTIN(do_open)
{
    const char *mode = arg[1] ? str_arg(s, arg[1], "the mode") : "r";

    (void)self, (void)count;
    if (*mode != 'r' || strchr(mode, '+'))
        script_raise(s, "IOError", "a configuration file may only open files for reading");
    struct source *source = source_load(s, str_arg(s, arg[0], "the file's name"));
    struct value *file = value_module(s, "file"),
                 *text = value_str_own(s, source->text, source->len);

    env_set_name(s, file->module.names, "__text__", text);
    for (size_t i = 0; i < sizeof(file_methods) / sizeof(*file_methods); i++)
        env_set_name(s, file->module.names, file_methods[i].name,
                     value_builtin(s, &file_methods[i], text));
    return file;
}

static const struct builtin functions[] = {
    { "abs", do_abs, 1, 1, NULL },
    { "all", do_all, 1, 1, NULL },
    { "any", do_any, 1, 1, NULL },
    { "basestring", do_str, 0, 1, NULL },
    { "bin", do_bin, 1, 1, NULL },
    { "bool", do_bool, 0, 1, NULL },
    { "chr", do_chr, 1, 1, NULL },
    { "dict", do_dict, 0, 1, NULL },
    { "enumerate", do_enumerate, 1, 2, NULL },
    { "execfile", do_execfile, 1, 1, NULL },
    { "file", do_open, 1, 2, NULL },
    { "filter", do_filter, 2, 2, NULL },
    { "float", do_float, 1, 1, NULL },
    { "globals", do_globals, 0, 0, NULL },
    { "hex", do_hex, 1, 1, NULL },
    { "int", do_int, 0, 2, "x base" },
    { "isinstance", do_isinstance, 2, 2, NULL },
    { "len", do_len, 1, 1, NULL },
    { "list", do_list, 0, 1, NULL },
    { "locals", do_locals, 0, 0, NULL },
    { "long", do_int, 0, 2, "x base" },
    { "map", do_map, 2, 2, NULL },
    { "max", do_max, 1, MANY, NULL },
    { "min", do_min, 1, MANY, NULL },
    { "oct", do_oct, 1, 1, NULL },
    { "open", do_open, 1, 2, NULL },
    { "ord", do_ord, 1, 1, NULL },
    { "print", do_print, 0, MANY, NULL },
    { "range", do_range, 1, 3, NULL },
    { "repr", do_repr, 1, 1, NULL },
    { "reversed", do_reversed, 1, 1, NULL },
    { "round", do_round, 1, 2, NULL },
    { "sorted", do_sorted, 1, 3, "iterable key reverse" },
    { "str", do_str, 0, 1, NULL },
    { "sum", do_sum, 1, 2, NULL },
    { "tuple", do_tuple, 0, 1, NULL },
    { "type", do_type, 1, 1, NULL },
    { "unicode", do_str, 0, 2, NULL },
    { "vars", do_locals, 0, 0, NULL },
    { "xrange", do_range, 1, 3, NULL },
    { "zip", do_zip, 0, MANY, NULL },
};

void builtins_offer(struct script *s)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
        env_set_name(s, s->builtins, functions[i].name, value_builtin(s, &functions[i], NULL));
    env_set_name(s, s->builtins, "None", value_none(s));
    env_set_name(s, s->builtins, "True", value_bool(s, true));
    env_set_name(s, s->builtins, "False", value_bool(s, false));
    /* Imported beforehand, as the files expect. */
    env_set_name(s, s->builtins, "os", module_import(s, "os"));
    env_set_name(s, s->builtins, "sys", module_import(s, "sys"));
}
