/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run's life: memory, limits, names, files, and how its errors get out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>

#include "node.h"

#define DEFAULT_STEPS 2000000
#define MEMORY_LIMIT (64 * 1024 * 1024)

void script_init(struct script *s, const struct config_options *options)
{
    static const struct config_options defaults = { 0 };

    *s = (struct script){ .options = options ? options : &defaults };
    s->arena.limit = MEMORY_LIMIT;
    s->steps = ~0ul;    /* what follows is not the script's work */
    s->none.kind = VALUE_NONE;
    s->yes.kind = s->no.kind = VALUE_BOOL;
    s->yes.number = 1;
    s->builtins = env_new(s, NULL);
    s->globals = s->env = env_new(s, s->builtins);
    s->declared = value_list(s, 0);
    builtins_offer(s);
    errors_offer(s, s->builtins);
    network_offer(s);
    xm_vars_offer(s);
    s->steps = s->options->max_steps ? s->options->max_steps : DEFAULT_STEPS;
}

void script_free(struct script *s)
{
    for (struct map_entry *e = map_next(&s->symbols, NULL); e; e = map_next(&s->symbols, e))
        free(e->value);
    map_free(&s->symbols);
    arena_free(&s->arena);
    strings_free(&s->warnings);
}

static void find_line(const struct place *at, struct config_error *e)
{
    const char *text = at->source->text, *p = text + at->offset, *start = p, *end = p;

    if (at->offset && at->offset >= at->source->len && p[-1] == '\n')
        p = start = --end;      /* the end of the file is the end of its last line */
    while (start > text && start[-1] != '\n')
        start--;
    while (end < text + at->source->len && *end != '\n' && *end != '\r')
        end++;
    e->line = 1;
    for (const char *c = text; c < start; c++)
        e->line += *c == '\n';
    size_t column = p - start, len = end - start, skip = 0;

    /* Of a very long line, the part around the place. */
    if (column >= sizeof(e->source) - 40)
        skip = column - 40;
    len -= skip;
    if (len >= sizeof(e->source))
        len = sizeof(e->source) - 1;
    memcpy(e->source, start + skip, len);
    e->source[len] = '\0';
    e->column = column + 1;
    e->caret = column - skip;
}

static void fill_error(struct config_error *e, const struct place *at, const char *what)
{
    *e = (struct config_error){ 0 };
    snprintf(e->what, sizeof(e->what), "%s", what);
    if (!at->source)
        return;
    snprintf(e->file, sizeof(e->file), "%s", at->source->name);
    find_line(at, e);
}

static _Noreturn void leave(struct script *s, struct place at, const char *what)
{
    fill_error(s->error, &at, what);
    s->error->is_syntax = s->is_parsing;
    longjmp(s->exit, -EINVAL);
}

