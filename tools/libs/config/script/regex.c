/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Patterns of the re module, matched by backtracking on the pattern's own text.
 *
 * Every attempt is charged to the script, so a pattern that explodes ends the run instead of
 * hanging it; recursion counts as depth.
 */
#include <ctype.h>
#include <string.h>

#include "node.h"

#define MAX_GROUPS 10

enum part_kind { PART_CHAR, PART_ANY, PART_CLASS, PART_START, PART_END, PART_EDGE, PART_GROUP };

/* A piece of a sequence: what it matches, how often. */
struct part {
    enum part_kind kind;
    bool negated;               /* CLASS; EDGE: \B */
    bool lazy;
    unsigned char c;            /* CHAR */
    int group;                  /* GROUP: its number, -1 if it has none */
    size_t min, max;
    unsigned char set[32];      /* CLASS: a bit for each byte */
    struct choice *choices;     /* GROUP */
    struct part *next;
};

struct choice {
    struct part *first;
    struct choice *next;
};

struct pattern {
    struct script *s;
    const char *p, *end;
    int groups;                 /* numbers given away */
};

struct match {
    struct script *s;
    const char *begin, *end;
    const char *from[MAX_GROUPS], *to[MAX_GROUPS];
};

/* What is to match after the current sequence: a list from the inside out. */
struct rest {
    bool (*go)(struct match *m, const char *at, const struct rest *rest);
    const struct part *part;
    const struct rest *outer;
    size_t done;                /* repetitions so far */
    const char *began;          /* where the last one did */
};

static struct choice *read_choices(struct pattern *in);

static _Noreturn void fail(struct pattern *in, const char *what)
{
    script_raise(in->s, "ValueError", "a regular expression with %s", what);
}

static void set_add(struct part *part, unsigned char c)
{
    part->set[c / 8] |= 1 << c % 8;
}

/* \d \w \s and their opposites; false if c is none of them. */
static bool add_named(struct part *part, char c)
{
    int (*is)(int) = tolower(c) == 'd' ? isdigit : tolower(c) == 's' ? isspace
                   : tolower(c) == 'w' ? isalnum : NULL;

    if (!is)
        return false;
    for (int i = 0; i < 256; i++) {
        bool in = i < 128 && (is(i) || (is == isalnum && i == '_'));

        if (in == !isupper((unsigned char)c))
            set_add(part, i);
    }
    return true;
}

static unsigned char escaped(char c)
{
    const char *letters = "nrtfv", *meaning = "\n\r\t\f\v";
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? meaning[at - letters] : c;
}

static void read_class(struct pattern *in, struct part *part)
{
    part->kind = PART_CLASS;
    if (in->p < in->end && *in->p == '^') {
        part->negated = true;
        in->p++;
    }
    for (bool first = true;; first = false) {
        if (in->p == in->end)
            fail(in, "a '[' without ']'");
        unsigned char c = *in->p++;

        if (c == ']' && !first)
            return;
        if (c == '\\' && in->p < in->end) {
            if (add_named(part, *in->p++))
                continue;
            c = escaped(in->p[-1]);
        }
        unsigned char last = c;

        if (in->end - in->p > 1 && *in->p == '-' && in->p[1] != ']') {
            last = in->p[1];
            in->p += 2;
        }
        for (unsigned int i = c; i <= last; i++)
            set_add(part, i);
    }
}

static void read_group(struct pattern *in, struct part *part)
{
    part->kind = PART_GROUP;
    part->group = -1;
    if (in->p < in->end && *in->p == '?') {
        if (in->end - in->p < 2 || in->p[1] != ':')
            fail(in, "a kind of group that is not supported");
        in->p += 2;
    } else if (in->groups < MAX_GROUPS) {
        part->group = in->groups++;
    }
    part->choices = read_choices(in);
    if (in->p == in->end)
        fail(in, "a '(' without ')'");
    in->p++;
}

static void read_escape(struct pattern *in, struct part *part)
{
    if (in->p == in->end)
        fail(in, "a backslash at its end");
    char c = *in->p++;

    if (add_named(part, c)) {
        part->kind = PART_CLASS;
    } else if (c == 'b' || c == 'B') {
        part->kind = PART_EDGE;
        part->negated = c == 'B';
    } else if (c == 'A' || c == 'Z') {
        part->kind = c == 'A' ? PART_START : PART_END;
    } else if (isdigit((unsigned char)c)) {
        fail(in, "a reference to a group, which is not supported");
    } else {
        part->c = escaped(c);
    }
}

