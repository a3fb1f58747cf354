/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens to expressions, from the loosest binding (lambda, a if b else c) to the tightest (a.b).
 */
#include <string.h>

#include "node.h"

static struct node *parse_unary(struct parser *p);

/* Operators of one level, left to right; levels from loose to tight. */
static const char *const levels[][5] = {
    { "|" }, { "^" }, { "&" }, { "<<", ">>" }, { "+", "-" }, { "*", "/", "//", "%" },
};

#define LEVELS (sizeof(levels) / sizeof(*levels))

static const char *accept_any(struct parser *p, const char *const *ops)
{
    for (; *ops; ops++) {
        if (accept_op(p, *ops))
            return *ops;
    }
    return NULL;
}

static struct node *parse_level(struct parser *p, size_t level)
{
    if (level == LEVELS)
        return parse_unary(p);
    struct node *left = parse_level(p, level + 1);

    for (;;) {
        const struct token *at = p->token;
        const char *op = accept_any(p, levels[level]);

        if (!op)
            return left;
        struct node *n = node_at(p, NODE_BINARY, at);

        n->op = op;
        n->a = left;
        n->b = parse_level(p, level + 1);
        left = n;
    }
}

/* NULL if no comparison follows. */
static const char *accept_comparison(struct parser *p)
{
    static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">", NULL };

    if (accept_op(p, "<>"))
        return "!=";
    if (accept_word(p, "in"))
        return "in";
    if (accept_word(p, "is"))
        return accept_word(p, "not") ? "is not" : "is";
    if (at_word(p, "not") && p->token[1].op && !strcmp(p->token[1].op, "in")) {
        p->token += 2;
        return "not in";
    }
    return accept_any(p, ops);
}

static struct node *parse_comparison(struct parser *p)
{
    struct node *first = parse_level(p, 0), *n = NULL;

    for (;;) {
        const struct token *at = p->token;
        const char *op = accept_comparison(p);

        if (!op)
            return n ? n : first;
        if (!n) {
            n = node_at(p, NODE_COMPARE, at);
            n->ops = script_alloc(p->s, 16 * sizeof(*n->ops));
            node_add(p, n, first);
        }
        if (n->count > 16)
            parse_fail(p, "expected fewer comparisons in a row");
        n->ops[n->count - 1] = op;
        node_add(p, n, parse_level(p, 0));
    }
}

static struct node *parse_not(struct parser *p)
{
    if (!at_word(p, "not"))
        return parse_comparison(p);
    parse_enter(p);
    struct node *n = node_new(p, NODE_UNARY);

    p->token++;
    n->op = "not";
    n->a = parse_not(p);
    p->depth--;
    return n;
}

static struct node *parse_and(struct parser *p)
{
    struct node *first = parse_not(p);

    if (!at_word(p, "and"))
        return first;
    struct node *n = node_new(p, NODE_AND);

    node_add(p, n, first);
    while (accept_word(p, "and"))
        node_add(p, n, parse_not(p));
    return n;
}

static struct node *parse_or(struct parser *p)
{
    struct node *first = parse_and(p);

    if (!at_word(p, "or"))
        return first;
    struct node *n = node_new(p, NODE_OR);

    node_add(p, n, first);
    while (accept_word(p, "or"))
        node_add(p, n, parse_and(p));
    return n;
}

static struct node *parse_lambda(struct parser *p)
{
    struct node *n = node_new(p, NODE_LAMBDA);

    p->token++;
    parse_parameters(p, n, ":");
    expect_op(p, ":");
    n->a = parse_expression(p);
    return n;
}

struct node *parse_expression(struct parser *p)
{
    parse_enter(p);
    struct node *n = at_word(p, "lambda") ? parse_lambda(p) : parse_or(p);

    if (at_word(p, "if")) {
        struct node *choice = node_new(p, NODE_CONDITIONAL);

        p->token++;
        choice->a = n;
        choice->b = parse_or(p);
        expect_word(p, "else");
        choice->c = parse_expression(p);
        n = choice;
    }
    p->depth--;
    return n;
}

