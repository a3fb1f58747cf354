/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens to statements. Recursive descent; depth is bounded, errors end the run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node.h"

#define MAX_PARSE_DEPTH 100
#define MAX_NAMES 256

static struct node *parse_block(struct parser *p);
static struct node *parse_statement(struct parser *p);

static const char *token_text(const struct parser *p, char *out, size_t size)
{
    const struct token *t = p->token;

    switch (t->kind) {
    case TOKEN_END:
        return "the end of the file";
    case TOKEN_NEWLINE:
        return "the end of the line";
    case TOKEN_INDENT:
        return "an indented line";
    case TOKEN_DEDENT:
        return "the end of the block";
    default:
        snprintf(out, size, "'%.*s'", t->len > 40 ? 40 : (int)t->len,
                 p->source->text + t->offset);
        return out;
    }
}

void parse_fail(struct parser *p, const char *fmt, ...)
{
    char what[200], got[64];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    struct place at = { p->source, p->token->offset };

    script_fatal(p->s, at, "%s, found %s", what, token_text(p, got, sizeof(got)));
}

static _Noreturn void fail_here(struct parser *p, const char *what)
{
    script_fatal(p->s, (struct place){ p->source, p->token->offset }, "%s", what);
}

void parse_enter(struct parser *p)
{
    if (++p->depth > MAX_PARSE_DEPTH)
        fail_here(p, "the nesting is too deep");
}

bool at_op(const struct parser *p, const char *op)
{
    return p->token->kind == TOKEN_OPERATOR && !strcmp(p->token->op, op);
}

bool at_word(const struct parser *p, const char *word)
{
    return p->token->kind == TOKEN_NAME && p->token->op && !strcmp(p->token->op, word);
}

bool accept_op(struct parser *p, const char *op)
{
    if (!at_op(p, op))
        return false;
    p->token++;
    return true;
}

bool accept_word(struct parser *p, const char *word)
{
    if (!at_word(p, word))
        return false;
    p->token++;
    return true;
}

void expect_op(struct parser *p, const char *op)
{
    if (!accept_op(p, op))
        parse_fail(p, "expected '%s'", op);
}

void expect_word(struct parser *p, const char *word)
{
    if (!accept_word(p, word))
        parse_fail(p, "expected '%s'", word);
}

const struct symbol *expect_name(struct parser *p)
{
    /* Words that were once names: print and exec. */
    if (p->token->kind != TOKEN_NAME || p->token->op)
        parse_fail(p, "expected a name");
    return (p->token++)->name;
}

struct node *node_at(struct parser *p, enum node_kind kind, const struct token *at)
{
    struct node *n = script_alloc(p->s, sizeof(*n));

    n->kind = kind;
    n->place = (struct place){ p->source, at->offset };
    return n;
}

struct node *node_new(struct parser *p, enum node_kind kind)
{
    return node_at(p, kind, p->token);
}

void node_add(struct parser *p, struct node *n, struct node *item)
{
    if (n->count == n->size) {
        size_t size = n->size ? n->size * 2 : 4;
        struct node **items = script_alloc(p->s, size * sizeof(*items));

        if (n->count)
            memcpy(items, n->item, n->count * sizeof(*items));
        n->item = items;
        n->size = size;
    }
    n->item[n->count++] = item;
}

/* Room for one more pair. */
static void grow_names(struct parser *p, struct node *n)
{
    size_t size = n->name_count ? n->name_count * 2 : 2;
    const struct symbol **names = script_alloc(p->s, 2 * size * sizeof(*names));

    if (n->name_count == MAX_NAMES)
        fail_here(p, "too many names or arguments");
    for (size_t i = 0; i < n->name_count; i++) {
        names[i] = n->names[i];
        names[size + i] = n->others[i];
    }
    n->names = names;
    n->others = names + size;
}

void node_add_name(struct parser *p, struct node *n, const struct symbol *name,
                   const struct symbol *other)
{
    if (!(n->name_count & (n->name_count - 1)) && n->name_count != 1)
        grow_names(p, n);
    n->names[n->name_count] = name;
    n->others[n->name_count++] = other;
}

void check_target(struct parser *p, const struct node *n)
{
    switch (n->kind) {
    case NODE_NAME:
    case NODE_INDEX:
    case NODE_SLICE:
        return;
    case NODE_TUPLE:
    case NODE_LIST:
        for (size_t i = 0; i < n->count; i++)
            check_target(p, n->item[i]);
        return;
    default:
        script_fatal(p->s, n->place, "this cannot be assigned to");
    }
}

static bool at_line_end(const struct parser *p)
{
    return p->token->kind == TOKEN_NEWLINE || p->token->kind == TOKEN_END || at_op(p, ";");
}

static struct node *parse_assignment(struct parser *p)
{
    static const char *const augmented[] = {
        "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=",
    };
    static const char *const plain[] = {
        "+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>",
    };
    struct node *n = node_new(p, NODE_EXPRESSION);

