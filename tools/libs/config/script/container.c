/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists, tuples and dictionaries: growth, lookup, indices, slices.
 *
 * A dictionary is its keys and values in the order they came; lookup walks it and is charged.
 */
#include <string.h>

#include "node.h"

static void grow(struct script *s, struct value *v, size_t room)
{
    size_t size = v->size ? v->size * 2 : 8;

    if (v->count + room <= v->size)
        return;
    if (v->count + room > MAX_ITEMS)
        script_raise(s, "MemoryError", "a list of more than %d items", MAX_ITEMS);
    struct value **item = script_alloc(s, size * sizeof(*item));

    script_charge(s, v->count / 8);
    if (v->count)
        memcpy(item, v->item, v->count * sizeof(*item));
    v->item = item;
    v->size = size;
}

void list_append(struct script *s, struct value *list, struct value *item)
{
    grow(s, list, 1);
    list->item[list->count++] = item;
}

static struct value *dict_keys(struct script *s, const struct value *dict)
{
    struct value *keys = value_list(s, dict->count / 2);

    for (size_t i = 0; i < dict->count; i += 2)
        list_append(s, keys, dict->item[i]);
    return keys;
}

struct value *value_items(struct script *s, struct value *v)
{
    if (v->kind == VALUE_LIST || v->kind == VALUE_TUPLE)
        return v;
    if (v->kind == VALUE_DICT)
        return dict_keys(s, v);
    if (v->kind != VALUE_STR)
        script_raise(s, "TypeError", "a %s has no items", value_type_name(v));
    struct value *list = value_list(s, v->len);

    for (size_t i = 0; i < v->len; i++)
        list_append(s, list, value_str_n(s, v->text + i, 1));
    return list;
}

bool value_contains(struct script *s, const struct value *in, const struct value *v)
{
    if (in->kind == VALUE_DICT)
        return dict_get(s, in, v);
    if (in->kind == VALUE_STR) {
        if (v->kind != VALUE_STR)
            script_raise(s, "TypeError", "only a str can be in a str, not a %s",
                         value_type_name(v));
        script_charge(s, in->len / 64);
        return memmem(in->text, in->len, v->text, v->len);
    }
    if (in->kind != VALUE_LIST && in->kind != VALUE_TUPLE)
        script_raise(s, "TypeError", "nothing can be in a %s", value_type_name(in));
    for (size_t i = 0; i < in->count; i++) {
        if (value_equal(s, in->item[i], v))
            return true;
    }
    return false;
}

static struct value **dict_find(struct script *s, const struct value *dict,
                                const struct value *key)
{
    if (key->kind == VALUE_LIST || key->kind == VALUE_DICT)
        script_raise(s, "TypeError", "a %s cannot be a key", value_type_name(key));
    for (size_t i = 0; i < dict->count; i += 2) {
        if (value_equal(s, dict->item[i], key))
            return &dict->item[i];
    }
    return NULL;
}

struct value *dict_get(struct script *s, const struct value *dict, const struct value *key)
{
    struct value **at = dict_find(s, dict, key);

    return at ? at[1] : NULL;
}

void dict_put(struct script *s, struct value *dict, struct value *key, struct value *v)
{
    struct value **at = dict_find(s, dict, key);

    if (at) {
        at[1] = v;
        return;
    }
    grow(s, dict, 2);
    dict->item[dict->count++] = key;
    dict->item[dict->count++] = v;
}

struct value *dict_remove(struct script *s, struct value *dict, const struct value *key)
{
    struct value **at = dict_find(s, dict, key);

    if (!at)
        return NULL;
    struct value *v = at[1];
    size_t behind = dict->item + dict->count - (at + 2);

    memmove(at, at + 2, behind * sizeof(*at));
    dict->count -= 2;
    return v;
}

static size_t length_of(struct script *s, const struct value *v)
{
    if (v->kind == VALUE_STR)
        return v->len;
    if (v->kind != VALUE_LIST && v->kind != VALUE_TUPLE)
        script_raise(s, "TypeError", "a %s cannot be indexed", value_type_name(v));
    return v->count;
}

