/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text from a format. Never writes past the buffer, never reads a string past its precision.
 */
#include <lib/format.h>

#include <lib/string.h>

#include <stdbool.h>
#include <stdint.h>

struct sink {
    char *buf;
    size_t size;        /* of buf, terminator included */
    size_t len;         /* of the text so far, written or not */
};

/* One conversion, as read between '%' and its letter. */
struct spec {
    bool left;          /* - */
    bool zero;          /* 0 */
    bool plus;          /* + */
    bool space;
    bool alternate;     /* # */
    int width;
    int precision;      /* -1: none given */
    int size;           /* bytes of the integer argument */
    char letter;
};

static void put(struct sink *s, char c)
{
    if (s->len + 1 < s->size)
        s->buf[s->len] = c;
    s->len++;
}

static void put_many(struct sink *s, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(s, text[i]);
}

static void pad(struct sink *s, char c, int n)
{
    for (; n > 0; n--)
        put(s, c);
}

/*
 * Reads decimal digits; a number too large for sense is cut, so that a bad format cannot
 * overflow.
 */
static const char *read_number(const char *fmt, int *out)
{
    int n = 0;
    for (; *fmt >= '0' && *fmt <= '9'; fmt++)
        n = n < 100000 ? n * 10 + (*fmt - '0') : n;
    *out = n;
    return fmt;
}

static const char *read_flags(const char *fmt, struct spec *spec)
{
    for (;; fmt++) {
        switch (*fmt) {
        case '-': spec->left = true; break;
        case '0': spec->zero = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->space = true; break;
        case '#': spec->alternate = true; break;
        default: return fmt;
        }
    }
}

static const char *read_size(const char *fmt, struct spec *spec)
{
    spec->size = sizeof(int);
    switch (*fmt) {
    case 'h':
        spec->size = fmt[1] == 'h' ? sizeof(char) : sizeof(short);
        return fmt + (fmt[1] == 'h' ? 2 : 1);
    case 'l':
        spec->size = sizeof(long long);
        return fmt + (fmt[1] == 'l' ? 2 : 1);
    case 'z':
    case 't':
    case 'j':
        spec->size = sizeof(long long);
        return fmt + 1;
    default:
        return fmt;
    }
}

_Static_assert(sizeof(long) == sizeof(long long) && sizeof(size_t) == sizeof(long long),
               "l, ll, z, t and j are one size");

/*
 * Digits of 'value' in 'base', most significant first, at the end of 'room'. Returns their start.
 */
static char *digits(char *end, uint64_t value, unsigned int base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    while (value != 0) {
        *--end = set[value % base];
        value /= base;
    }
    return end;
}

/* Prints sign or radix prefix, zeros up to the precision, and the digits, padded to the width. */
static void put_integer(struct sink *s, const struct spec *spec, const char *prefix, uint64_t value,
                        unsigned int base)
{
    char room[24];
    char *end = room + sizeof(room);
    char *start = digits(end, value, base, spec->letter == 'X');
    int count = (int)(end - start);
    int prefix_len = (int)strlen(prefix);
    int least = spec->precision < 0 ? 1 : spec->precision;
    int zeros = least > count ? least - count : 0;
    int blanks = spec->width - prefix_len - zeros - count;

    if (spec->zero && !spec->left && spec->precision < 0 && blanks > 0) {
        zeros += blanks;
        blanks = 0;
    }
    if (!spec->left)
        pad(s, ' ', blanks);
    put_many(s, prefix, (size_t)prefix_len);
    pad(s, '0', zeros);
    put_many(s, start, (size_t)count);
    if (spec->left)
        pad(s, ' ', blanks);
}

static void put_signed(struct sink *s, const struct spec *spec, int64_t value)
{
    const char *prefix = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

    put_integer(s, spec, prefix, magnitude, 10);
}

static void put_unsigned(struct sink *s, struct spec *spec, uint64_t value)
{
    switch (spec->letter) {
    case 'x':
        put_integer(s, spec, spec->alternate && value != 0 ? "0x" : "", value, 16);
        break;
    case 'X':
        put_integer(s, spec, spec->alternate && value != 0 ? "0X" : "", value, 16);
        break;
    case 'o':
        put_integer(s, spec, spec->alternate && value != 0 ? "0" : "", value, 8);
        break;
    default:
        put_integer(s, spec, "", value, 10);
        break;
    }
}