static size_t read_count(struct pattern *in, size_t absent)
{
    size_t n = 0;

    if (in->p == in->end || !isdigit((unsigned char)*in->p))
        return absent;
    for (; in->p < in->end && isdigit((unsigned char)*in->p); in->p++) {
        n = n * 10 + (*in->p - '0');
        if (n > 1000)
            fail(in, "a repetition above 1000");
    }
    return n;
}

static void read_repetition(struct pattern *in, struct part *part)
{
    char c = in->p < in->end ? *in->p : '\0';

    part->min = part->max = 1;
    if (c == '{' && in->end - in->p > 1 && isdigit((unsigned char)in->p[1])) {
        in->p++;
        part->min = part->max = read_count(in, 0);
        if (in->p < in->end && *in->p == ',') {
            in->p++;
            part->max = read_count(in, (size_t)-1);
        }
        if (in->p == in->end || *in->p != '}')
            fail(in, "a '{' without '}'");
        in->p++;
    } else if (c && strchr("*+?", c)) {
        in->p++;
        part->min = c == '+';
        part->max = c == '?' ? 1 : (size_t)-1;
    } else {
        return;
    }
    if (in->p < in->end && *in->p == '?') {
        part->lazy = true;
        in->p++;
    }
}

static struct part *read_part(struct pattern *in)
{
    struct part *part = script_alloc(in->s, sizeof(*part));
    char c = *in->p++;

    switch (c) {
    case '.':
        part->kind = PART_ANY;
        break;
    case '^':
        part->kind = PART_START;
        break;
    case '$':
        part->kind = PART_END;
        break;
    case '[':
        read_class(in, part);
        break;
    case '(':
        read_group(in, part);
        break;
    case '\\':
        read_escape(in, part);
        break;
    case '*':
    case '+':
    case '?':
        fail(in, "nothing to repeat");
    default:
        part->c = c;
    }
    read_repetition(in, part);
    return part;
}

/* Up to a ')' or the end. */
static struct choice *read_choices(struct pattern *in)
{
    struct choice *first = script_alloc(in->s, sizeof(*first)), *choice = first;
    struct part **link = &choice->first;

    script_enter(in->s);
    while (in->p < in->end && *in->p != ')') {
        script_charge(in->s, 1);
        if (*in->p == '|') {
            in->p++;
            choice = choice->next = script_alloc(in->s, sizeof(*choice));
            link = &choice->first;
            continue;
        }
        *link = read_part(in);
        link = &(*link)->next;
    }
    script_leave(in->s);
    return first;
}

static bool is_word(const struct match *m, const char *at)
{
    return at >= m->begin && at < m->end && (isalnum((unsigned char)*at) || *at == '_');
}

/* One byte, or a place between two. */
static bool matches_one(const struct match *m, const struct part *part, const char *at)
{
    unsigned char c = at < m->end ? *at : 0;

    switch (part->kind) {
    case PART_START:
        return at == m->begin;
    case PART_END:
        return at == m->end || (at == m->end - 1 && c == '\n');
    case PART_EDGE:
        return (is_word(m, at) != is_word(m, at - 1)) != part->negated;
    case PART_ANY:
        return at < m->end && c != '\n';
    case PART_CHAR:
        return at < m->end && c == part->c;
    default:
        return at < m->end && ((part->set[c / 8] >> c % 8 & 1) != part->negated);
    }
}

static bool takes_byte(const struct part *part)
{
    return part->kind == PART_CHAR || part->kind == PART_ANY || part->kind == PART_CLASS;
}

static bool match_sequence(struct match *m, const struct part *part, const char *at,
                           const struct rest *rest);
static bool match_group(struct match *m, const char *at, const struct rest *rest);

/* A repeated byte needs no recursion for its repetitions. */
static bool match_bytes(struct match *m, const struct part *part, const char *at,
                        const struct rest *rest)
{
    size_t width = takes_byte(part), n = 0, most = width ? part->max : part->max > 0;

    if (part->lazy) {
        for (;; n++) {
            if (n >= part->min && match_sequence(m, part->next, at + n * width, rest))
                return true;
            if (n >= most || !matches_one(m, part, at + n * width))
                return false;
        }
    }
    while (n < most && matches_one(m, part, at + n * width))
        n++;
    script_charge(m->s, n / 4);
    if (n < part->min && (width || !n))
        return false;
    for (;; n--) {
        if (match_sequence(m, part->next, at + n * width, rest))
            return true;
        if (n <= part->min || !n)
            return false;
    }
}

