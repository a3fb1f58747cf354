/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values into text by a pattern: "%5d" % n and "{0:>8}".format(x).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "node.h"

#define MAX_WIDTH 4096

/* One conversion, of either kind of pattern. */
struct spec {
    char fill, align, sign, type;   /* align: < > = ^, or 0 */
    bool alternate, has_precision;
    size_t width, precision;
};

static void put_padded(struct text *t, const struct spec *spec, const char *sign,
                       const char *body, size_t len)
{
    size_t all = strlen(sign) + len, pad = spec->width > all ? spec->width - all : 0;
    size_t before = spec->align == '<' ? 0 : spec->align == '^' ? pad / 2 : pad;

    if (spec->align == '=') {
        text_puts(t, sign);
        text_pad(t, spec->fill, pad);
        text_add(t, body, len);
        return;
    }
    text_pad(t, spec->fill, before);
    text_puts(t, sign);
    text_add(t, body, len);
    text_pad(t, spec->fill, pad - before);
}

static void put_text(struct text *t, const struct spec *spec, const struct value *v)
{
    struct spec left = *spec;
    size_t len = v->len;

    if (spec->has_precision && spec->precision < len)
        len = spec->precision;
    if (!left.align)
        left.align = '<';
    put_padded(t, &left, "", v->text, len);
}

static const char *sign_text(const struct spec *spec, bool negative)
{
    return negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
}

static void put_integer(struct text *t, const struct spec *spec, wide n)
{
    struct text digits = { .s = t->s };
    char type = spec->type | 0x20;
    unsigned int base = type == 'x' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
    struct spec right = *spec;
    char prefix[8];

    snprintf(prefix, sizeof(prefix), "%s%s", sign_text(spec, n < 0),
             !spec->alternate || base == 10 ? "" : base == 16 ? (spec->type == 'X' ? "0X" : "0x")
             : base == 8 ? "0" : "0b");
    text_number(&digits, n < 0 ? -(unsigned __int128)n : (unsigned __int128)n, base,
                spec->type == 'X');
    if (spec->has_precision && digits.len < spec->precision) {
        struct text wider = { .s = t->s };

        text_pad(&wider, '0', spec->precision - digits.len);
        text_add(&wider, digits.data, digits.len);
        digits = wider;
    }
    if (!right.align)
        right.align = spec->fill == '0' ? '=' : '>';
    put_padded(t, &right, prefix, digits.data, digits.len);
}

static void put_real(struct text *t, const struct spec *spec, double f)
{
    char pattern[8], body[512];
    struct spec right = *spec;
    size_t precision = spec->has_precision ? spec->precision : 6;

    snprintf(pattern, sizeof(pattern), "%%%s.*%c", spec->alternate ? "#" : "", spec->type);
    if (precision > 100)
        precision = 100;
    int len = snprintf(body, sizeof(body), pattern, (int)precision, f < 0 ? -f : f);

    if (!right.align)
        right.align = spec->fill == '0' ? '=' : '>';
    put_padded(t, &right, sign_text(spec, f < 0), body, len);
}

static wide number_of(struct script *s, char type, const struct value *v)
{
    if (value_is_integer(v))
        return v->number;
    if (v->kind != VALUE_FLOAT)
        script_raise(s, "TypeError", "%%%c needs a number, not a %s", type, value_type_name(v));
    if (!(v->real > -1e38 && v->real < 1e38))
        script_raise(s, "OverflowError", "the number is too large");
    return (wide)v->real;
}

static void put_char(struct text *t, const struct spec *spec, const struct value *v)
{
    char c;

    if (v->kind == VALUE_STR && v->len == 1)
        c = *v->text;
    else if (value_is_integer(v) && v->number >= 0 && v->number < 256)
        c = v->number;
    else
        script_raise(t->s, "TypeError", "%%c needs a character");
    put_text(t, spec, value_str_n(t->s, &c, 1));
}