void script_fatal(struct script *s, struct place at, const char *fmt, ...)
{
    char what[sizeof(s->error->what)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    leave(s, at, what);
}

void script_stop(struct script *s)
{
    s->stopped = true;
    longjmp(s->exit, 1);
}

void *script_alloc(struct script *s, size_t size)
{
    void *p = arena_alloc(&s->arena, size);

    if (p)
        return p;
    if (!s->error)
        abort();    /* not even the names that are built in: the machine has no memory */
    leave(s, s->at, "the script uses too much memory");
}

void script_charge(struct script *s, size_t steps)
{
    if (steps >= s->steps)
        leave(s, s->at, "the script runs for too long; does a loop not end?");
    s->steps -= steps;
}

void script_enter(struct script *s)
{
    if (++s->depth > MAX_DEPTH)
        script_raise(s, "RuntimeError", "nested too deeply; does a function call itself forever?");
}

void script_throw(struct script *s, struct value *error, struct place at)
{
    struct catcher *c = s->catcher;

    s->raised = error;
    s->raised_at = at;
    s->is_parsing = s->is_parsing && !c;
    if (c) {
        s->catcher = c->outer;
        s->depth = c->depth;
        s->env = c->env;
        longjmp(c->jump, 1);
    }
    struct value *text = error_text(s, error);

    script_fatal(s, at, "%s%s%s", error->error.type->name, text->len ? ": " : "", text->text);
}

void script_raise(struct script *s, const char *type, const char *fmt, ...)
{
    char what[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    struct value *tuple = value_tuple(s, 1);

    list_append(s, tuple, value_str(s, what));
    script_throw(s, error_new(s, error_type_find(type), tuple), s->at);
}

#define MAX_WARNINGS 50

void script_warn(struct script *s, struct place at, const char *fmt, ...)
{
    struct config_error e;
    char what[sizeof(e.what)];
    va_list args;

    if (s->warnings.count >= MAX_WARNINGS)
        return;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    fill_error(&e, &at, what);
    if (e.line)
        strings_give(&s->warnings, xasprintf("%s:%u: %s", e.file, e.line, what));
    else
        strings_add(&s->warnings, what);
}

void script_print(struct script *s, const char *text, size_t len, bool to_stderr)
{
    if (s->options->print)
        s->options->print(s->options->print_arg, text, len);
    else
        fwrite(text, 1, len, to_stderr ? stderr : stdout);
}

const struct symbol *script_symbol(struct script *s, const char *name, size_t len)
{
    struct symbol *sym = map_get_n(&s->symbols, name, len);

    if (sym)
        return sym;
    char *copy = script_alloc(s, len + 1);

    memcpy(copy, name, len);
    sym = xcalloc(1, sizeof(*sym));
    sym->id = s->symbols.count;
    sym->len = len;
    sym->name = copy;
    *map_slot(&s->symbols, name, len) = sym;
    return sym;
}

/* Reads all of a regular file that is not too long: its length, or -E. Never blocks. */
static ssize_t read_whole(const char *path, char **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return -errno;
    ssize_t rc = fstat(fd, &st) ? -errno : S_ISDIR(st.st_mode) ? -EISDIR
               : !S_ISREG(st.st_mode) ? -EINVAL : st.st_size >= MAX_TEXT ? -EFBIG : 0;
    char *text = rc ? NULL : malloc(st.st_size + 1);
    size_t len = 0;

    while (text && len < (size_t)st.st_size) {
        ssize_t got = read(fd, text + len, st.st_size - len);

        if (got < 0 && errno != EINTR)
            rc = -errno;
        if (got == 0 || rc)
            break;
        len += got > 0 ? got : 0;
    }
    close(fd);
    if (!text || rc) {
        free(text);
        return rc ? rc : -ENOMEM;
    }
    text[len] = '\0';
    *out = text;
    return len;
}

struct source *source_load(struct script *s, const char *path)
{
    struct source *source = script_alloc(s, sizeof(*source));
    struct value *name = value_str(s, path);
    char *text = NULL;
    ssize_t len = s->options->is_sealed ? -EPERM : read_whole(path, &text);

    if (len < 0)
        script_raise(s, "IOError", "cannot read %.150s: %s", path, strerror(-len));
    /* Room is made without script_alloc(), which may not return, while text is in hand. */
    char *copy = arena_alloc(&s->arena, len + 1);

    if (copy)
        memcpy(copy, text, len + 1);
    free(text);
    if (!copy)
        script_fatal(s, s->at, "no memory for %s", path);
    *source = (struct source){ name->text, copy, len };
    return source;
}

void script_include(struct script *s, const struct source *source)
{
    struct value *result = NULL;

    script_enter(s);
    /* Parsing recurses as deep as evaluation does, in addition to it. */
    if (s->depth > MAX_DEPTH / 2)
        script_raise(s, "RuntimeError", "files include each other too deeply");
    s->is_parsing = true;
    struct node *block = parse(s, source);

    s->is_parsing = false;
    execute(s, block, &result);
    script_leave(s);
}

void script_preset(struct script *s, const char *name, const char *text)
{
    struct variable *v = env_set(s, s->globals, script_symbol(s, name, strlen(name)),
                                 value_str(s, text));

    v->is_preset = true;
}

int script_run(struct script *s, const char *name, const char *text, size_t len,
               struct config_error *error)
{
    *error = (struct config_error){ 0 };
    s->error = error;
    int rc = setjmp(s->exit);

    if (rc)
        return rc > 0 ? 0 : rc;
    struct source *source = script_alloc(s, sizeof(*source));
    char *copy = script_alloc(s, len + 1);

    if (len)
        memcpy(copy, text, len);
    *source = (struct source){ value_str(s, name)->text, copy, len };
    s->at = (struct place){ source, 0 };
    if (len > MAX_TEXT)
        script_fatal(s, s->at, "the file is longer than %d bytes", MAX_TEXT);
    script_include(s, source);
    return 0;
}
