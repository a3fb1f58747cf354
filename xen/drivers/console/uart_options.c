/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * com1=BAUD[/BASE_BAUD][,DPS[,IO_BASE[,IRQ]]]: a prefix of the fields may be given, and a field
 * may be empty.  BAUD may be `auto`.  A malformed value changes nothing.
 */
#include <lib/parse.h>
#include <lib/string.h>

#include "private.h"

/* The line control register's bits 5:3. */
static int parity_bits(char c)
{
    switch (c) {
    case 'n': return 0x00;
    case 'o': return 0x08;
    case 'e': return 0x18;
    case 'm': return 0x28;
    case 's': return 0x38;
    default:  return -EINVAL;
    }
}

static int parse_line(const char *s, size_t len, uint8_t *line)
{
    if (len != 3 || s[0] < '5' || s[0] > '8' || (s[2] != '1' && s[2] != '2'))
        return -EINVAL;
    int parity = parity_bits(s[1]);
    if (parity < 0)
        return -EINVAL;
    *line = (uint8_t)((s[0] - '5') | (s[2] == '2' ? 0x04 : 0) | parity);
    return 0;
}

static int parse_baud(const char *s, size_t len, struct uart_config *c)
{
    const char *slash = memchr(s, '/', len);
    size_t baud_len = slash ? (size_t)(slash - s) : len;
    uint64_t baud = UART_BAUD_AUTO, base = UART_BASE_BAUD;

    if (!parse_is(s, baud_len, "auto") && (parse_uint(s, baud_len, &baud) != 0 || baud == 0))
        return -EINVAL;
    if (slash && (parse_uint(slash + 1, len - baud_len - 1, &base) != 0 || base == 0))
        return -EINVAL;
    if (base > UINT32_MAX || baud > base)
        return -EINVAL;
    c->baud = (uint32_t)baud;
    c->base_baud = (uint32_t)base;
    return 0;
}

static int parse_field(unsigned int field, const char *s, size_t len, struct uart_config *c)
{
    uint64_t n;

    switch (field) {
    case 0:
        return parse_baud(s, len, c);
    case 1:
        return parse_line(s, len, &c->line);
    case 2:
        if (parse_uint(s, len, &n) != 0 || n == 0 || n > 0xfff8)
            return -EINVAL;
        c->io_base = (uint16_t)n;
        return 0;
    case 3:
        if (parse_uint(s, len, &n) != 0 || n > 15)
            return -EINVAL;
        c->irq = (uint32_t)n;
        return 0;
    default:
        return -EINVAL;
    }
}

int uart_parse(const char *value, struct uart_config *config)
{
    struct uart_config c = *config;
    const char *cursor = value, *item;
    unsigned int field = 0;
    size_t len;

    c.wanted = true;
    c.base_baud = UART_BASE_BAUD;
    c.line = UART_LINE_8N1;
    for (; parse_list(&cursor, &item, &len); field++) {
        if (len != 0 && parse_field(field, item, len, &c) != 0)
            return -EINVAL;
    }
    *config = c;
    return 0;
}
