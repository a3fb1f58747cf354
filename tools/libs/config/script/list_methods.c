/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be asked of a list, a tuple or a dictionary.
 */
#include <string.h>

#include "node.h"

#define METHOD(name) \
    static struct value *name(struct script *s, struct value *self, struct value **arg, \
                              size_t count)
#define UNUSED (void)s, (void)self, (void)arg, (void)count

METHOD(list_do_append)
{
    (void)count;
    list_append(s, self, arg[0]);
    return value_none(s);
}

METHOD(list_extend)
{
    struct value *items = value_items(s, arg[0]);
    size_t more = items->count;     /* l.extend(l) */

    (void)count;
    for (size_t i = 0; i < more; i++)
        list_append(s, self, items->item[i]);
    return value_none(s);
}

METHOD(list_insert)
{
    wide at = int_arg(s, arg[0], "index"), n = self->count;

    (void)count;
    if (at < 0)
        at = at + n < 0 ? 0 : at + n;
    if (at > n)
        at = n;
    list_append(s, self, arg[1]);
    script_charge(s, self->count / 64);
    memmove(self->item + at + 1, self->item + at, (n - at) * sizeof(*self->item));
    self->item[at] = arg[1];
    return value_none(s);
}

METHOD(list_pop)
{
    struct value *at = arg[0] ? arg[0] : value_int(s, -1);
    struct value *v = get_index(s, self, at);

    (void)count;
    script_charge(s, self->count / 64);
    set_index(s, self, at, NULL);
    return v;
}

static size_t find(struct script *s, const struct value *self, const struct value *what)
{
    for (size_t i = 0; i < self->count; i++) {
        if (value_equal(s, self->item[i], what))
            return i;
    }
    script_raise(s, "ValueError", "%.100s is not in the list", value_repr(s, what)->text);
}

METHOD(list_remove)
{
    (void)count;
    set_index(s, self, value_int(s, find(s, self, arg[0])), NULL);
    return value_none(s);
}

METHOD(list_index)
{
    (void)count;
    return value_int(s, find(s, self, arg[0]));
}

METHOD(list_count)
{
    wide n = 0;

    (void)count;
    for (size_t i = 0; i < self->count; i++)
        n += value_equal(s, self->item[i], arg[0]);
    return value_int(s, n);
}

METHOD(list_reverse)
{
    UNUSED;
    script_charge(s, self->count / 8);
    for (size_t i = 0; i < self->count / 2; i++) {
        struct value *v = self->item[i];

        self->item[i] = self->item[self->count - 1 - i];
        self->item[self->count - 1 - i] = v;
    }
    return value_none(s);
}

METHOD(list_sort)
{
    (void)count;
    struct value *list = sorted(s, self, arg[0], arg[1] && value_is_true(arg[1]));

    self->item = list->item;
    self->count = list->count;
    self->size = list->size;
    return value_none(s);
}

/* Those of tuples are the last two. */
static const struct builtin list_methods[] = {
    { "append", list_do_append, 1, 1, NULL },
    { "extend", list_extend, 1, 1, NULL },
    { "insert", list_insert, 2, 2, NULL },
    { "pop", list_pop, 0, 1, NULL },
    { "remove", list_remove, 1, 1, NULL },
    { "reverse", list_reverse, 0, 0, NULL },
    { "sort", list_sort, 0, 2, "key reverse" },
    { "count", list_count, 1, 1, NULL },
    { "index", list_index, 1, 1, NULL },
};

const struct builtin *list_method(const char *name, bool is_tuple)
{
    size_t all = sizeof(list_methods) / sizeof(*list_methods), first = is_tuple ? all - 2 : 0;

    return builtin_in(list_methods + first, all - first, name);
}

METHOD(dict_do_get)
{
    struct value *v = dict_get(s, self, arg[0]);

    (void)count;
    return v ? v : arg[1] ? arg[1] : value_none(s);
}

METHOD(dict_has_key)
{
    (void)count;
    return value_bool(s, dict_get(s, self, arg[0]));
}

METHOD(dict_do_keys)
{
    UNUSED;
    return value_items(s, self);
}

METHOD(dict_values)
{
    struct value *list = value_list(s, self->count / 2);

    UNUSED;
    for (size_t i = 1; i < self->count; i += 2)
        list_append(s, list, self->item[i]);
    return list;
}

METHOD(dict_items)
{
    struct value *list = value_list(s, self->count / 2);

    UNUSED;
    for (size_t i = 0; i < self->count; i += 2) {
        struct value *pair = value_tuple(s, 2);

        list_append(s, pair, self->item[i]);
        list_append(s, pair, self->item[i + 1]);
        list_append(s, list, pair);
    }
    return list;
}

METHOD(dict_update)
{
    const struct value *from = arg[0];

    (void)count;
    if (from->kind != VALUE_DICT)
        script_raise(s, "TypeError", "expected a dict, not a %s", value_type_name(from));
    for (size_t i = 0; from != self && i < from->count; i += 2)
        dict_put(s, self, from->item[i], from->item[i + 1]);
    return value_none(s);
}

METHOD(dict_pop)
{
    struct value *v = dict_remove(s, self, arg[0]);

    (void)count;
    if (!v && !arg[1])
        script_raise(s, "KeyError", "%.100s", value_repr(s, arg[0])->text);
    return v ? v : arg[1];
}

METHOD(dict_setdefault)
{
    struct value *v = dict_get(s, self, arg[0]);

    (void)count;
    if (v)
        return v;
    v = arg[1] ? arg[1] : value_none(s);
    dict_put(s, self, arg[0], v);
    return v;
}

METHOD(dict_copy)
{
    struct value *dict = value_dict(s);

    UNUSED;
    for (size_t i = 0; i < self->count; i += 2)
        dict_put(s, dict, self->item[i], self->item[i + 1]);
    return dict;
}

static const struct builtin dict_methods[] = {
    { "copy", dict_copy, 0, 0, NULL },
    { "get", dict_do_get, 1, 2, NULL },
    { "has_key", dict_has_key, 1, 1, NULL },
    { "items", dict_items, 0, 0, NULL },
    { "iteritems", dict_items, 0, 0, NULL },
    { "keys", dict_do_keys, 0, 0, NULL },
    { "pop", dict_pop, 1, 2, NULL },
    { "setdefault", dict_setdefault, 1, 2, NULL },
    { "update", dict_update, 1, 1, NULL },
    { "values", dict_values, 0, 0, NULL },
};

const struct builtin *dict_method(const char *name)
{
    return builtin_in(dict_methods, sizeof(dict_methods) / sizeof(*dict_methods), name);
}
