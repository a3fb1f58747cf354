/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What operators do to values. Integers that outgrow their width raise, they never wrap.
 */
#include <math.h>
#include <string.h>

#include "node.h"

#define WIDE_MAX ((wide)(~(unsigned __int128)0 >> 1))
#define WIDE_MIN (-WIDE_MAX - 1)

static _Noreturn void overflow(struct script *s)
{
    script_raise(s, "OverflowError", "the number is too large");
}

static _Noreturn void unsupported(struct script *s, const char *op, const struct value *a,
                                  const struct value *b)
{
    script_raise(s, "TypeError", "'%s' does not work between %s and %s", op, value_type_name(a),
                 value_type_name(b));
}

static wide wide_add(struct script *s, wide a, wide b)
{
    if (b > 0 ? a > WIDE_MAX - b : a < WIDE_MIN - b)
        overflow(s);
    return a + b;
}

static wide wide_sub(struct script *s, wide a, wide b)
{
    if (b < 0 ? a > WIDE_MAX + b : a < WIDE_MIN + b)
        overflow(s);
    return a - b;
}

static wide wide_mul(struct script *s, wide a, wide b)
{
    if (!a || !b)
        return 0;
    if (a == WIDE_MIN || b == WIDE_MIN)
        overflow(s);
    wide size_a = a < 0 ? -a : a, size_b = b < 0 ? -b : b;

    if (size_a > WIDE_MAX / size_b)
        overflow(s);
    return a * b;
}

/* Towards minus infinity, as the language has it. */
static wide wide_div(struct script *s, wide a, wide b)
{
    if (!b)
        script_raise(s, "ZeroDivisionError", "division by zero");
    if (a == WIDE_MIN && b == -1)
        overflow(s);
    return a / b - (a % b && (a < 0) != (b < 0));
}

static wide wide_mod(struct script *s, wide a, wide b)
{
    if (!b)
        script_raise(s, "ZeroDivisionError", "division by zero");
    if (b == -1)
        return 0;
    wide rest = a % b;

    return rest && (rest < 0) != (b < 0) ? rest + b : rest;
}

static wide wide_shift(struct script *s, const char *op, wide a, wide by)
{
    if (by < 0)
        script_raise(s, "ValueError", "a shift by a negative number");
    if (*op == '>')
        return by > 127 ? (a < 0 ? -1 : 0) : a >> by;
    for (; by > 0 && a; by--)
        a = wide_mul(s, a, 2);
    return a;
}

static wide wide_power(struct script *s, wide a, wide n)
{
    wide result = 1;

    while (n) {
        script_charge(s, 1);
        if (n & 1)
            result = wide_mul(s, result, a);
        n >>= 1;
        if (n && a != 1 && a != 0)
            a = wide_mul(s, a, a);
    }
    return result;
}

static wide integer_op(struct script *s, const char *op, wide a, wide b)
{
    switch (*op) {
    case '+':
        return wide_add(s, a, b);
    case '-':
        return wide_sub(s, a, b);
    case '*':
        return op[1] ? wide_power(s, a, b) : wide_mul(s, a, b);
    case '/':
        return wide_div(s, a, b);
    case '%':
        return wide_mod(s, a, b);
    case '&':
        return a & b;
    case '|':
        return a | b;
    case '^':
        return a ^ b;
    default:
        return wide_shift(s, op, a, b);
    }
}

static struct value *real_op(struct script *s, const char *op, struct value *left,
                             struct value *right)
{
    double a = value_real(left), b = value_real(right);

    if (!b && (*op == '/' || *op == '%'))
        script_raise(s, "ZeroDivisionError", "division by zero");
    if (!strcmp(op, "+"))
        return value_float(s, a + b);
    if (!strcmp(op, "-"))
        return value_float(s, a - b);
    if (!strcmp(op, "*"))
        return value_float(s, a * b);
    if (!strcmp(op, "/"))
        return value_float(s, a / b);
    if (!strcmp(op, "//"))
        return value_float(s, floor(a / b));
    if (!strcmp(op, "%"))
        return value_float(s, a - b * floor(a / b));
    if (!strcmp(op, "**"))
        return value_float(s, pow(a, b));
    unsupported(s, op, left, right);
}

