/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text to tokens: names, operators, the layout of lines and indentation.
 */
#include <ctype.h>
#include <string.h>

#include "node.h"

#define MAX_INDENT 100
#define MAX_BRACKETS 200

struct lexer {
    struct script *s;
    const struct source *source;
    struct tokens *out;
    size_t pos;
    size_t indent[MAX_INDENT];
    size_t indents;                 /* open ones; indent[0] is 0 */
    size_t bracket[MAX_BRACKETS];   /* where each open one stands */
    size_t brackets;
};

static const char *const keywords[] = {
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "exec", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "print", "raise", "return", "try", "while", "with",
    "yield",
};

/* Longest first. */
static const char *const operators[] = {
    "**=", "//=", ">>=", "<<=", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "<>", "+=", "-=",
    "*=", "/=", "%=", "&=", "|=", "^=", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}",
    ",", ":", ".", ";", "=", "<", ">", "&", "|", "^", "~",
};

static struct token *add(struct lexer *l, enum token_kind kind, size_t offset)
{
    struct tokens *t = l->out;

    if (t->count == t->size) {
        size_t size = t->size ? t->size * 2 : 64;
        struct token *item = script_alloc(l->s, size * sizeof(*item));

        if (t->count)
            memcpy(item, t->item, t->count * sizeof(*item));
        t->item = item;
        t->size = size;
    }
    struct token *token = &t->item[t->count++];

    token->kind = kind;
    token->offset = offset;
    token->len = l->pos - offset;
    return token;
}

static _Noreturn void fail(struct lexer *l, size_t offset, const char *what)
{
    script_fatal(l->s, (struct place){ l->source, offset }, "%s", what);
}

static char look(const struct lexer *l, size_t ahead)
{
    size_t at = l->pos + ahead;

    return at < l->source->len ? l->source->text[at] : '\0';
}

/* Blanks, comments, continued lines; stops at a line's end or at something. */
static void skip_blanks(struct lexer *l)
{
    for (;;) {
        char c = look(l, 0);

        if (c == '\\' && (look(l, 1) == '\n' || (look(l, 1) == '\r' && look(l, 2) == '\n')))
            l->pos += look(l, 1) == '\r' ? 3 : 2;
        else if (c == ' ' || c == '\t' || c == '\r' || c == '\f')
            l->pos++;
        else if (c == '#')
            while (l->pos < l->source->len && look(l, 0) != '\n')
                l->pos++;
        else
            return;
    }
}

static size_t measure_indent(struct lexer *l)
{
    size_t width = 0;

    for (;; l->pos++) {
        char c = look(l, 0);

        if (c == ' ')
            width++;
        else if (c == '\t')
            width = (width / 8 + 1) * 8;
        else if (c != '\f')
            return width;
    }
}

/* At the beginning of a line: skips empty ones, then compares the indentation with what is open. */
static void begin_line(struct lexer *l)
{
    size_t width;

    for (;;) {
        width = measure_indent(l);
        skip_blanks(l);
        if (look(l, 0) != '\n')
            break;
        l->pos++;
    }
    if (l->pos >= l->source->len)
        return;
    if (width > l->indent[l->indents - 1]) {
        if (l->indents == MAX_INDENT)
            fail(l, l->pos, "blocks nest too deeply");
        l->indent[l->indents++] = width;
        add(l, TOKEN_INDENT, l->pos);
        return;
    }
    while (width < l->indent[l->indents - 1]) {
        l->indents--;
        add(l, TOKEN_DEDENT, l->pos);
    }
    if (width != l->indent[l->indents - 1])
        fail(l, l->pos, "this indentation matches no line above");
}

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_string_start(const struct lexer *l)
{
    size_t n = 0;

    while (n < 2 && look(l, n) && strchr("rRuUbBfF", look(l, n)))
        n++;
    return look(l, n) == '"' || look(l, n) == '\'';
}

static void lex_name(struct lexer *l)
{
    size_t start = l->pos;
    const char *text = l->source->text + start;

    while (is_name_start(look(l, 0)) || isdigit((unsigned char)look(l, 0)))
        l->pos++;
    struct token *t = add(l, TOKEN_NAME, start);

    t->name = script_symbol(l->s, text, t->len);
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
        if (!strcmp(t->name->name, keywords[i]))
            t->op = keywords[i];
    }
}

static void track_bracket(struct lexer *l, char c, size_t at)
{
    const char *open = "([{", *close = ")]}";

    if (strchr(open, c)) {
        if (l->brackets == MAX_BRACKETS)
            fail(l, at, "brackets nest too deeply");
        l->bracket[l->brackets++] = at;
        return;
    }
    const char *which = strchr(close, c);

    if (!which)
        return;
    if (!l->brackets)
        fail(l, at, "this bracket was never opened");
    char opened = l->source->text[l->bracket[--l->brackets]];

    if (opened != open[which - close])
        fail(l, at, "this bracket does not match the one that is open");
}

static void lex_operator(struct lexer *l)
{
    size_t start = l->pos;
    const char *text = l->source->text + start;

    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        size_t n = strlen(operators[i]);

        if (l->source->len - start < n || memcmp(text, operators[i], n))
            continue;
        l->pos += n;
        add(l, TOKEN_OPERATOR, start)->op = operators[i];
        track_bracket(l, *operators[i], start);
        return;
    }
    unsigned char c = *text;

    if (c == '\0')
        fail(l, start, "a NUL byte: is this a text file?");
    if (c == '`')
        fail(l, start, "backquotes are not supported; use repr()");
    if (c == '\\')
        fail(l, start, "a backslash must be the last character of its line");
    if (c >= 0x80)
        fail(l, start, "only strings and comments may hold characters outside ASCII");
    fail(l, start, "unexpected character");
}

static void lex_token(struct lexer *l)
{
    size_t start = l->pos;
    char c = look(l, 0);

    if (is_string_start(l)) {
        struct value *v = lex_string(l->s, l->source, &l->pos);

        add(l, TOKEN_VALUE, start)->value = v;
    } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)look(l, 1)))) {
        struct value *v = lex_number(l->s, l->source, &l->pos);

        if (is_name_start(look(l, 0)))
            fail(l, start, "a malformed number");
        add(l, TOKEN_VALUE, start)->value = v;
    } else if (is_name_start(c)) {
        lex_name(l);
    } else {
        lex_operator(l);
    }
}

static void lex_line(struct lexer *l)
{
    for (;;) {
        skip_blanks(l);
        if (l->pos >= l->source->len)
            break;
        if (look(l, 0) == '\n') {
            l->pos++;
            if (!l->brackets)
                break;
            continue;
        }
        lex_token(l);
    }
    if (l->brackets)
        fail(l, l->bracket[l->brackets - 1], "this bracket is never closed");
    /* The line's end, not the next line's beginning, is where what is missing is missing. */
    struct token *last = l->out->count ? &l->out->item[l->out->count - 1] : NULL;

    if (last)
        add(l, TOKEN_NEWLINE, last->offset + last->len)->len = 0;
}

void lex(struct script *s, const struct source *source, struct tokens *out)
{
    struct lexer l = { .s = s, .source = source, .out = out, .indents = 1 };

    if (source->len >= 3 && !memcmp(source->text, "\xef\xbb\xbf", 3))
        l.pos = 3;
    for (;;) {
        begin_line(&l);
        if (l.pos >= source->len)
            break;
        lex_line(&l);
    }
    while (l.indents-- > 1)
        add(&l, TOKEN_DEDENT, source->len);
    add(&l, TOKEN_END, source->len);
}