    n->a = parse_expressions(p);
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
        if (!accept_op(p, augmented[i]))
            continue;
        check_target(p, n->a);
        n->kind = NODE_AUGMENT;
        n->op = plain[i];
        n->b = parse_expressions(p);
        return n;
    }
    while (at_op(p, "=")) {
        check_target(p, n->a);
        p->token++;
        n->kind = NODE_ASSIGN;
        node_add(p, n, n->a);
        n->a = parse_expressions(p);
    }
    return n;
}

/* print >>sys.stderr, a, b, */
static struct node *parse_print(struct parser *p)
{
    struct node *n = node_new(p, NODE_PRINT);
    bool more = true;

    p->token++;
    if (accept_op(p, ">>")) {
        n->a = parse_expression(p);
        more = accept_op(p, ",");
    }
    while (more && !at_line_end(p)) {
        node_add(p, n, parse_expression(p));
        more = accept_op(p, ",");
        if (more && at_line_end(p))
            n->b = n;
    }
    return n;
}

static struct node *parse_raise(struct parser *p)
{
    struct node *n = node_new(p, NODE_RAISE);

    p->token++;
    if (at_line_end(p))
        return n;
    n->a = parse_expression(p);
    if (accept_op(p, ","))
        n->b = parse_expression(p);
    else if (accept_word(p, "from"))
        parse_expression(p);
    return n;
}

static const struct symbol *parse_dotted(struct parser *p)
{
    struct text t = { .s = p->s };

    do {
        const struct symbol *name = expect_name(p);

        if (t.len)
            text_putc(&t, '.');
        text_add(&t, name->name, name->len);
    } while (accept_op(p, "."));
    return script_symbol(p->s, t.data, t.len);
}

static struct node *parse_import(struct parser *p)
{
    struct node *n = node_new(p, NODE_IMPORT);

    p->token++;
    do {
        const struct symbol *name = parse_dotted(p);

        node_add_name(p, n, name, accept_word(p, "as") ? expect_name(p) : NULL);
    } while (accept_op(p, ","));
    return n;
}

static struct node *parse_from(struct parser *p)
{
    struct node *n = node_new(p, NODE_FROM);

    p->token++;
    n->name = parse_dotted(p);
    expect_word(p, "import");
    if (accept_op(p, "*"))
        return n;
    bool has_bracket = accept_op(p, "(");

    do {
        if (has_bracket && at_op(p, ")"))
            break;
        const struct symbol *name = expect_name(p);

        node_add_name(p, n, name, accept_word(p, "as") ? expect_name(p) : name);
    } while (accept_op(p, ","));
    if (has_bracket)
        expect_op(p, ")");
    return n;
}

static struct node *parse_global(struct parser *p)
{
    struct node *n = node_new(p, NODE_GLOBAL);

    p->token++;
    do {
        node_add_name(p, n, expect_name(p), NULL);
    } while (accept_op(p, ","));
    return n;
}

static struct node *parse_word(struct parser *p, enum node_kind kind)
{
    struct node *n = node_new(p, kind);

    p->token++;
    return n;
}

static struct node *parse_del(struct parser *p)
{
    struct node *n = parse_word(p, NODE_DEL);

    do {
        struct node *target = parse_expression(p);

        check_target(p, target);
        node_add(p, n, target);
    } while (accept_op(p, ",") && !at_line_end(p));
    return n;
}

static struct node *parse_with_values(struct parser *p, enum node_kind kind)
{
    struct node *n = parse_word(p, kind);

    if (kind == NODE_RETURN && at_line_end(p))
        return n;
    n->a = kind == NODE_RETURN ? parse_expressions(p) : parse_expression(p);
    if (kind == NODE_ASSERT && accept_op(p, ","))
        n->b = parse_expression(p);
    return n;
}

static struct node *parse_simple(struct parser *p)
{
    if ((at_word(p, "break") || at_word(p, "continue")) && !p->in_loop)
        fail_here(p, "break and continue belong into a loop");
    if (at_word(p, "return") && !p->in_function)
        fail_here(p, "return belongs into a function");
    if (at_word(p, "break"))
        return parse_word(p, NODE_BREAK);
    if (at_word(p, "continue"))
        return parse_word(p, NODE_CONTINUE);
    if (at_word(p, "return"))
        return parse_with_values(p, NODE_RETURN);
    if (at_word(p, "pass"))
        return parse_word(p, NODE_PASS);
    if (at_word(p, "assert"))
        return parse_with_values(p, NODE_ASSERT);
    if (at_word(p, "exec"))
        return parse_with_values(p, NODE_EXEC);
    if (at_word(p, "print") && !(p->token[1].op && !strcmp(p->token[1].op, "(")))
        return parse_print(p);
    if (at_word(p, "raise"))
        return parse_raise(p);
    if (at_word(p, "import"))
        return parse_import(p);
    if (at_word(p, "from"))
        return parse_from(p);
    if (at_word(p, "global"))
        return parse_global(p);
    if (at_word(p, "del"))
        return parse_del(p);
    return parse_assignment(p);
}