static bool ends_list(const struct parser *p)
{
    static const char *const ends[] = { ")", "]", "}", "=", ":", ";" };

    if (p->token->kind == TOKEN_NEWLINE || p->token->kind == TOKEN_END)
        return true;
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        if (at_op(p, ends[i]))
            return true;
    }
    return at_word(p, "in");
}

static struct node *parse_tuple_of(struct parser *p, struct node *(*part)(struct parser *))
{
    struct node *first = part(p);

    if (!at_op(p, ","))
        return first;
    struct node *n = node_new(p, NODE_TUPLE);

    n->place = first->place;
    node_add(p, n, first);
    while (accept_op(p, ",") && !ends_list(p))
        node_add(p, n, part(p));
    return n;
}

struct node *parse_expressions(struct parser *p)
{
    return parse_tuple_of(p, parse_expression);
}

/* No comparison inside, so that `in` is left for the loop. */
static struct node *parse_target(struct parser *p)
{
    return parse_level(p, 0);
}

struct node *parse_targets(struct parser *p)
{
    return parse_tuple_of(p, parse_target);
}

void parse_parameters(struct parser *p, struct node *function, const char *end)
{
    bool had_default = false;

    while (!at_op(p, end)) {
        if (at_op(p, "*") || at_op(p, "**"))
            parse_fail(p, "expected a parameter's name (* and ** are not supported)");
        const struct symbol *name = expect_name(p);

        for (size_t i = 0; i < function->name_count; i++) {
            if (function->names[i] == name)
                parse_fail(p, "two parameters are named '%s'", name->name);
        }
        node_add_name(p, function, name, NULL);
        if (accept_op(p, "=")) {
            node_add(p, function, parse_expression(p));
            had_default = true;
        } else if (had_default) {
            parse_fail(p, "expected a default for '%s', as the parameters before it have",
                       name->name);
        } else {
            node_add(p, function, NULL);
        }
        if (!accept_op(p, ","))
            break;
    }
}

/* Behind the first element: [element for x in list if x]. */
static struct node *parse_comprehension(struct parser *p, struct node *element)
{
    struct node *n = node_new(p, NODE_COMPREHENSION);

    n->a = element;
    while (at_word(p, "for") || at_word(p, "if")) {
        struct node *clause = node_new(p, at_word(p, "for") ? NODE_FOR : NODE_IF);

        p->token++;
        if (clause->kind == NODE_FOR) {
            clause->a = parse_targets(p);
            check_target(p, clause->a);
            expect_word(p, "in");
            clause->b = parse_or(p);
        } else {
            clause->a = parse_or(p);
        }
        node_add(p, n, clause);
    }
    return n;
}

static struct node *parse_list(struct parser *p)
{
    struct node *n = node_new(p, NODE_LIST);

    p->token++;
    while (!at_op(p, "]")) {
        struct node *item = parse_expression(p);

        if (!n->count && at_word(p, "for")) {
            n = parse_comprehension(p, item);
            break;
        }
        node_add(p, n, item);
        if (!accept_op(p, ",") && !at_op(p, "]"))
            parse_fail(p, "expected ',' or ']'");
    }
    expect_op(p, "]");
    return n;
}

static struct node *parse_dict(struct parser *p)
{
    struct node *n = node_new(p, NODE_DICT);

    p->token++;
    while (!at_op(p, "}")) {
        node_add(p, n, parse_expression(p));
        expect_op(p, ":");
        node_add(p, n, parse_expression(p));
        if (!accept_op(p, ",") && !at_op(p, "}"))
            parse_fail(p, "expected ',' or '}'");
    }
    p->token++;
    return n;
}

static struct node *parse_brackets(struct parser *p)
{
    struct node *tuple = node_new(p, NODE_TUPLE);

    p->token++;
    if (accept_op(p, ")"))
        return tuple;
    struct node *n = parse_expressions(p);

    if (at_word(p, "for"))
        n = parse_comprehension(p, n);
    if (!at_op(p, ")"))
        parse_fail(p, "expected ')'");
    p->token++;
    return n;
}

/* A value, and the strings that follow it, as one. */
static struct node *parse_value(struct parser *p)
{
    struct node *n = node_new(p, NODE_VALUE);
    struct text t = { .s = p->s };