static void put_value(struct text *t, const struct spec *spec, const struct value *v)
{
    switch (spec->type) {
    case 's':
        put_text(t, spec, value_to_str(t->s, v));
        return;
    case 'r':
        put_text(t, spec, value_repr(t->s, v));
        return;
    case 'c':
        put_char(t, spec, v);
        return;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'b':
        put_integer(t, spec, number_of(t->s, spec->type, v));
        return;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        if (!value_is_number(v))
            script_raise(t->s, "TypeError", "%%%c needs a number, not a %s", spec->type,
                         value_type_name(v));
        put_real(t, spec, value_real(v));
        return;
    default:
        script_raise(t->s, "ValueError", "a pattern with an unknown conversion '%c'",
                     isprint((unsigned char)spec->type) ? spec->type : '?');
    }
}

/* Where patterns take their values from. */
struct supply {
    struct script *s;
    const char *p, *end;
    struct value **item;
    size_t count, taken;
    struct value *dict;         /* of %(name)s */
};

static struct value *next_value(struct supply *in)
{
    if (in->taken == in->count)
        script_raise(in->s, "TypeError", "the pattern wants more values than the %zu given",
                     in->count);
    return in->item[in->taken++];
}

static size_t read_width(struct supply *in)
{
    size_t n = 0;

    for (; in->p < in->end && isdigit((unsigned char)*in->p); in->p++) {
        n = n * 10 + (*in->p - '0');
        if (n > MAX_WIDTH)
            script_raise(in->s, "ValueError", "a pattern wider than %d", MAX_WIDTH);
    }
    return n;
}

static size_t read_star_or_width(struct supply *in, struct spec *spec)
{
    if (in->p == in->end || *in->p != '*')
        return read_width(in);
    in->p++;
    struct value *v = next_value(in);

    if (!value_is_integer(v) || v->number < -MAX_WIDTH || v->number > MAX_WIDTH)
        script_raise(in->s, "TypeError", "'*' needs a small int");
    if (v->number < 0)
        spec->align = '<';
    return v->number < 0 ? -v->number : v->number;
}

static struct value *named_value(struct supply *in)
{
    const char *close = memchr(in->p, ')', in->end - in->p);

    if (!close || !in->dict)
        script_raise(in->s, "TypeError", "a pattern with a name needs a dict");
    struct value *key = value_str_n(in->s, in->p + 1, close - in->p - 1);
    struct value *v = dict_get(in->s, in->dict, key);

    if (!v)
        script_raise(in->s, "KeyError", "'%.100s'", key->text);
    in->p = close + 1;
    in->taken = in->count;
    return v;
}

static void read_flags(struct supply *in, struct spec *spec)
{
    for (; in->p < in->end && *in->p && strchr("-+ 0#", *in->p); in->p++) {
        switch (*in->p) {
        case '-':
            spec->align = '<';
            break;
        case '#':
            spec->alternate = true;
            break;
        case '0':
            spec->fill = '0';
            break;
        default:
            if (spec->sign != '+')
                spec->sign = *in->p;
        }
    }
}

/* Behind a '%'. */
static void convert_percent(struct supply *in, struct text *t)
{
    struct spec spec = { .fill = ' ' };
    struct value *v = in->p < in->end && *in->p == '(' ? named_value(in) : NULL;

    read_flags(in, &spec);
    spec.width = read_star_or_width(in, &spec);
    if (in->p < in->end && *in->p == '.') {
        in->p++;
        spec.has_precision = true;
        spec.precision = read_star_or_width(in, &spec);
    }
    while (in->p < in->end && (*in->p == 'l' || *in->p == 'h' || *in->p == 'L'))
        in->p++;
    if (in->p == in->end)
        script_raise(in->s, "ValueError", "the pattern ends within a conversion");
    spec.type = *in->p++;
    if (!spec.align && strchr("src", spec.type))
        spec.align = '>';
    if (spec.align)
        spec.fill = ' ';
    if (spec.type == '%')
        text_putc(t, '%');
    else
        put_value(t, &spec, v ? v : next_value(in));
}