static void parse_line(struct parser *p, struct node *block)
{
    do {
        if (p->token->kind == TOKEN_NEWLINE)
            break;
        node_add(p, block, parse_simple(p));
    } while (accept_op(p, ";"));
    if (p->token->kind != TOKEN_NEWLINE)
        parse_fail(p, "expected the statement to end");
    p->token++;
}

/* Behind a colon: the rest of the line, or indented lines. */
static struct node *parse_block(struct parser *p)
{
    expect_op(p, ":");
    struct node *block = node_new(p, NODE_BLOCK);

    if (p->token->kind != TOKEN_NEWLINE) {
        parse_line(p, block);
        return block;
    }
    p->token++;
    if (p->token->kind != TOKEN_INDENT)
        parse_fail(p, "expected an indented block");
    p->token++;
    while (p->token->kind != TOKEN_DEDENT)
        node_add(p, block, parse_statement(p));
    p->token++;
    return block;
}

static struct node *parse_if(struct parser *p)
{
    struct node *n = node_new(p, NODE_IF);

    do {
        p->token++;
        node_add(p, n, parse_expressions(p));
        node_add(p, n, parse_block(p));
    } while (at_word(p, "elif"));
    if (accept_word(p, "else"))
        n->a = parse_block(p);
    return n;
}

static struct node *parse_loop_body(struct parser *p)
{
    bool was = p->in_loop;

    p->in_loop = true;
    struct node *block = parse_block(p);

    p->in_loop = was;
    return block;
}

static struct node *parse_while(struct parser *p)
{
    struct node *n = parse_word(p, NODE_WHILE);

    n->a = parse_expressions(p);
    n->b = parse_loop_body(p);
    if (accept_word(p, "else"))
        n->c = parse_block(p);
    return n;
}

static struct node *parse_for(struct parser *p)
{
    struct node *n = parse_word(p, NODE_FOR);

    n->a = parse_targets(p);
    check_target(p, n->a);
    expect_word(p, "in");
    n->b = parse_expressions(p);
    node_add(p, n, parse_loop_body(p));
    if (accept_word(p, "else"))
        n->c = parse_block(p);
    return n;
}

static struct node *parse_def(struct parser *p)
{
    struct node *n = parse_word(p, NODE_DEF);
    bool was_function = p->in_function, was_loop = p->in_loop;

    n->name = expect_name(p);
    expect_op(p, "(");
    parse_parameters(p, n, ")");
    expect_op(p, ")");
    p->in_function = true;
    p->in_loop = false;
    n->a = parse_block(p);
    p->in_function = was_function;
    p->in_loop = was_loop;
    return n;
}

static struct node *parse_catch(struct parser *p)
{
    struct node *n = parse_word(p, NODE_CATCH);

    if (!at_op(p, ":")) {
        n->a = parse_expression(p);
        if (accept_op(p, ",") || accept_word(p, "as")) {
            n->b = parse_expression(p);
            check_target(p, n->b);
        }
    }
    n->c = parse_block(p);
    return n;
}

static struct node *parse_try(struct parser *p)
{
    struct node *n = parse_word(p, NODE_TRY);

    n->a = parse_block(p);
    while (at_word(p, "except"))
        node_add(p, n, parse_catch(p));
    if (n->count && accept_word(p, "else"))
        n->b = parse_block(p);
    if (accept_word(p, "finally"))
        n->c = parse_block(p);
    if (!n->count && !n->c)
        parse_fail(p, "expected 'except' or 'finally'");
    return n;
}

static struct node *parse_compound(struct parser *p)
{
    static const char *const absent[] = { "class", "with", "yield", "async", "await", "nonlocal" };

    for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
        if (at_word(p, absent[i]))
            script_fatal(p->s, (struct place){ p->source, p->token->offset },
                         "'%s' is not supported in configuration files", absent[i]);
    }
    if (at_word(p, "if"))
        return parse_if(p);
    if (at_word(p, "while"))
        return parse_while(p);
    if (at_word(p, "for"))
        return parse_for(p);
    if (at_word(p, "def"))
        return parse_def(p);
    return at_word(p, "try") ? parse_try(p) : NULL;
}

/* A compound statement, or the statements of one line as a block. */
static struct node *parse_statement(struct parser *p)
{
    parse_enter(p);
    if (p->token->kind == TOKEN_INDENT)
        fail_here(p, "unexpected indentation");
    struct node *n = parse_compound(p);

    if (!n) {
        n = node_new(p, NODE_BLOCK);
        parse_line(p, n);
    }
    p->depth--;
    return n;
}

struct node *parse(struct script *s, const struct source *source)
{
    struct tokens tokens = { 0 };

    lex(s, source, &tokens);
    struct parser p = { .s = s, .source = source, .token = tokens.item };
    struct node *block = node_new(&p, NODE_BLOCK);

    while (p.token->kind != TOKEN_END)
        node_add(&p, block, parse_statement(&p));
    return block;
}
