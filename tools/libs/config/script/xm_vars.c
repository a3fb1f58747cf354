/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xm_vars: how a script declares the variables it wants from the command line.
 *
 *     xm_vars.var('vmid', use="number of the domain", check=vmid_check)
 *     xm_vars.check()
 *
 * check() hands each text to its function, whose result becomes the variable.
 */
#include <string.h>

#include "node.h"

enum { NAME, USE, CHECK, FALLBACK, FIELDS };

static struct value *do_var(struct script *s, struct value *self, struct value **arg,
                            size_t count)
{
    struct value *entry = value_tuple(s, FIELDS);

    (void)self, (void)count;
    str_arg(s, arg[NAME], "the variable's name");
    if (arg[USE] && arg[USE]->kind != VALUE_NONE)
        str_arg(s, arg[USE], "use");
    for (size_t i = 0; i < FIELDS; i++)
        list_append(s, entry, arg[i] ? arg[i] : value_none(s));
    list_append(s, s->declared, entry);
    return value_none(s);
}

static struct value *checked(struct script *s, struct value **entry, struct value *v)
{
    struct value *args[] = { entry[NAME], v };
    struct catcher c = { .outer = s->catcher, .depth = s->depth, .env = s->env };
    struct place at = s->at;

    if (setjmp(c.jump) == 0) {
        s->catcher = &c;
        struct value *result = call(s, entry[CHECK], args, 2, NULL);

        s->catcher = c.outer;
        return result;
    }
    struct value *why = error_text(s, s->raised);
    const char *use = entry[USE]->kind == VALUE_STR ? entry[USE]->text : "";

    s->at = at;
    script_raise(s, s->raised->error.type->name,
                 "variable '%.60s' has a bad value %.60s%s%.100s%s%.100s", entry[NAME]->text,
                 value_repr(s, v)->text, why->len ? ": " : "", why->text, *use ? "; " : "", use);
}

static void check_one(struct script *s, struct value **entry)
{
    const struct symbol *name = script_symbol(s, entry[NAME]->text, entry[NAME]->len);
    struct variable *v = env_find(s->globals, name);
    struct value *now = v ? v->value : entry[FALLBACK];
    const char *use = entry[USE]->kind == VALUE_STR ? entry[USE]->text : "";

    if (now->kind == VALUE_NONE)
        script_raise(s, "ValueError", "variable '%.60s' is missing: give %.60s=VALUE%s%.120s",
                     name->name, name->name, *use ? "; " : "", use);
    if (entry[CHECK]->kind != VALUE_NONE)
        now = checked(s, entry, now);
    env_set(s, s->globals, name, now)->is_read = true;
}

static struct value *do_check(struct script *s, struct value *self, struct value **arg,
                              size_t count)
{
    (void)self, (void)arg, (void)count;
    if (s->options->want_help)
        script_stop(s);
    for (size_t i = 0; i < s->declared->count; i++)
        check_one(s, s->declared->item[i]->item);
    return value_none(s);
}

static const struct builtin functions[] = {
    { "check", do_check, 0, 0, NULL },
    { "var", do_var, 1, FIELDS, "name use check default" },
};

void xm_vars_offer(struct script *s)
{
    struct value *m = value_module(s, "xm_vars");

    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
        env_set_name(s, m->module.names, functions[i].name,
                     value_builtin(s, &functions[i], NULL));
    env_set_name(s, s->builtins, "xm_vars", m);
    env_set_name(s, s->builtins, "xm_help", value_int(s, s->options->want_help));
}