static struct value *join(struct script *s, struct value *a, struct value *b)
{
    struct text t = { .s = s };

    if (a->kind == VALUE_STR) {
        text_add(&t, a->text, a->len);
        text_add(&t, b->text, b->len);
        return text_value(&t);
    }
    struct value *v = a->kind == VALUE_LIST ? value_list(s, a->count + b->count)
                                            : value_tuple(s, a->count + b->count);

    for (size_t i = 0; i < a->count; i++)
        list_append(s, v, a->item[i]);
    for (size_t i = 0; i < b->count; i++)
        list_append(s, v, b->item[i]);
    return v;
}

static bool is_row(const struct value *v)
{
    return v->kind == VALUE_STR || v->kind == VALUE_LIST || v->kind == VALUE_TUPLE;
}

static struct value *repeat(struct script *s, struct value *row, wide times)
{
    struct text t = { .s = s };
    size_t len = row->kind == VALUE_STR ? row->len : row->count;

    if (times <= 0 || !len)
        times = 0;
    if (times > MAX_TEXT)
        script_raise(s, "MemoryError", "repeated too often");
    script_charge(s, times);
    if (row->kind == VALUE_STR) {
        for (wide i = 0; i < times; i++)
            text_add(&t, row->text, row->len);
        return text_value(&t);
    }
    struct value *v = row->kind == VALUE_LIST ? value_list(s, 0) : value_tuple(s, 0);

    for (wide i = 0; i < times; i++) {
        for (size_t k = 0; k < row->count; k++)
            list_append(s, v, row->item[k]);
    }
    return v;
}

struct value *binary(struct script *s, const char *op, struct value *a, struct value *b)
{
    if (!strcmp(op, "%") && a->kind == VALUE_STR)
        return format_percent(s, a, b);
    if (!strcmp(op, "+") && is_row(a) && a->kind == b->kind)
        return join(s, a, b);
    if (!strcmp(op, "*") && is_row(a) && value_is_integer(b))
        return repeat(s, a, b->number);
    if (!strcmp(op, "*") && is_row(b) && value_is_integer(a))
        return repeat(s, b, a->number);
    if (!strcmp(op, "+") && (a->kind == VALUE_STR || b->kind == VALUE_STR))
        script_raise(s, "TypeError", "cannot join %s and %s with '+'; use str(...)",
                     value_type_name(a), value_type_name(b));
    if (!value_is_number(a) || !value_is_number(b))
        unsupported(s, op, a, b);
    bool is_real = a->kind == VALUE_FLOAT || b->kind == VALUE_FLOAT;

    if (is_real || (!strcmp(op, "**") && b->number < 0))
        return real_op(s, op, a, b);
    return value_int(s, integer_op(s, op, a->number, b->number));
}

struct value *unary(struct script *s, const char *op, struct value *a)
{
    if (!strcmp(op, "not"))
        return value_bool(s, !value_is_true(a));
    if (value_is_integer(a)) {
        switch (*op) {
        case '-':
            return value_int(s, wide_sub(s, 0, a->number));
        case '~':
            return value_int(s, ~a->number);
        default:
            return value_int(s, a->number);
        }
    }
    if (a->kind != VALUE_FLOAT || *op == '~')
        script_raise(s, "TypeError", "'%s' does not work on a %s", op, value_type_name(a));
    return value_float(s, *op == '-' ? -a->real : a->real);
}

static bool is_same(struct script *s, struct value *a, struct value *b)
{
    bool plain = a->kind == b->kind && a->kind <= VALUE_STR;

    return a == b || (plain && value_equal(s, a, b));
}

bool compare(struct script *s, const char *op, struct value *a, struct value *b)
{
    if (!strcmp(op, "=="))
        return value_equal(s, a, b);
    if (!strcmp(op, "!="))
        return !value_equal(s, a, b);
    if (!strcmp(op, "in"))
        return value_contains(s, b, a);
    if (!strcmp(op, "not in"))
        return !value_contains(s, b, a);
    if (!strcmp(op, "is"))
        return is_same(s, a, b);
    if (!strcmp(op, "is not"))
        return !is_same(s, a, b);
    int order = value_compare(s, a, b);

    if (*op == '<')
        return op[1] ? order <= 0 : order < 0;
    return op[1] ? order >= 0 : order > 0;
}
