/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statements.
 */
#include <string.h>

#include "node.h"

static enum flow execute_block(struct script *s, const struct node *n, struct value **result)
{
    enum flow flow = FLOW_ON;

    for (size_t i = 0; n && i < n->count && flow == FLOW_ON; i++)
        flow = execute(s, n->item[i], result);
    return flow;
}

static void execute_assign(struct script *s, const struct node *n)
{
    struct value *v = eval(s, n->a);

    for (size_t i = 0; i < n->count; i++)
        assign(s, n->item[i], v);
}

static void execute_augment(struct script *s, const struct node *n)
{
    struct value *old = eval(s, n->a), *by = eval(s, n->b);

    s->at = n->place;
    if (old->kind == VALUE_LIST && !strcmp(n->op, "+")) {
        struct value *items = value_items(s, by);
        size_t count = items->count;    /* l += l */

        for (size_t i = 0; i < count; i++)
            list_append(s, old, items->item[i]);
        assign(s, n->a, old);
        return;
    }
    assign(s, n->a, binary(s, n->op, old, by));
}

static void execute_print(struct script *s, const struct node *n)
{
    struct text t = { .s = s };
    bool to_stderr = false;

    if (n->a) {
        struct value *to = eval(s, n->a);

        to_stderr = to->kind == VALUE_MODULE && !strcmp(to->module.name, "sys.stderr");
    }
    for (size_t i = 0; i < n->count; i++) {
        struct value *v = value_to_str(s, eval(s, n->item[i]));

        if (i)
            text_putc(&t, ' ');
        text_add(&t, v->text, v->len);
    }
    text_putc(&t, n->b ? ' ' : '\n');
    script_print(s, t.data, t.len, to_stderr);
}

static void execute_del(struct script *s, const struct node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        if (n->item[i]->kind == NODE_NAME)
            eval(s, n->item[i]);        /* it must be there */
        assign(s, n->item[i], NULL);
    }
}

static struct value *make_error(struct script *s, struct value *what, struct value *text)
{
    if (what->kind == VALUE_ERROR)
        return what;
    struct value *args = value_tuple(s, 1);

    if (text)
        list_append(s, args, text);
    if (what->kind == VALUE_ERROR_TYPE)
        return error_new(s, what->error.type, args);
    if (what->kind != VALUE_STR)
        script_raise(s, "TypeError", "a %s cannot be raised", value_type_name(what));
    /* raise "text", as old scripts do */
    args->count = 0;
    list_append(s, args, what);
    return error_new(s, error_type_find("Exception"), args);
}

static _Noreturn void execute_raise(struct script *s, const struct node *n)
{
    if (!n->a && !s->raised)
        script_raise(s, "RuntimeError", "there is no error to raise again");
    if (!n->a)
        script_throw(s, s->raised, s->raised_at);
    struct value *what = eval(s, n->a), *text = n->b ? eval(s, n->b) : NULL;

    s->at = n->place;
    script_throw(s, make_error(s, what, text), n->place);
}

static void bind_module(struct script *s, const struct symbol *name, const struct symbol *as)
{
    struct value *m = module_import(s, name->name);
    const char *dot = strchr(name->name, '.');

    if (as || !dot) {
        env_set(s, s->env, as ? as : name, m);
        return;
    }
    /* import os.path binds os */
    const struct symbol *first = script_symbol(s, name->name, dot - name->name);

    env_set(s, s->env, first, module_import(s, first->name));
}

static void execute_import(struct script *s, const struct node *n)
{
    for (size_t i = 0; i < n->name_count; i++)
        bind_module(s, n->names[i], n->others[i]);
}

