/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of the configuration language, and what can be done with any of them.
 *
 * They live in their script's arena and die with it, so nobody counts references. Strings, numbers
 * and tuples never change once made; lists, dictionaries and environments may. A string has a NUL
 * behind it and may have others inside.
 */
#ifndef CONFIG_SCRIPT_VALUE_H
#define CONFIG_SCRIPT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

struct script;
struct node;
struct symbol;
struct env;
struct value;

typedef __int128 wide;      /* wide enough for arithmetic on uuids but for their top bit */

enum value_kind {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STR,
    VALUE_LIST,
    VALUE_TUPLE,
    VALUE_DICT,
    VALUE_FUNCTION,         /* def or lambda */
    VALUE_BUILTIN,          /* in C; with a self, a method */
    VALUE_MODULE,           /* names behind a dot: os, a match, a file */
    VALUE_ERROR_TYPE,       /* ValueError */
    VALUE_ERROR,            /* ValueError("...") */
};

/* arg has max elements, absent ones NULL; if max is MANY, count elements. */
typedef struct value *builtin_fn(struct script *s, struct value *self, struct value **arg,
                                 size_t count);

#define MANY 255

struct builtin {
    const char *name;
    builtin_fn *fn;
    unsigned char min, max;
    const char *params;     /* names for keyword arguments, separated by blanks, or NULL */
};

struct error_type {
    const char *name;
    const struct error_type *parent;
};

struct value {
    enum value_kind kind;
    union {
        wide number;                    /* BOOL, INT */
        double real;
        struct {
            const char *text;
            size_t len;
        };
        struct {                        /* LIST, TUPLE; DICT: key, value, key, value, … */
            struct value **item;
            size_t count, size;
        };
        struct {
            const struct node *def;
            struct env *closure;
            struct value **defaults;    /* one for each parameter, NULL where there is none */
        } function;
        struct {
            const struct builtin *info;
            struct value *self;
        } builtin;
        struct {
            const char *name;
            struct env *names;
            bool is_absent;             /* imported, but not offered here */
        } module;
        struct {
            const struct error_type *type;
            struct value *args;         /* a tuple */
        } error;
    };
};

struct value *value_none(struct script *s);
struct value *value_bool(struct script *s, bool b);
struct value *value_int(struct script *s, wide n);
struct value *value_float(struct script *s, double f);
struct value *value_str(struct script *s, const char *text);
struct value *value_str_n(struct script *s, const char *text, size_t len);
/* Takes text over, which lies in the arena and has its NUL. */
struct value *value_str_own(struct script *s, const char *text, size_t len);
/* Empty, with room for count. */
struct value *value_list(struct script *s, size_t count);
struct value *value_tuple(struct script *s, size_t count);
struct value *value_dict(struct script *s);
struct value *value_builtin(struct script *s, const struct builtin *info, struct value *self);
struct value *value_module(struct script *s, const char *name);

bool value_is_true(const struct value *v);
bool value_is_number(const struct value *v);    /* BOOL, INT, FLOAT */
bool value_is_integer(const struct value *v);   /* BOOL, INT */
double value_real(const struct value *v);       /* of a number */
const char *value_type_name(const struct value *v);
bool value_equal(struct script *s, const struct value *a, const struct value *b);
/* Below, equal to or above zero; raises TypeError for kinds that have no order. */
int value_compare(struct script *s, const struct value *a, const struct value *b);
/* What str() and repr() give. */
struct value *value_to_str(struct script *s, const struct value *v);
struct value *value_repr(struct script *s, const struct value *v);

void list_append(struct script *s, struct value *list, struct value *item);
/* The items one after the other: of a list or tuple itself, the characters of a string, the keys
 * of a dictionary, as a list. Raises TypeError for the rest. */
struct value *value_items(struct script *s, struct value *v);
bool value_contains(struct script *s, const struct value *in, const struct value *v);

struct value *dict_get(struct script *s, const struct value *dict, const struct value *key);
void dict_put(struct script *s, struct value *dict, struct value *key, struct value *v);
struct value *dict_remove(struct script *s, struct value *dict, const struct value *key);

/* A string in the making. */
struct text {
    struct script *s;
    char *data;
    size_t len, size;
};

void text_add(struct text *t, const char *bytes, size_t n);
void text_puts(struct text *t, const char *s);
void text_putc(struct text *t, char c);
void text_pad(struct text *t, char c, size_t n);
/* base 2 to 16; no sign, no prefix. */
void text_number(struct text *t, unsigned __int128 n, unsigned int base, bool upper);
void text_int(struct text *t, wide n);
struct value *text_value(struct text *t);

/* Decimal, or by the base; base 0 reads the prefix. Blanks around are allowed. False if malformed
 * or too large. */
bool parse_wide(const char *text, size_t len, unsigned int base, wide *n);

#endif