/* Negative ones count from the end. */
static size_t index_within(struct script *s, const struct value *of, const struct value *index)
{
    size_t len = length_of(s, of);

    if (!value_is_integer(index))
        script_raise(s, "TypeError", "the index of a %s is an int, not a %s",
                     value_type_name(of), value_type_name(index));
    wide n = index->number < 0 ? index->number + (wide)len : index->number;

    if (n < 0 || n >= (wide)len)
        script_raise(s, "IndexError", "index out of range: the %s has %zu", value_type_name(of),
                     len);
    return n;
}

struct value *get_index(struct script *s, struct value *of, struct value *index)
{
    if (of->kind == VALUE_DICT) {
        struct value *v = dict_get(s, of, index);

        if (!v)
            script_raise(s, "KeyError", "%.100s", value_repr(s, index)->text);
        return v;
    }
    size_t n = index_within(s, of, index);

    return of->kind == VALUE_STR ? value_str_n(s, of->text + n, 1) : of->item[n];
}

void set_index(struct script *s, struct value *of, struct value *index, struct value *v)
{
    if (of->kind == VALUE_DICT && v)
        dict_put(s, of, index, v);
    else if (of->kind == VALUE_DICT && !dict_remove(s, of, index))
        script_raise(s, "KeyError", "%.100s", value_repr(s, index)->text);
    if (of->kind == VALUE_DICT)
        return;
    size_t n = index_within(s, of, index);

    if (of->kind != VALUE_LIST)
        script_raise(s, "TypeError", "a %s cannot be changed", value_type_name(of));
    if (v) {
        of->item[n] = v;
        return;
    }
    memmove(of->item + n, of->item + n + 1, (of->count - n - 1) * sizeof(*of->item));
    of->count--;
}

struct range {
    wide start, stop, step;
};

static wide clamp(wide n, wide low, wide high)
{
    return n < low ? low : n > high ? high : n;
}

static wide slice_part(struct script *s, const struct value *v, wide fallback, wide len, bool back)
{
    if (!v || v->kind == VALUE_NONE)
        return fallback;
    if (!value_is_integer(v))
        script_raise(s, "TypeError", "a slice is made of ints, not of a %s", value_type_name(v));
    wide n = clamp(v->number, -len - 1, len);

    if (n < 0)
        n += len;
    return back ? clamp(n, -1, len - 1) : clamp(n, 0, len);
}

static struct range slice_range(struct script *s, wide len, struct value **part)
{
    struct range r = { .step = 1 };

    if (part[2] && part[2]->kind != VALUE_NONE) {
        if (!value_is_integer(part[2]) || part[2]->number == 0)
            script_raise(s, "ValueError", "a slice's step is an int, and not 0");
        r.step = clamp(part[2]->number, -len - 1, len + 1);
    }
    bool back = r.step < 0;

    r.start = slice_part(s, part[0], back ? len - 1 : 0, len, back);
    r.stop = slice_part(s, part[1], back ? -1 : len, len, back);
    return r;
}

struct value *get_slice(struct script *s, struct value *of, struct value **part)
{
    struct range r = slice_range(s, length_of(s, of), part);
    struct text t = { .s = s };
    struct value *v = value_list(s, 0);

    v->kind = of->kind == VALUE_TUPLE ? VALUE_TUPLE : VALUE_LIST;
    for (wide i = r.start; r.step > 0 ? i < r.stop : i > r.stop; i += r.step) {
        if (of->kind == VALUE_STR)
            text_putc(&t, of->text[i]);
        else
            list_append(s, v, of->item[i]);
    }
    return of->kind == VALUE_STR ? text_value(&t) : v;
}

void set_slice(struct script *s, struct value *of, struct value **part, struct value *v)
{
    if (of->kind != VALUE_LIST)
        script_raise(s, "TypeError", "a slice of a %s cannot be changed", value_type_name(of));
    struct range r = slice_range(s, of->count, part);

    if (r.step != 1)
        script_raise(s, "ValueError", "only a slice without a step can be changed");
    if (r.stop < r.start)
        r.stop = r.start;
    struct value *items = v ? value_items(s, v) : value_list(s, 0);
    struct value *result = value_list(s, 0);

    for (wide i = 0; i < r.start; i++)
        list_append(s, result, of->item[i]);
    for (size_t i = 0; i < items->count; i++)
        list_append(s, result, items->item[i]);
    for (wide i = r.stop; i < (wide)of->count; i++)
        list_append(s, result, of->item[i]);
    of->item = result->item;
    of->count = result->count;
    of->size = result->size;
}
