/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls, and names behind a dot.
 */
#include <string.h>

#include "node.h"

static const char *function_name(const struct node *def)
{
    return def->name ? def->name->name : "the function";
}

static void bind(struct script *s, const struct node *def, struct value **slot,
                 const struct symbol *name, struct value *v)
{
    for (size_t i = 0; i < def->name_count; i++) {
        if (def->names[i] != name)
            continue;
        if (slot[i])
            script_raise(s, "TypeError", "%s got '%s' twice", function_name(def), name->name);
        slot[i] = v;
        return;
    }
    script_raise(s, "TypeError", "%s has no parameter '%s'", function_name(def), name->name);
}

static struct env *bind_all(struct script *s, const struct value *fn, struct value **arg,
                            size_t count, const struct symbol **names)
{
    const struct node *def = fn->function.def;
    struct env *e = env_new(s, fn->function.closure);
    struct value **slot = script_alloc(s, (def->name_count + 1) * sizeof(*slot));

    for (size_t i = 0; i < count; i++) {
        if (names && names[i])
            bind(s, def, slot, names[i], arg[i]);
        else if (i >= def->name_count)
            script_raise(s, "TypeError", "%s takes %zu arguments, not %zu", function_name(def),
                         def->name_count, count);
        else
            slot[i] = arg[i];
    }
    for (size_t i = 0; i < def->name_count; i++) {
        struct value *v = slot[i] ? slot[i] : fn->function.defaults[i];

        if (!v)
            script_raise(s, "TypeError", "%s needs the argument '%s'", function_name(def),
                         def->names[i]->name);
        env_set(s, e, def->names[i], v);
    }
    return e;
}

static struct value *call_function(struct script *s, struct value *fn, struct value **arg,
                                   size_t count, const struct symbol **names)
{
    const struct node *def = fn->function.def;
    struct env *caller = s->env;
    struct value *result = value_none(s);

    s->env = bind_all(s, fn, arg, count, names);
    if (def->kind == NODE_LAMBDA)
        result = eval(s, def->a);
    else
        execute(s, def->a, &result);
    s->env = caller;
    return result;
}

/* The place of name in a list of names separated by blanks; -1 if absent. */
static int find_word(const char *words, const struct symbol *name)
{
    for (int at = 0; words && *words; at++) {
        size_t n = strcspn(words, " ");

        if (n == name->len && !memcmp(words, name->name, n))
            return at;
        words += n + (words[n] == ' ');
    }
    return -1;
}

static struct value *call_builtin(struct script *s, const struct value *fn, struct value **arg,
                                  size_t count, const struct symbol **names)
{
    const struct builtin *b = fn->builtin.info;
    size_t max = b->max == MANY ? count : b->max, given = 0;
    struct value **slot = script_alloc(s, (max + 1) * sizeof(*slot));

    if (b->max != MANY && count > max)
        script_raise(s, "TypeError", "%s takes at most %zu arguments, not %zu", b->name, max,
                     count);
    for (size_t i = 0; i < count; i++) {
        int at = names && names[i] ? find_word(b->params, names[i]) : (int)i;

        if (at < 0 || (size_t)at >= max)
            script_raise(s, "TypeError", "%s has no parameter '%s'", b->name, names[i]->name);
        slot[at] = arg[i];
    }
    while (given < max && slot[given])
        given++;
    if (given < b->min)
        script_raise(s, "TypeError", "%s needs %s%u argument%s, not %zu", b->name,
                     b->max > b->min ? "at least " : "", b->min, b->min == 1 ? "" : "s", count);
    return b->fn(s, fn->builtin.self, slot, count);
}

struct value *call(struct script *s, struct value *fn, struct value **arg, size_t count,
                   const struct symbol **names)
{
    script_charge(s, 1 + count);
    script_enter(s);
    struct value *v = NULL;

    switch (fn->kind) {
    case VALUE_FUNCTION:
        v = call_function(s, fn, arg, count, names);
        break;
    case VALUE_BUILTIN:
        v = call_builtin(s, fn, arg, count, names);
        break;
    case VALUE_ERROR_TYPE:
        v = value_tuple(s, count);
        for (size_t i = 0; i < count; i++)
            list_append(s, v, arg[i]);
        v = error_new(s, fn->error.type, v);
        break;
    case VALUE_MODULE:
        script_raise(s, fn->module.is_absent ? "ImportError" : "TypeError",
                     fn->module.is_absent ? "module '%s' is not available in configuration files"
                                          : "module '%s' cannot be called", fn->module.name);
    default:
        script_raise(s, "TypeError", "a %s cannot be called", value_type_name(fn));
    }
    script_leave(s);
    return v;
}

static struct value *module_attribute(struct script *s, struct value *m,
                                      const struct symbol *name)
{
    struct variable *v = env_find(m->module.names, name);

    if (v)
        return v->value;
    if (m->module.is_absent)
        script_raise(s, "ImportError", "module '%s' is not available in configuration files",
                     m->module.name);
    script_raise(s, "AttributeError", "'%s.%s' is not available in configuration files",
                 m->module.name, name->name);
}

static struct value *error_attribute(struct script *s, struct value *error, const char *name)
{
    if (!strcmp(name, "args"))
        return error->error.args;
    return !strcmp(name, "message") ? error_text(s, error) : NULL;
}

struct value *attribute(struct script *s, struct value *v, const struct symbol *name)
{
    const struct builtin *method = NULL;
    struct value *found = NULL;

    if (v->kind == VALUE_MODULE)
        return module_attribute(s, v, name);
    if (v->kind == VALUE_ERROR)
        found = error_attribute(s, v, name->name);
    else if (v->kind == VALUE_STR)
        method = str_method(name->name);
    else if (v->kind == VALUE_LIST || v->kind == VALUE_TUPLE)
        method = list_method(name->name, v->kind == VALUE_TUPLE);
    else if (v->kind == VALUE_DICT)
        method = dict_method(name->name);
    if (method)
        found = value_builtin(s, method, v);
    if (!found)
        script_raise(s, "AttributeError", "a %s has no '%s'", value_type_name(v), name->name);
    return found;
}
