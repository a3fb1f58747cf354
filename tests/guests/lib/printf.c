/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output by console_io, a line at a time so that vCPUs do not mix theirs.
 *
 * Formats: %d %u %x with l, %p, %s, %c, %%, a width and leading zeros.
 */
#include <stdarg.h>
#include "guest.h"

struct line {
    char text[512];
    size_t n;
};

static void put(struct line *line, char c)
{
    if (line->n < sizeof(line->text))
        line->text[line->n++] = c;
}

static void put_number(struct line *line, uint64_t value, unsigned int base, bool negative,
                       int width, char fill)
{
    char digits[24];
    int n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (negative)
        digits[n++] = '-';
    for (; width > n; width--)
        put(line, fill);
    while (n)
        put(line, digits[--n]);
}

static void put_text(struct line *line, const char *text)
{
    for (text = text ? text : "(null)"; *text; text++)
        put(line, *text);
}

static uint64_t argument(va_list *args, bool is_long, bool is_signed)
{
    if (is_long)
        return va_arg(*args, uint64_t);
    if (is_signed)
        return va_arg(*args, int);
    return va_arg(*args, unsigned int);
}

static const char *put_directive(struct line *line, const char *format, va_list *args)
{
    char fill = ' ';
    int width = 0;
    bool is_long = false;

    if (*format == '0')
        fill = *format++;
    for (; *format >= '0' && *format <= '9'; format++)
        width = width * 10 + *format - '0';
    for (; *format == 'l' || *format == 'z'; format++)
        is_long = true;
    switch (*format) {
    case 'd': {
        int64_t value = argument(args, is_long, true);

        put_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, width,
                   fill);
        break;
    }
    case 'u':
        put_number(line, argument(args, is_long, false), 10, false, width, fill);
        break;
    case 'x':
        put_number(line, argument(args, is_long, false), 16, false, width, fill);
        break;
    case 'p':
        put_number(line, argument(args, true, false), 16, false, 16, '0');
        break;
    case 's':
        put_text(line, va_arg(*args, const char *));
        break;
    case 'c':
        put(line, va_arg(*args, int));
        break;
    default:
        put(line, *format);
    }
    return format;
}

void console_write(const char *text, size_t n)
{
    console_io(CONSOLEIO_write, n, text);
}

void printf(const char *format, ...)
{
    struct line line = { .n = 0 };
    va_list args;

    va_start(args, format);
    for (; *format; format++) {
        if (*format == '%')
            format = put_directive(&line, format + 1, &args);
        else
            put(&line, *format);
    }
    va_end(args);
    console_write(line.text, line.n);
}