    n->value = (p->token++)->value;
    if (n->value->kind != VALUE_STR)
        return n;
    if (p->token->kind != TOKEN_VALUE || p->token->value->kind != VALUE_STR)
        return n;
    text_add(&t, n->value->text, n->value->len);
    for (; p->token->kind == TOKEN_VALUE && p->token->value->kind == VALUE_STR; p->token++)
        text_add(&t, p->token->value->text, p->token->value->len);
    n->value = text_value(&t);
    return n;
}

static struct node *parse_name(struct parser *p)
{
    struct node *n = node_new(p, NODE_NAME);

    /* print(…) is a call where a statement would not do. */
    if (p->token->op && strcmp(p->token->op, "print"))
        parse_fail(p, "expected a value");
    n->name = (p->token++)->name;
    return n;
}

static struct node *parse_atom(struct parser *p)
{
    if (p->token->kind == TOKEN_VALUE)
        return parse_value(p);
    if (p->token->kind == TOKEN_NAME)
        return parse_name(p);
    if (at_op(p, "["))
        return parse_list(p);
    if (at_op(p, "{"))
        return parse_dict(p);
    if (at_op(p, "("))
        return parse_brackets(p);
    parse_fail(p, "expected a value");
}

static struct node *parse_call(struct parser *p, struct node *fn)
{
    struct node *n = node_new(p, NODE_CALL);

    n->place = fn->place;
    n->a = fn;
    p->token++;
    while (!at_op(p, ")")) {
        const struct symbol *name = NULL;

        if (at_op(p, "*") || at_op(p, "**"))
            parse_fail(p, "expected an argument (* and ** are not supported)");
        if (p->token->kind == TOKEN_NAME && p->token[1].op && !strcmp(p->token[1].op, "=")) {
            name = expect_name(p);
            p->token++;
        }
        struct node *arg = parse_expression(p);

        if (!name && at_word(p, "for"))
            arg = parse_comprehension(p, arg);
        node_add(p, n, arg);
        node_add_name(p, n, name, NULL);
        if (!accept_op(p, ",") && !at_op(p, ")"))
            parse_fail(p, "expected ',' or ')'");
    }
    p->token++;
    return n;
}

/* [a], [a:b], [a:b:c], every part optional in a slice. */
static struct node *parse_subscript(struct parser *p, struct node *of)
{
    struct node *n = node_new(p, NODE_INDEX);

    p->token++;
    n->a = of;
    struct node *first = at_op(p, ":") ? NULL : parse_expressions(p);

    if (first && !at_op(p, ":")) {
        n->b = first;
        expect_op(p, "]");
        return n;
    }
    n->kind = NODE_SLICE;
    node_add(p, n, first);
    for (int part = 1; part < 3; part++) {
        bool has_part = accept_op(p, ":") && !at_op(p, ":") && !at_op(p, "]");

        node_add(p, n, has_part ? parse_expression(p) : NULL);
    }
    expect_op(p, "]");
    return n;
}

static struct node *parse_postfix(struct parser *p)
{
    struct node *n = parse_atom(p);

    for (;;) {
        if (at_op(p, "(")) {
            n = parse_call(p, n);
        } else if (at_op(p, "[")) {
            n = parse_subscript(p, n);
        } else if (accept_op(p, ".")) {
            struct node *attr = node_new(p, NODE_ATTRIBUTE);

            attr->a = n;
            attr->name = expect_name(p);
            n = attr;
        } else {
            return n;
        }
    }
}

static struct node *parse_power(struct parser *p)
{
    struct node *base = parse_postfix(p);

    if (!at_op(p, "**"))
        return base;
    parse_enter(p);
    struct node *n = node_new(p, NODE_BINARY);

    p->token++;
    n->op = "**";
    n->a = base;
    n->b = parse_unary(p);
    p->depth--;
    return n;
}

static struct node *parse_unary(struct parser *p)
{
    static const char *const signs[] = { "-", "+", "~", NULL };
    const struct token *at = p->token;
    const char *op = accept_any(p, signs);

    if (!op)
        return parse_power(p);
    parse_enter(p);
    struct node *n = node_at(p, NODE_UNARY, at);

    n->op = op;
    n->a = parse_unary(p);
    p->depth--;
    return n;
}
