/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens and the syntax tree. Both live in the script's arena.
 */
#ifndef CONFIG_SCRIPT_NODE_H
#define CONFIG_SCRIPT_NODE_H

#include "script.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_INDENT,
    TOKEN_DEDENT,
    TOKEN_NAME,         /* also keywords */
    TOKEN_VALUE,        /* a number or string */
    TOKEN_OPERATOR,
};

struct token {
    enum token_kind kind;
    size_t offset, len;         /* in the source */
    const char *op;             /* OPERATOR: its text; NAME: the keyword, or NULL */
    const struct symbol *name;
    struct value *value;
};

struct tokens {
    struct token *item;
    size_t count, size;
};

/* Ends with NEWLINE, DEDENTs and END. */
void lex(struct script *s, const struct source *source, struct tokens *out);
/* A string or number that starts at *pos; used by lex(). */
struct value *lex_string(struct script *s, const struct source *source, size_t *pos);
struct value *lex_number(struct script *s, const struct source *source, size_t *pos);

/* What the letters a, b, c and items mean for each kind. */
enum node_kind {
    NODE_VALUE,         /* value */
    NODE_NAME,          /* name */
    NODE_LIST,          /* items */
    NODE_TUPLE,         /* items */
    NODE_DICT,          /* items: key, value, … */
    NODE_COMPREHENSION, /* a for each of items: FOR clauses (a in b) and IF clauses (a) */
    NODE_UNARY,         /* op a */
    NODE_BINARY,        /* a op b */
    NODE_AND,           /* items */
    NODE_OR,            /* items */
    NODE_COMPARE,       /* items[0] ops[0] items[1] ops[1] … */
    NODE_CONDITIONAL,   /* a if b else c */
    NODE_CALL,          /* a(items); names[i] is a keyword or NULL */
    NODE_INDEX,         /* a[b] */
    NODE_SLICE,         /* a[items[0]:items[1]:items[2]], items NULL where absent */
    NODE_ATTRIBUTE,     /* a.name */
    NODE_LAMBDA,        /* a; parameters: names, defaults in items (NULL: none) */

    NODE_EXPRESSION,    /* a */
    NODE_ASSIGN,        /* items = a */
    NODE_AUGMENT,       /* a op= b */
    NODE_PRINT,         /* items; a: where to (>>), b: no line end */
    NODE_DEL,           /* items */
    NODE_PASS,
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_RETURN,        /* a or NULL */
    NODE_RAISE,         /* a or NULL; b: the text after a comma */
    NODE_IMPORT,        /* names: dotted; others: as what */
    NODE_FROM,          /* name: module; names, others as above; no names: `*` */
    NODE_GLOBAL,        /* names */
    NODE_EXEC,          /* a */
    NODE_ASSERT,        /* a, b or NULL */
    NODE_IF,            /* items: condition, block, …; a: else */
    NODE_WHILE,         /* while a: b; else: c */
    NODE_FOR,           /* for a in b: items[0]; else: c */
    NODE_DEF,           /* name; as LAMBDA, but a is a block */
    NODE_TRY,           /* a; items: CATCH; b: else; c: finally */
    NODE_CATCH,         /* except a as b: c */
    NODE_BLOCK,         /* items */
};

struct node {
    enum node_kind kind;
    struct place place;
    const char *op;
    const struct symbol *name;
    struct value *value;
    struct node *a, *b, *c;
    struct node **item;
    size_t count, size;
    const struct symbol **names, **others;
    const char **ops;
    size_t name_count;
};

/* The block that is the whole file. */
struct node *parse(struct script *s, const struct source *source);

/* Between the parser's files. */
struct parser {
    struct script *s;
    const struct source *source;
    struct token *token;        /* the next one */
    unsigned int depth;
    bool in_function, in_loop;
};

_Noreturn void parse_fail(struct parser *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void parse_enter(struct parser *p);
bool at_op(const struct parser *p, const char *op);
bool at_word(const struct parser *p, const char *word);
bool accept_op(struct parser *p, const char *op);
bool accept_word(struct parser *p, const char *word);
void expect_op(struct parser *p, const char *op);
void expect_word(struct parser *p, const char *word);
const struct symbol *expect_name(struct parser *p);
/* Placed at the next token, or at one before. */
struct node *node_new(struct parser *p, enum node_kind kind);
struct node *node_at(struct parser *p, enum node_kind kind, const struct token *at);
void node_add(struct parser *p, struct node *n, struct node *item);
void node_add_name(struct parser *p, struct node *n, const struct symbol *name,
                   const struct symbol *other);
/* `a, b` gives a tuple. */
struct node *parse_expressions(struct parser *p);
struct node *parse_expression(struct parser *p);
/* What stands before `in` and after `for`. */
struct node *parse_targets(struct parser *p);
/* Parameters up to the closing operator, which is not taken. */
void parse_parameters(struct parser *p, struct node *function, const char *end);
void check_target(struct parser *p, const struct node *n);

/* The evaluator. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN };

struct value *eval(struct script *s, const struct node *n);
/* *result is what `return` gave. */
enum flow execute(struct script *s, const struct node *n, struct value **result);
void assign(struct script *s, const struct node *target, struct value *v);
struct value *binary(struct script *s, const char *op, struct value *a, struct value *b);
struct value *unary(struct script *s, const char *op, struct value *a);
/* True if `a op b` holds. */
bool compare(struct script *s, const char *op, struct value *a, struct value *b);
struct value *call(struct script *s, struct value *fn, struct value **arg, size_t count,
                   const struct symbol **names);
struct value *attribute(struct script *s, struct value *v, const struct symbol *name);
struct value *get_index(struct script *s, struct value *of, struct value *index);
void set_index(struct script *s, struct value *of, struct value *index, struct value *v);
/* start, stop, step: NULL where absent. */
struct value *get_slice(struct script *s, struct value *of, struct value **part);
void set_slice(struct script *s, struct value *of, struct value **part, struct value *v);

/* "%d %s" % v, and "{}".format(...) */
struct value *format_percent(struct script *s, const struct value *format, struct value *v);
struct value *format_braces(struct script *s, const struct value *format, struct value **arg,
                            size_t count);

/* Tables of what is built in. A method is found by its object's kind. */
const struct builtin *str_method(const char *name);
const struct builtin *list_method(const char *name, bool is_tuple);
const struct builtin *dict_method(const char *name);
void builtins_offer(struct script *s);
void network_offer(struct script *s);
void xm_vars_offer(struct script *s);
/* A module of ours, or one whose every use raises; warns of the latter. */
struct value *module_import(struct script *s, const char *name);
const struct builtin *builtin_in(const struct builtin *table, size_t count, const char *name);
wide int_arg(struct script *s, const struct value *v, const char *what);
const char *str_arg(struct script *s, const struct value *v, const char *what);
struct value *sorted(struct script *s, const struct value *list, struct value *key, bool reverse);

/* regex.c: patterns of the re module, by backtracking, each try charged. */
struct value *regex_search(struct script *s, const struct value *pattern,
                           const struct value *subject, bool anchored);

#endif
