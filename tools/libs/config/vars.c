/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a script and takes its variables out of it, as plain text that outlives the run.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "script/script.h"

/* "name=value": the name's length, 0 if it is no such thing. */
static size_t name_length(const char *setting)
{
    const char *equals = strchr(setting, '=');

    return equals ? equals - setting : 0;
}

static bool is_directive(const char *setting)
{
    char name[64];
    size_t len = name_length(setting);

    if (len >= sizeof(name))
        return false;
    memcpy(name, setting, len);
    name[len] = '\0';
    return config_key_find(name);
}

static int check_settings(const struct config_options *o, struct config_error *e)
{
    for (size_t i = 0; i < o->set_count; i++) {
        if (!name_length(o->set[i]))
            return config_fail(e, "'%.100s' is not of the form NAME=VALUE", o->set[i]);
        if (strlen(o->set[i]) > MAX_TEXT / 16)
            return config_fail(e, "the value of '%.50s' is too long", o->set[i]);
    }
    return 0;
}

static void preset(struct script *s, const char *name)
{
    const struct config_options *o = s->options;

    env_set_name(s, s->builtins, "xm_file", value_str(s, name));
    for (size_t i = 0; i < o->set_count; i++) {
        size_t len = name_length(o->set[i]);

        if (is_directive(o->set[i]))
            continue;
        char *copy = xstrndup(o->set[i], len);

        script_preset(s, copy, o->set[i] + len + 1);
        free(copy);
    }
}

static struct config_var *add_var(struct config_vars *vars, const char *name, size_t len)
{
    vars->item = xrealloc(vars->item, (vars->count + 1) * sizeof(*vars->item));
    struct config_var *v = &vars->item[vars->count++];

    *v = (struct config_var){ .name = xstrndup(name, len), .kind = CONFIG_VAR_OTHER };
    return v;
}

/* Text that C can hold; NULL if it is no text, or has a NUL inside. */
static char *plain_text(const struct value *v)
{
    struct buffer b = { 0 };
    unsigned __int128 n;

    switch (v->kind) {
    case VALUE_STR:
        return strlen(v->text) == v->len ? xstrdup(v->text) : NULL;
    case VALUE_FLOAT:
        return xasprintf("%.15g", v->real);
    case VALUE_BOOL:
    case VALUE_INT:
        n = v->number < 0 ? -(unsigned __int128)v->number : (unsigned __int128)v->number;
        if (v->number < 0)
            buffer_putc(&b, '-');
        if (n >= 10000000000000000000ull)
            buffer_printf(&b, "%llu%019llu", (unsigned long long)(n / 10000000000000000000ull),
                          (unsigned long long)(n % 10000000000000000000ull));
        else
            buffer_printf(&b, "%llu", (unsigned long long)n);
        return buffer_detach(&b);
    default:
        return NULL;
    }
}

static void take_list(struct config_var *var, const struct value *v)
{
    for (size_t i = 0; i < v->count; i++) {
        char *text = plain_text(v->item[i]);

        if (text) {
            strings_give(&var->list, text);
            continue;
        }
        strings_free(&var->list);
        var->text = xasprintf("a list that holds a %s", value_type_name(v->item[i]));
        return;
    }
    var->kind = CONFIG_VAR_LIST;
}

static void take_value(struct config_var *var, const struct value *v)
{
    if (v->kind == VALUE_LIST || v->kind == VALUE_TUPLE) {
        take_list(var, v);
        return;
    }
    var->text = plain_text(v);
    if (!var->text)
        var->text = xasprintf(v->kind == VALUE_STR ? "a %s with a NUL inside" : "a %s",
                              value_type_name(v));
    else
        var->kind = v->kind == VALUE_STR ? CONFIG_VAR_STR
                  : v->kind == VALUE_FLOAT ? CONFIG_VAR_FLOAT : CONFIG_VAR_INT;
}

static bool is_setting(const struct variable *v)
{
    if (!v->name || !v->value || *v->name->name == '_')
        return false;
    switch (v->value->kind) {
    case VALUE_NONE:
    case VALUE_FUNCTION:
    case VALUE_BUILTIN:
    case VALUE_MODULE:
    case VALUE_ERROR:
    case VALUE_ERROR_TYPE:
        return false;
    default:
        return true;
    }
}

static unsigned int line_of(const struct place *at)
{
    unsigned int line = 1;

    if (!at->source)
        return 0;
    for (size_t i = 0; i < at->offset && i < at->source->len; i++)
        line += at->source->text[i] == '\n';
    return line;
}

