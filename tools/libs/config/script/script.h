/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of the configuration language: its memory, limits, names and errors.
 *
 * Errors travel by longjmp: to the innermost `try` of the script, or out of script_run(). That is
 * safe because all a run owns lies in its arena; code that holds anything else (a descriptor, heap)
 * must not call what can raise. Exceeded limits cannot be caught by the script.
 */
#ifndef CONFIG_SCRIPT_SCRIPT_H
#define CONFIG_SCRIPT_SCRIPT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/buffer.h>
#include <base/map.h>
#include <base/strings.h>
#include <config/config.h>

#include "arena.h"
#include "value.h"

#define MAX_TEXT (1024 * 1024)  /* bytes of one string, and of one file */
#define MAX_ITEMS 100000        /* of one list */
#define MAX_DEPTH 400           /* of nested evaluation; bounds the C stack */

struct source {
    const char *name;
    const char *text;           /* NUL behind it */
    size_t len;
};

/* A place in a source: what an error points at. */
struct place {
    const struct source *source;
    size_t offset;
};

struct symbol {
    uint32_t id;
    uint32_t len;
    const char *name;
};

struct variable {
    const struct symbol *name;  /* NULL: free slot */
    struct value *value;        /* NULL: deleted */
    struct place place;         /* of the last assignment */
    bool is_read;               /* by the script itself, or is a loop's variable */
    bool is_preset;             /* came from the command line and was never assigned */
};

/* Names to values, open addressing by symbol. Lookup goes on in the parent. */
struct env {
    struct env *parent;
    struct variable *slot;
    size_t size, count;         /* size is a power of two */
    const struct symbol **outside;  /* names declared `global` here */
    size_t outside_count;
};

/* Where the innermost try continues. */
struct catcher {
    jmp_buf jump;
    struct catcher *outer;
    unsigned int depth;
    struct env *env;
};

struct script {
    struct arena arena;
    const struct config_options *options;
    unsigned long steps;        /* still allowed */
    unsigned int depth;
    struct map symbols;         /* name to struct symbol */
    struct env *builtins, *globals, *env;
    struct place at;            /* of the operation in progress */
    struct catcher *catcher;    /* NULL outside any try */
    struct value *raised;       /* the error on its way */
    struct place raised_at;
    jmp_buf exit;               /* out of script_run() */
    struct config_error *error;
    bool is_parsing;
    bool stopped;               /* sys.exit(0), or xm_vars.check() in a run for help */
    struct value *declared;     /* xm_vars: list of (name, use, check, default) */
    struct strings warnings;
    struct value none, yes, no;
};

void script_init(struct script *s, const struct config_options *options);
void script_free(struct script *s);
/* Sets a global before the run, as the command line does. */
void script_preset(struct script *s, const char *name, const char *text);
/* 0, or -EINVAL and *error. */
int script_run(struct script *s, const char *name, const char *text, size_t len,
               struct config_error *error);

/* Never NULL: ends the run when memory is exhausted. */
void *script_alloc(struct script *s, size_t size);
/* Counts work done; ends the run when there was too much. */
void script_charge(struct script *s, size_t steps);
void script_enter(struct script *s);
static inline void script_leave(struct script *s)
{
    s->depth--;
}

_Noreturn void script_fatal(struct script *s, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* At the operation in progress. type is a name such as "ValueError". */
_Noreturn void script_raise(struct script *s, const char *type, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void script_throw(struct script *s, struct value *error, struct place at);
void script_warn(struct script *s, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void script_stop(struct script *s);
void script_print(struct script *s, const char *text, size_t len, bool to_stderr);

const struct symbol *script_symbol(struct script *s, const char *name, size_t len);
struct env *env_new(struct script *s, struct env *parent);
/* In this environment alone; NULL if absent. */
struct variable *env_find(struct env *e, const struct symbol *name);
struct variable *env_set(struct script *s, struct env *e, const struct symbol *name,
                         struct value *v);
void env_set_name(struct script *s, struct env *e, const char *name, struct value *v);

const struct error_type *error_type_find(const char *name);
bool error_type_is(const struct error_type *type, const struct error_type *ancestor);
struct value *error_new(struct script *s, const struct error_type *type, struct value *args);
/* Its text without the type's name; "" if none. */
struct value *error_text(struct script *s, const struct value *error);
void errors_offer(struct script *s, struct env *e);

/* Reads a whole regular file into the arena; raises IOError. */
struct source *source_load(struct script *s, const char *path);
/* Parses and executes in the current environment. */
void script_include(struct script *s, const struct source *source);

#endif