static void execute_from(struct script *s, const struct node *n)
{
    struct value *m = module_import(s, n->name->name);
    const struct env *names = m->module.names;

    for (size_t i = 0; i < n->name_count; i++) {
        /* What is missing in a module we do not have is missed when it is used. */
        struct value *v = m->module.is_absent ? m : attribute(s, m, n->names[i]);

        env_set(s, s->env, n->others[i], v);
    }
    for (size_t i = 0; !n->name_count && i < names->size; i++) {
        if (names->slot[i].name && names->slot[i].value)
            env_set(s, s->env, names->slot[i].name, names->slot[i].value);
    }
}

static void execute_global(struct script *s, const struct node *n)
{
    struct env *e = s->env;
    const struct symbol **all = script_alloc(s, (e->outside_count + n->name_count)
                                                * sizeof(*all));

    if (e == s->globals)
        return;
    script_charge(s, e->outside_count);
    for (size_t i = 0; i < e->outside_count; i++)
        all[i] = e->outside[i];
    for (size_t i = 0; i < n->name_count; i++)
        all[e->outside_count++] = n->names[i];
    e->outside = all;
}

/* exec "code", exec open(file), exec open(file).read() */
static void execute_exec(struct script *s, const struct node *n)
{
    struct value *v = eval(s, n->a);

    s->at = n->place;
    if (v->kind == VALUE_MODULE) {
        const struct symbol *text = script_symbol(s, "__text__", 8);
        struct variable *content = env_find(v->module.names, text);

        v = content ? content->value : v;
    }
    if (v->kind != VALUE_STR)
        script_raise(s, "TypeError", "exec needs a str or a file, not a %s", value_type_name(v));
    struct source *source = script_alloc(s, sizeof(*source));

    *source = (struct source){ "<exec>", v->text, v->len };
    script_include(s, source);
}

static void execute_assert(struct script *s, const struct node *n)
{
    if (value_is_true(eval(s, n->a)))
        return;
    struct value *args = value_tuple(s, 1);

    if (n->b)
        list_append(s, args, eval(s, n->b));
    script_throw(s, error_new(s, error_type_find("AssertionError"), args), n->place);
}

static enum flow execute_if(struct script *s, const struct node *n, struct value **result)
{
    for (size_t i = 0; i < n->count; i += 2) {
        if (value_is_true(eval(s, n->item[i])))
            return execute_block(s, n->item[i + 1], result);
    }
    return execute_block(s, n->a, result);
}

static enum flow execute_while(struct script *s, const struct node *n, struct value **result)
{
    while (value_is_true(eval(s, n->a))) {
        script_charge(s, 1);
        enum flow flow = execute_block(s, n->b, result);

        if (flow == FLOW_BREAK)
            return FLOW_ON;
        if (flow == FLOW_RETURN)
            return flow;
    }
    return execute_block(s, n->c, result);
}

/* A loop's variable serves the loop: it is no forgotten setting. */
static void mark_read(struct script *s, const struct node *target)
{
    struct variable *v = target->kind == NODE_NAME ? env_find(s->env, target->name) : NULL;

    if (v)
        v->is_read = true;
    for (size_t i = 0; target->kind == NODE_TUPLE && i < target->count; i++)
        mark_read(s, target->item[i]);
}

static enum flow execute_for(struct script *s, const struct node *n, struct value **result)
{
    struct value *over = eval(s, n->b);

    s->at = n->b->place;
    struct value *items = value_items(s, over);

    for (size_t i = 0; i < items->count; i++) {
        script_charge(s, 1);
        assign(s, n->a, items->item[i]);
        mark_read(s, n->a);
        enum flow flow = execute_block(s, n->item[0], result);

        if (flow == FLOW_BREAK)
            return FLOW_ON;
        if (flow == FLOW_RETURN)
            return flow;
    }
    return execute_block(s, n->c, result);
}

static void execute_def(struct script *s, const struct node *n)
{
    struct value *fn = eval(s, n);

    s->at = n->place;
    env_set(s, s->env, n->name, fn);
}