static void take_globals(struct script *s, struct config_vars *vars)
{
    const struct env *e = s->globals;

    for (size_t i = 0; i < e->size; i++) {
        const struct variable *v = &e->slot[i];

        if (!is_setting(v))
            continue;
        struct config_var *var = add_var(vars, v->name->name, v->name->len);

        var->is_used = v->is_read;
        var->is_preset = v->is_preset;
        var->line = v->is_preset ? 0 : line_of(&v->place);
        if (var->line)
            var->file = xstrdup(v->place.source->name);
        take_value(var, v->value);
    }
}

/* What the command line says of directives replaces what the script said. */
static void take_settings(const struct config_options *o, struct config_vars *vars)
{
    for (size_t i = 0; i < o->set_count; i++) {
        size_t len = name_length(o->set[i]);

        if (!is_directive(o->set[i]))
            continue;
        struct config_var *v = NULL;

        for (size_t k = 0; k < vars->count; k++) {
            if (strlen(vars->item[k].name) == len && !memcmp(vars->item[k].name, o->set[i], len))
                v = &vars->item[k];
        }
        if (!v)
            v = add_var(vars, o->set[i], len);
        const struct config_key *key = config_key_find(v->name);
        bool is_list = key->type == CONFIG_LIST || key->type == CONFIG_STR_OR_LIST;

        if (!v->is_preset || !is_list)
            strings_free(&v->list);
        free(v->text);
        free(v->file);
        v->text = v->file = NULL;
        v->line = 0;
        v->is_preset = true;
        v->kind = is_list ? CONFIG_VAR_LIST : CONFIG_VAR_STR;
        if (is_list)
            strings_add(&v->list, o->set[i] + len + 1);
        else
            v->text = xstrdup(o->set[i] + len + 1);
        /* One text for all vcpus, as a str in a file is. */
        if (key->type == CONFIG_STR_OR_LIST && v->list.count == 1) {
            v->kind = CONFIG_VAR_STR;
            v->text = xstrdup(v->list.item[0]);
        }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct config_var *)a)->name, ((const struct config_var *)b)->name);
}

static void take_help(struct script *s, struct config_vars *vars)
{
    for (size_t i = 0; i < s->declared->count; i++) {
        struct value **entry = s->declared->item[i]->item;
        bool has_use = entry[1]->kind == VALUE_STR;

        strings_add(&vars->help, entry[0]->text);
        strings_add(&vars->help, has_use ? entry[1]->text : "");
    }
}

int config_evaluate(const char *name, const char *text, size_t len,
                    const struct config_options *options, struct config_vars *vars,
                    struct config_error *e)
{
    static const struct config_options defaults = { 0 };
    struct script s;

    *vars = (struct config_vars){ 0 };
    *e = (struct config_error){ 0 };
    int rc = check_settings(options ? options : &defaults, e);

    if (rc)
        return rc;
    script_init(&s, options ? options : &defaults);
    preset(&s, name);
    rc = script_run(&s, name, text, len, e);
    if (!rc) {
        take_globals(&s, vars);
        take_settings(s.options, vars);
        take_help(&s, vars);
        if (vars->count)
            qsort(vars->item, vars->count, sizeof(*vars->item), by_name);
        vars->warnings = s.warnings;
        s.warnings = (struct strings){ 0 };
    }
    script_free(&s);
    return rc;
}

int config_evaluate_file(const char *path, const struct config_options *options,
                         struct config_vars *vars, struct config_error *e)
{
    char *text;
    size_t len;

    *vars = (struct config_vars){ 0 };
    int rc = config_read_file(path, &text, &len, e);

    if (rc)
        return rc;
    if (*text == '<')
        rc = config_fail(e, "%.200s is XML; only scripts and S-expressions are read", path);
    else
        rc = config_evaluate(path, text, len, options, vars, e);
    free(text);
    return rc;
}

const struct config_var *config_var_find(const struct config_vars *vars, const char *name)
{
    for (size_t i = 0; i < vars->count; i++) {
        if (!strcmp(vars->item[i].name, name))
            return &vars->item[i];
    }
    return NULL;
}

void config_vars_free(struct config_vars *vars)
{
    for (size_t i = 0; i < vars->count; i++) {
        struct config_var *v = &vars->item[i];

        free(v->name);
        free(v->text);
        free(v->file);
        strings_free(&v->list);
    }
    free(vars->item);
    strings_free(&vars->warnings);
    strings_free(&vars->help);
    *vars = (struct config_vars){ 0 };
}
