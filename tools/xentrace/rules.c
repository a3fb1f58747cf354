/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How events are written out: a line for each, "EVENT FORMAT", in the language of the classic
 * xentrace_format.
 *
 * In a format %(cpu)d, %(tsc)d, %(reltsc)d, %(event)x and %(1)d to %(7)d stand for what the record
 * holds, with printf's flags and width and one of d, x, X, o, u. A rule is taken apart when it is
 * read, so that nothing of it ever reaches printf as a format.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xentrace.h"

#define WIDTH_MAX 64

enum what { TEXT, CPU, TSC, RELTSC, EVENT, WORD_1, WORD_7 = WORD_1 + 6 };

struct piece {
    enum what what;
    const char *text;       /* TEXT: of this length */
    int width;              /* TEXT: its length; else as printf's */
    bool zeros, left;
    char kind;              /* of d x X o u */
};

struct rule {
    uint32_t event;
    size_t first, count;    /* of the pieces */
};

struct rules {
    struct rule *rule;      /* by event */
    size_t count;
    struct piece *piece;
    size_t pieces, room;
    char **line;            /* texts point into them; as many as rules */
};

static struct piece *add_piece(struct rules *s)
{
    if (s->pieces == s->room) {
        size_t room = s->room ? 2 * s->room : 256;
        struct piece *p = reallocarray(s->piece, room, sizeof(*p));

        if (!p)
            return NULL;
        s->piece = p;
        s->room = room;
    }
    s->piece[s->pieces] = (struct piece){ 0 };
    return &s->piece[s->pieces++];
}

static bool parse_name(const char *name, size_t len, enum what *what)
{
    static const char *const names[] = {
        [CPU] = "cpu", [TSC] = "tsc", [RELTSC] = "reltsc", [EVENT] = "event",
    };

    for (enum what w = CPU; w <= EVENT; w++) {
        if (strlen(names[w]) == len && !memcmp(names[w], name, len)) {
            *what = w;
            return true;
        }
    }
    if (len != 1 || *name < '1' || *name > '7')
        return false;
    *what = WORD_1 + (*name - '1');
    return true;
}

/* What follows a % that is not doubled; NULL: no such thing. */
static const char *parse_field(const char *p, struct piece *piece)
{
    const char *end = *p == '(' ? strchr(p, ')') : NULL;

    if (!end || !parse_name(p + 1, end - p - 1, &piece->what))
        return NULL;
    for (p = end + 1; *p == '0' || *p == '-'; p++) {
        piece->zeros |= *p == '0';
        piece->left |= *p == '-';
    }
    while (isdigit((unsigned char)*p) && piece->width <= WIDTH_MAX)
        piece->width = piece->width * 10 + (*p++ - '0');
    if (piece->width > WIDTH_MAX || !*p || !strchr("dxXou", *p))
        return NULL;
    piece->kind = *p;
    return p + 1;
}

/* \t, \n and \\ as everywhere; in place. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (*from != '\\' || !from[1]) {
            *to++ = *from;
            continue;
        }
        from++;
        *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
    }
    *to = 0;
}

static const char *parse_format(struct rules *s, const char *p)
{
    while (*p) {
        struct piece *piece = add_piece(s);

        if (!piece)
            return "out of memory";
        if (*p == '%' && p[1] != '%') {
            p = parse_field(p + 1, piece);
            if (!p)
                return "after %, a field like (1)08x is expected: cpu, tsc, reltsc, event or 1 "
                       "to 7, and one of d, x, X, o, u";
            continue;
        }
        p += *p == '%';
        piece->text = p;
        piece->width = 1 + strcspn(p + 1, "%");
        p += piece->width;
    }
    return NULL;
}

/* What is wrong with the line, or NULL. It belongs to the rules from now on. */
static const char *parse_line(struct rules *s, char *line)
{
    char *text;
    unsigned long event = strtoul(line, &text, 0);
    struct rule *rules = reallocarray(s->rule, s->count + 1, sizeof(*rules));

    if (rules)
        s->rule = rules;
    char **lines = reallocarray(s->line, s->count + 1, sizeof(*lines));

    if (lines)
        s->line = lines;
    if (!rules || !lines) {
        free(line);
        return "out of memory";
    }
    s->line[s->count] = line;
    struct rule *rule = &s->rule[s->count++];

    *rule = (struct rule){ .event = event, .first = s->pieces };
    if (text == line || !isspace((unsigned char)*text) || event > 0x0fffffff)
        return "an event's number below 0x10000000, a blank and a format are expected";
    text += strspn(text, " \t");
    unescape(text);
    const char *wrong = parse_format(s, text);

    rule->count = s->pieces - rule->first;
    return wrong;
}

static int compare(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;

    return x->event < y->event ? -1 : x->event > y->event;
}

struct rules *rules_load(FILE *in, const char *name)
{
    struct rules *s = calloc(1, sizeof(*s));
    const char *wrong = s ? NULL : "out of memory";
    unsigned int nr = 0;
    char *line = NULL;
    size_t room = 0;

    while (!wrong && getline(&line, &room, in) >= 0) {
        char *start = line + strspn(line, " \t");

        nr++;
        line[strcspn(line, "\r\n")] = 0;
        if (!*start || *start == '#')
            continue;
        char *copy = strdup(start);

        wrong = copy ? parse_line(s, copy) : "out of memory";
    }
    if (!wrong && ferror(in))
        wrong = strerror(errno);
    free(line);
    if (wrong) {
        complain("%s:%u: %s", name, nr, wrong);
        rules_free(s);
        return NULL;
    }
    if (s->count)
        qsort(s->rule, s->count, sizeof(*s->rule), compare);
    return s;
}

void rules_free(struct rules *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->line[i]);
    free(s->line);
    free(s->rule);
    free(s->piece);
    free(s);
}

static uint64_t value_of(enum what what, const struct record *r, uint64_t reltsc)
{
    switch (what) {
    case CPU: return r->cpu;
    case TSC: return r->stamp;
    case RELTSC: return reltsc;
    case EVENT: return r->event;
    default: return r->data[what - WORD_1];     /* what a record lacks is 0 */
    }
}

static void print_number(const struct piece *p, unsigned long long value, FILE *out)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits),
                       p->kind == 'x' ? "%llx" : p->kind == 'X' ? "%llX" : p->kind == 'o' ? "%llo"
                                                                                         : "%llu",
                       value);

    if (!p->left)
        for (int i = len; i < p->width; i++)
            fputc(p->zeros ? '0' : ' ', out);
    fputs(digits, out);
    if (p->left)
        for (int i = len; i < p->width; i++)
            fputc(' ', out);
}

bool rules_print(const struct rules *s, const struct record *r, uint64_t reltsc, FILE *out)
{
    const struct rule key = { .event = r->event };
    const struct rule *rule =
        s->count ? bsearch(&key, s->rule, s->count, sizeof(key), compare) : NULL;

    if (!rule)
        return false;
    for (const struct piece *p = s->piece + rule->first; p < s->piece + rule->first + rule->count;
         p++) {
        if (p->what == TEXT)
            fwrite(p->text, 1, p->width, out);
        else
            print_number(p, value_of(p->what, r, reltsc), out);
    }
    fputc('\n', out);
    return true;
}