static bool catches(struct script *s, const struct node *clause, const struct value *error)
{
    if (!clause->a)
        return true;
    struct value *v = eval(s, clause->a);

    if (v->kind == VALUE_ERROR_TYPE)
        return error_type_is(error->error.type, v->error.type);
    for (size_t i = 0; v->kind == VALUE_TUPLE && i < v->count; i++) {
        if (v->item[i]->kind == VALUE_ERROR_TYPE &&
            error_type_is(error->error.type, v->item[i]->error.type))
            return true;
    }
    return false;
}

/* What the try's own part does; an error inside goes to `c`. */
static enum flow execute_caught(struct script *s, const struct node *n, struct value **result)
{
    struct catcher c = { .outer = s->catcher, .depth = s->depth, .env = s->env };

    if (setjmp(c.jump) == 0) {
        s->catcher = &c;
        enum flow flow = execute_block(s, n->a, result);

        s->catcher = c.outer;
        return flow == FLOW_ON ? execute_block(s, n->b, result) : flow;
    }
    struct value *error = s->raised;
    struct place at = s->raised_at;

    for (size_t i = 0; i < n->count; i++) {
        const struct node *clause = n->item[i];

        if (!catches(s, clause, error))
            continue;
        if (clause->b)
            assign(s, clause->b, error);
        if (clause->b)
            mark_read(s, clause->b);
        return execute_block(s, clause->c, result);
    }
    script_throw(s, error, at);
}

static enum flow execute_try(struct script *s, const struct node *n, struct value **result)
{
    if (!n->c)
        return execute_caught(s, n, result);
    struct catcher c = { .outer = s->catcher, .depth = s->depth, .env = s->env };

    if (setjmp(c.jump) == 0) {
        s->catcher = &c;
        enum flow flow = execute_caught(s, n, result);

        s->catcher = c.outer;
        enum flow last = execute_block(s, n->c, result);

        return last == FLOW_ON ? flow : last;
    }
    struct value *error = s->raised;
    struct place at = s->raised_at;
    enum flow last = execute_block(s, n->c, result);

    if (last != FLOW_ON)
        return last;
    script_throw(s, error, at);
}

static enum flow execute_plain(struct script *s, const struct node *n, struct value **result)
{
    switch (n->kind) {
    case NODE_EXPRESSION:
        eval(s, n->a);
        break;
    case NODE_ASSIGN:
        execute_assign(s, n);
        break;
    case NODE_AUGMENT:
        execute_augment(s, n);
        break;
    case NODE_PRINT:
        execute_print(s, n);
        break;
    case NODE_DEL:
        execute_del(s, n);
        break;
    case NODE_RAISE:
        execute_raise(s, n);
    case NODE_IMPORT:
        execute_import(s, n);
        break;
    case NODE_FROM:
        execute_from(s, n);
        break;
    case NODE_GLOBAL:
        execute_global(s, n);
        break;
    case NODE_EXEC:
        execute_exec(s, n);
        break;
    case NODE_ASSERT:
        execute_assert(s, n);
        break;
    case NODE_DEF:
        execute_def(s, n);
        break;
    case NODE_BREAK:
        return FLOW_BREAK;
    case NODE_CONTINUE:
        return FLOW_CONTINUE;
    case NODE_RETURN:
        *result = n->a ? eval(s, n->a) : value_none(s);
        return FLOW_RETURN;
    default:
        break;
    }
    return FLOW_ON;
}

enum flow execute(struct script *s, const struct node *n, struct value **result)
{
    enum flow flow;

    script_charge(s, 1);
    s->at = n->place;
    script_enter(s);
    switch (n->kind) {
    case NODE_BLOCK:
        flow = execute_block(s, n, result);
        break;
    case NODE_IF:
        flow = execute_if(s, n, result);
        break;
    case NODE_WHILE:
        flow = execute_while(s, n, result);
        break;
    case NODE_FOR:
        flow = execute_for(s, n, result);
        break;
    case NODE_TRY:
        flow = execute_try(s, n, result);
        break;
    default:
        flow = execute_plain(s, n, result);
    }
    script_leave(s);
    return flow;
}
