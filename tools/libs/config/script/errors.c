/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of error a script can raise and catch.
 */
#include <string.h>

#include "script.h"

enum { ANY, STANDARD, LOOKUP, ARITHMETIC, ENVIRONMENT };

static const struct error_type types[] = {
    [ANY] = { "Exception", NULL },
    [STANDARD] = { "StandardError", &types[ANY] },
    [LOOKUP] = { "LookupError", &types[STANDARD] },
    [ARITHMETIC] = { "ArithmeticError", &types[STANDARD] },
    [ENVIRONMENT] = { "EnvironmentError", &types[STANDARD] },
    { "AssertionError", &types[STANDARD] },
    { "AttributeError", &types[STANDARD] },
    { "ImportError", &types[STANDARD] },
    { "IndexError", &types[LOOKUP] },
    { "IOError", &types[ENVIRONMENT] },
    { "KeyError", &types[LOOKUP] },
    { "MemoryError", &types[STANDARD] },
    { "NameError", &types[STANDARD] },
    { "NotImplementedError", &types[STANDARD] },
    { "OSError", &types[ENVIRONMENT] },
    { "OverflowError", &types[ARITHMETIC] },
    { "RuntimeError", &types[STANDARD] },
    { "SystemExit", NULL },
    { "TypeError", &types[STANDARD] },
    { "ValueError", &types[STANDARD] },
    { "ZeroDivisionError", &types[ARITHMETIC] },
};

#define TYPES (sizeof(types) / sizeof(*types))

const struct error_type *error_type_find(const char *name)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (!strcmp(types[i].name, name))
            return &types[i];
    }
    return &types[ANY];
}

bool error_type_is(const struct error_type *type, const struct error_type *ancestor)
{
    for (; type; type = type->parent) {
        if (type == ancestor)
            return true;
    }
    return false;
}

struct value *error_new(struct script *s, const struct error_type *type, struct value *args)
{
    struct value *v = script_alloc(s, sizeof(*v));

    v->kind = VALUE_ERROR;
    v->error.type = type;
    v->error.args = args;
    return v;
}

struct value *error_text(struct script *s, const struct value *error)
{
    const struct value *args = error->error.args;

    if (!args->count)
        return value_str(s, "");
    return args->count == 1 ? value_to_str(s, args->item[0]) : value_repr(s, args);
}

void errors_offer(struct script *s, struct env *e)
{
    for (size_t i = 0; i < TYPES; i++) {
        struct value *v = script_alloc(s, sizeof(*v));

        v->kind = VALUE_ERROR_TYPE;
        v->error.type = &types[i];
        env_set_name(s, e, types[i].name, v);
    }
}
