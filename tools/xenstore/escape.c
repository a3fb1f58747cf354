/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values on a terminal: what does not print is escaped, and can be typed the same way.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "command.h"

static const char letters[] = "ntr\\";
static const char meanings[] = "\n\t\r\\";

void escape(struct buffer *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = bytes[i];
        const char *at = c ? strchr(meanings, c) : NULL;

        if (at)
            buffer_printf(out, "\\%c", letters[at - meanings]);
        else if (c >= ' ' && c < 0x7f)
            buffer_putc(out, c);
        else
            buffer_printf(out, "\\%03o", c);
    }
}

/* Up to max digits of a base at *text, which moves on; -1 without any. */
static int number(const char **text, int base, int max)
{
    int n = -1;

    for (int i = 0; i < max; i++) {
        unsigned char c = **text;
        int digit = isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : 99;

        if (digit >= base)
            break;
        n = (n < 0 ? 0 : n * base) + digit;
        (*text)++;
    }
    return n;
}

int unescape(struct buffer *out, const char *text)
{
    while (*text) {
        char c = *text++;
        const char *at;
        int n;

        if (c != '\\') {
            buffer_putc(out, c);
            continue;
        }
        c = *text;
        at = c ? strchr(letters, c) : NULL;
        if (at) {
            buffer_putc(out, meanings[at - letters]);
            text++;
            continue;
        }
        if (c == 'x') {
            text++;
            n = number(&text, 16, 2);
        } else {
            n = number(&text, 8, 3);
        }
        if (n < 0 || n > 255)
            return -EINVAL;
        buffer_putc(out, n);
    }
    return 0;
}