struct value *format_percent(struct script *s, const struct value *format, struct value *v)
{
    struct text t = { .s = s };
    struct supply in = { .s = s, .p = format->text, .end = format->text + format->len,
                         .item = &v, .count = 1 };

    if (v->kind == VALUE_TUPLE) {
        in.item = v->item;
        in.count = v->count;
    } else if (v->kind == VALUE_DICT) {
        in.dict = v;
        in.taken = memmem(format->text, format->len, "%(", 2) ? 1 : 0;
    }
    while (in.p < in.end) {
        char c = *in.p++;

        if (c == '%')
            convert_percent(&in, &t);
        else
            text_putc(&t, c);
    }
    if (in.taken < in.count && v->kind != VALUE_DICT)
        script_raise(s, "TypeError", "the pattern takes %zu of the %zu values given", in.taken,
                     in.count);
    return text_value(&t);
}

static bool is_align(char c)
{
    return c && strchr("<>=^", c);
}

/* [[fill]align][sign][#][0][width][.precision][type] */
static struct spec read_spec(struct supply *in)
{
    struct spec spec = { .fill = ' ' };

    if (in->end - in->p > 1 && is_align(in->p[1]))
        spec.fill = *in->p++;
    if (in->p < in->end && is_align(*in->p))
        spec.align = *in->p++;
    if (in->p < in->end && *in->p && strchr("+- ", *in->p))
        spec.sign = *in->p++;
    if (in->p < in->end && *in->p == '#') {
        spec.alternate = true;
        in->p++;
    }
    if (in->p < in->end && *in->p == '0' && !spec.align)
        spec.fill = *in->p++;
    spec.width = read_width(in);
    if (in->p < in->end && *in->p == '.') {
        in->p++;
        spec.has_precision = true;
        spec.precision = read_width(in);
    }
    if (in->p < in->end && *in->p != '}')
        spec.type = *in->p++;
    return spec;
}

static struct value *field_value(struct supply *in, const char *name, size_t len)
{
    wide n;

    if (!len)
        return next_value(in);
    if (!parse_wide(name, len, 10, &n) || n < 0)
        script_raise(in->s, "ValueError", "a field is {} or {number}, not {%.*s}",
                     len > 60 ? 60 : (int)len, name);
    if (n >= (wide)in->count)
        script_raise(in->s, "IndexError", "the pattern wants value %d of %zu",
                     n > MAX_ITEMS ? MAX_ITEMS : (int)n, in->count);
    return in->item[n];
}

/* Behind a '{'. */
static void convert_braces(struct supply *in, struct text *t)
{
    size_t len = 0, rest = in->end - in->p;

    while (len < rest && !strchr("}!:", in->p[len]))
        len++;
    struct value *v = field_value(in, in->p, len);
    struct spec spec = { .fill = ' ' };

    in->p += len;
    if (in->end - in->p > 1 && *in->p == '!') {
        v = in->p[1] == 'r' ? value_repr(in->s, v) : value_to_str(in->s, v);
        in->p += 2;
    }
    if (in->p < in->end && *in->p == ':') {
        in->p++;
        spec = read_spec(in);
    }
    if (in->p == in->end || *in->p != '}')
        script_raise(in->s, "ValueError", "the pattern's '{' has no '}'");
    in->p++;
    if (!spec.type)
        spec.type = value_is_integer(v) && v->kind != VALUE_BOOL ? 'd' : 's';
    put_value(t, &spec, v);
}

struct value *format_braces(struct script *s, const struct value *format, struct value **arg,
                            size_t count)
{
    struct text t = { .s = s };
    struct supply in = { .s = s, .p = format->text, .end = format->text + format->len,
                         .item = arg, .count = count };

    while (in.p < in.end) {
        char c = *in.p++;
        bool doubled = (c == '{' || c == '}') && in.p < in.end && *in.p == c;

        if (doubled)
            text_putc(&t, *in.p++);
        else if (c == '{')
            convert_braces(&in, &t);
        else if (c == '}')
            script_raise(s, "ValueError", "the pattern's '}' has no '{'");
        else
            text_putc(&t, c);
    }
    return text_value(&t);
}
