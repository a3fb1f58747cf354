/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Expressions to values.
 */
#include <string.h>

#include "node.h"

static struct value *eval_name(struct script *s, const struct node *n)
{
    for (struct env *e = s->env; e; e = e->parent) {
        struct variable *v = env_find(e, n->name);

        if (!v)
            continue;
        v->is_read = true;
        return v->value;
    }
    s->at = n->place;
    script_raise(s, "NameError", "name '%.100s' is not defined", n->name->name);
}

static struct value *eval_items(struct script *s, const struct node *n, struct value *into)
{
    for (size_t i = 0; i < n->count; i++)
        list_append(s, into, eval(s, n->item[i]));
    return into;
}

static struct value *eval_dict(struct script *s, const struct node *n)
{
    struct value *dict = value_dict(s);

    for (size_t i = 0; i < n->count; i += 2) {
        struct value *key = eval(s, n->item[i]), *v = eval(s, n->item[i + 1]);

        s->at = n->item[i]->place;
        dict_put(s, dict, key, v);
    }
    return dict;
}

static void comprehend(struct script *s, const struct node *n, size_t clause, struct value *out)
{
    if (clause == n->count) {
        list_append(s, out, eval(s, n->a));
        return;
    }
    const struct node *c = n->item[clause];

    script_enter(s);
    if (c->kind == NODE_IF) {
        if (value_is_true(eval(s, c->a)))
            comprehend(s, n, clause + 1, out);
    } else {
        struct value *over = eval(s, c->b);

        s->at = c->b->place;
        struct value *items = value_items(s, over);

        for (size_t i = 0; i < items->count; i++) {
            script_charge(s, 1);
            assign(s, c->a, items->item[i]);
            comprehend(s, n, clause + 1, out);
        }
    }
    script_leave(s);
}

/* Its variables are its own: they do not become settings. */
static struct value *eval_comprehension(struct script *s, const struct node *n)
{
    struct env *outer = s->env;
    struct value *list = value_list(s, 0);

    s->env = env_new(s, outer);
    comprehend(s, n, 0, list);
    s->env = outer;
    return list;
}

static struct value *eval_logic(struct script *s, const struct node *n)
{
    struct value *v = NULL;

    for (size_t i = 0; i < n->count; i++) {
        v = eval(s, n->item[i]);
        if (value_is_true(v) == (n->kind == NODE_OR))
            break;
    }
    return v;
}

static struct value *eval_compare(struct script *s, const struct node *n)
{
    struct value *left = eval(s, n->item[0]);

    for (size_t i = 1; i < n->count; i++) {
        struct value *right = eval(s, n->item[i]);

        s->at = n->place;
        if (!compare(s, n->ops[i - 1], left, right))
            return value_bool(s, false);
        left = right;
    }
    return value_bool(s, true);
}

static struct value *eval_binary(struct script *s, const struct node *n)
{
    struct value *a = eval(s, n->a), *b = eval(s, n->b);

    s->at = n->place;
    return binary(s, n->op, a, b);
}

static struct value *eval_unary(struct script *s, const struct node *n)
{
    struct value *a = eval(s, n->a);

    s->at = n->place;
    return unary(s, n->op, a);
}

static struct value *eval_call(struct script *s, const struct node *n)
{
    struct value *fn = eval(s, n->a), *args = eval_items(s, n, value_list(s, 0));

    s->at = n->place;
    return call(s, fn, args->item, args->count, n->names);
}

static struct value *eval_index(struct script *s, const struct node *n)
{
    struct value *of = eval(s, n->a), *index = eval(s, n->b);

    s->at = n->place;
    return get_index(s, of, index);
}

static void eval_parts(struct script *s, const struct node *n, struct value **part)
{
    for (size_t i = 0; i < 3; i++)
        part[i] = n->item[i] ? eval(s, n->item[i]) : NULL;
}

static struct value *eval_slice(struct script *s, const struct node *n)
{
    struct value *of = eval(s, n->a), *part[3];

    eval_parts(s, n, part);
    s->at = n->place;
    return get_slice(s, of, part);
}

static struct value *eval_attribute(struct script *s, const struct node *n)
{
    struct value *of = eval(s, n->a);

    s->at = n->place;
    return attribute(s, of, n->name);
}

static struct value *eval_function(struct script *s, const struct node *n)
{
    struct value *v = script_alloc(s, sizeof(*v));

    v->kind = VALUE_FUNCTION;
    v->function.def = n;
    v->function.closure = s->env;
    v->function.defaults = script_alloc(s, n->count * sizeof(struct value *));
    for (size_t i = 0; i < n->count; i++)
        v->function.defaults[i] = n->item[i] ? eval(s, n->item[i]) : NULL;
    return v;
}

static struct value *eval_any(struct script *s, const struct node *n)
{
    switch (n->kind) {
    case NODE_VALUE:
        return n->value;
    case NODE_NAME:
        return eval_name(s, n);
    case NODE_LIST:
        return eval_items(s, n, value_list(s, n->count));
    case NODE_TUPLE:
        return eval_items(s, n, value_tuple(s, n->count));
    case NODE_DICT:
        return eval_dict(s, n);
    case NODE_COMPREHENSION:
        return eval_comprehension(s, n);
    case NODE_UNARY:
        return eval_unary(s, n);
    case NODE_BINARY:
        return eval_binary(s, n);
    case NODE_AND:
    case NODE_OR:
        return eval_logic(s, n);
    case NODE_COMPARE:
        return eval_compare(s, n);
    case NODE_CONDITIONAL:
        return eval(s, value_is_true(eval(s, n->b)) ? n->a : n->c);
    case NODE_CALL:
        return eval_call(s, n);
    case NODE_INDEX:
        return eval_index(s, n);
    case NODE_SLICE:
        return eval_slice(s, n);
    case NODE_ATTRIBUTE:
        return eval_attribute(s, n);
    case NODE_LAMBDA:
    case NODE_DEF:
        return eval_function(s, n);
    default:
        script_fatal(s, n->place, "this is not a value");
    }
}

struct value *eval(struct script *s, const struct node *n)
{
    script_charge(s, 1);
    if (n->kind == NODE_VALUE)
        return n->value;
    s->at = n->place;
    script_enter(s);
    struct value *v = eval_any(s, n);

    script_leave(s);
    return v;
}

static bool is_outside(const struct env *e, const struct symbol *name)
{
    for (size_t i = 0; i < e->outside_count; i++) {
        if (e->outside[i] == name)
            return true;
    }
    return false;
}

static void assign_items(struct script *s, const struct node *target, struct value *v)
{
    struct value *items = value_items(s, v);

    if (items->count != target->count)
        script_raise(s, "ValueError", "%zu values for %zu names", items->count, target->count);
    script_enter(s);
    for (size_t i = 0; i < target->count; i++)
        assign(s, target->item[i], items->item[i]);
    script_leave(s);
}

/* v NULL: deletes. */
void assign(struct script *s, const struct node *target, struct value *v)
{
    struct value *of, *part[3];

    s->at = target->place;
    switch (target->kind) {
    case NODE_NAME:
        env_set(s, is_outside(s->env, target->name) ? s->globals : s->env, target->name, v);
        return;
    case NODE_INDEX:
        of = eval(s, target->a);
        part[0] = eval(s, target->b);
        s->at = target->place;
        set_index(s, of, part[0], v);
        return;
    case NODE_SLICE:
        of = eval(s, target->a);
        eval_parts(s, target, part);
        s->at = target->place;
        set_slice(s, of, part, v);
        return;
    default:
        assign_items(s, target, v);
    }
}