static void put_string(struct sink *s, const struct spec *spec, const char *text)
{
    if (text == NULL)
        text = "(null)";
    size_t len = spec->precision < 0 ? strlen(text) : strnlen(text, (size_t)spec->precision);
    int blanks = spec->width - (int)len;

    if (!spec->left)
        pad(s, ' ', blanks);
    put_many(s, text, len);
    if (spec->left)
        pad(s, ' ', blanks);
}

static void put_char(struct sink *s, const struct spec *spec, char c)
{
    if (!spec->left)
        pad(s, ' ', spec->width - 1);
    put(s, c);
    if (spec->left)
        pad(s, ' ', spec->width - 1);
}

static int64_t narrow_signed(int64_t value, int size)
{
    switch (size) {
    case 1: return (int8_t)value;
    case 2: return (int16_t)value;
    default: return value;
    }
}

static uint64_t narrow_unsigned(uint64_t value, int size)
{
    switch (size) {
    case 1: return (uint8_t)value;
    case 2: return (uint16_t)value;
    default: return value;
    }
}

/*
 * A va_list passed by value may or may not advance for the caller; inside this structure it
 * surely does.
 */
struct arguments {
    va_list list;
};

static const char *read_spec(const char *fmt, struct spec *spec, struct arguments *args)
{
    fmt = read_flags(fmt, spec);
    if (*fmt == '*') {
        int width = va_arg(args->list, int);
        spec->left = spec->left || width < 0;
        spec->width = width == -__INT_MAX__ - 1 ? 0 : width < 0 ? -width : width;
        fmt++;
    } else {
        fmt = read_number(fmt, &spec->width);
    }
    if (*fmt == '.') {
        fmt++;
        if (*fmt == '*') {
            spec->precision = va_arg(args->list, int);
            fmt++;
        } else {
            fmt = read_number(fmt, &spec->precision);
        }
    }
    fmt = read_size(fmt, spec);
    spec->letter = *fmt;
    return fmt;
}

static void put_conversion(struct sink *s, struct spec *spec, struct arguments *args)
{
    switch (spec->letter) {
    case 'd':
    case 'i': {
        int64_t value = spec->size == 8 ? va_arg(args->list, long long) : va_arg(args->list, int);
        put_signed(s, spec, narrow_signed(value, spec->size));
        break;
    }
    case 'u':
    case 'x':
    case 'X':
    case 'o': {
        uint64_t value = spec->size == 8 ? va_arg(args->list, unsigned long long)
                                         : va_arg(args->list, unsigned int);
        put_unsigned(s, spec, narrow_unsigned(value, spec->size));
        break;
    }
    case 'p':
        spec->precision = 16;
        put_integer(s, spec, "", (uintptr_t)va_arg(args->list, void *), 16);
        break;
    case 's':
        put_string(s, spec, va_arg(args->list, const char *));
        break;
    case 'c':
        put_char(s, spec, (char)va_arg(args->list, int));
        break;
    case '%':
        put(s, '%');
        break;
    default:            /* not ours: show it as it stands, take no argument */
        put(s, '%');
        put(s, spec->letter);
        break;
    }
}

int vformat(char *buf, size_t size, const char *fmt, va_list list)
{
    struct sink s = { .buf = buf, .size = size };
    struct arguments args;

    va_copy(args.list, list);
    for (; *fmt != '\0'; fmt++) {
        if (*fmt != '%') {
            put(&s, *fmt);
            continue;
        }
        struct spec spec = { .precision = -1 };
        fmt = read_spec(fmt + 1, &spec, &args);
        if (*fmt == '\0')
            break;
        put_conversion(&s, &spec, &args);
    }
    va_end(args.list);
    if (size > 0)
        buf[s.len < size ? s.len : size - 1] = '\0';
    return s.len > __INT_MAX__ ? __INT_MAX__ : (int)s.len;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vformat(buf, size, fmt, args);
    va_end(args);
    return len;
}