static bool match_choices(struct match *m, const char *at, const struct rest *rest)
{
    for (const struct choice *c = rest->part->choices; c; c = c->next) {
        if (match_sequence(m, c->first, at, rest))
            return true;
    }
    return false;
}

/* Behind one repetition of a group: another one, or what follows it. */
static bool end_group(struct match *m, const char *at, const struct rest *rest)
{
    const struct part *part = rest->part;
    const char *from = NULL, *to = NULL;

    if (part->group >= 0) {
        from = m->from[part->group];
        to = m->to[part->group];
        m->from[part->group] = rest->began;
        m->to[part->group] = at;
    }
    struct rest again = *rest;

    again.done++;
    bool moved = at != rest->began || again.done < part->min;

    if (moved ? match_group(m, at, &again) : match_sequence(m, part->next, at, rest->outer))
        return true;
    if (part->group >= 0) {
        m->from[part->group] = from;
        m->to[part->group] = to;
    }
    return false;
}

static bool match_group(struct match *m, const char *at, const struct rest *rest)
{
    const struct part *part = rest->part;
    struct rest inner = *rest;
    bool enough = rest->done >= part->min, more = rest->done < part->max;

    inner.go = end_group;
    inner.began = at;
    if (enough && part->lazy && match_sequence(m, part->next, at, rest->outer))
        return true;
    if (more && match_choices(m, at, &inner))
        return true;
    return enough && !part->lazy && match_sequence(m, part->next, at, rest->outer);
}

static bool match_sequence(struct match *m, const struct part *part, const char *at,
                           const struct rest *rest)
{
    bool matched;

    script_charge(m->s, 1);
    script_enter(m->s);
    if (!part) {
        matched = rest->go(m, at, rest);
    } else if (part->kind == PART_GROUP) {
        struct rest group = { .part = part, .outer = rest };

        matched = match_group(m, at, &group);
    } else {
        matched = match_bytes(m, part, at, rest);
    }
    script_leave(m->s);
    return matched;
}

static bool match_whole(struct match *m, const char *at, const struct rest *rest)
{
    (void)rest;
    m->to[0] = at;
    return true;
}

static struct value *group_value(struct script *s, const struct match *m, int i)
{
    return m->to[i] ? value_str_n(s, m->from[i], m->to[i] - m->from[i]) : value_none(s);
}

static struct value *match_do_group(struct script *s, struct value *self, struct value **arg,
                                    size_t count)
{
    wide i = arg[0] ? int_arg(s, arg[0], "the group") : 0;

    (void)count;
    if (i < 0 || i >= (wide)self->count)
        script_raise(s, "IndexError", "no such group");
    return self->item[i];
}

static struct value *match_do_groups(struct script *s, struct value *self, struct value **arg,
                                     size_t count)
{
    struct value *t = value_tuple(s, 0);

    (void)arg, (void)count;
    for (size_t i = 1; i < self->count; i++)
        list_append(s, t, self->item[i]);
    return t;
}

static const struct builtin match_methods[] = {
    { "group", match_do_group, 0, 1, NULL },
    { "groups", match_do_groups, 0, 0, NULL },
};

static struct value *make_match(struct script *s, const struct match *m, int groups)
{
    struct value *v = value_module(s, "match"), *list = value_list(s, groups);

    for (int i = 0; i < groups; i++)
        list_append(s, list, group_value(s, m, i));
    for (size_t i = 0; i < sizeof(match_methods) / sizeof(*match_methods); i++)
        env_set_name(s, v->module.names, match_methods[i].name,
                     value_builtin(s, &match_methods[i], list));
    return v;
}

struct value *regex_search(struct script *s, const struct value *pattern,
                           const struct value *subject, bool anchored)
{
    if (pattern->kind != VALUE_STR || subject->kind != VALUE_STR)
        script_raise(s, "TypeError", "a regular expression works on str");
    struct pattern in = { .s = s, .p = pattern->text, .end = pattern->text + pattern->len,
                          .groups = 1 };
    struct choice *choices = read_choices(&in);

    if (in.p != in.end)
        fail(&in, "a ')' without '('");
    struct part whole = { .kind = PART_GROUP, .choices = choices };
    struct rest last = { .go = match_whole, .part = &whole };
    const char *end = subject->text + subject->len;

    for (const char *at = subject->text; at <= end; at++) {
        struct match m = { .s = s, .begin = subject->text, .end = end };

        m.from[0] = at;
        if (match_choices(&m, at, &last))
            return make_match(s, &m, in.groups);
        if (anchored)
            break;
    }
    return value_none(s);
}
