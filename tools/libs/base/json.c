/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON printing. Bytes from 0x80 up pass as they are: text is taken to be UTF-8.
 */
#include <inttypes.h>
#include <math.h>

#include <base/json.h>

void json_init(struct json *j, struct buffer *out)
{
    *j = (struct json){ .out = out };
}

static void newline(struct json *j)
{
    buffer_putc(j->out, '\n');
    for (unsigned int i = 0; i < j->depth; i++)
        buffer_puts(j->out, "    ");
}

/* What stands between the previous value and the next one. */
static void separate(struct json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->has_items)
        buffer_putc(j->out, ',');
    if (j->depth)
        newline(j);
    j->has_items = true;
}

static void begin(struct json *j, char c)
{
    separate(j);
    buffer_putc(j->out, c);
    j->depth++;
    j->has_items = false;
}

static void end(struct json *j, char c)
{
    j->depth--;
    if (j->has_items)
        newline(j);
    buffer_putc(j->out, c);
    j->has_items = true;
}

void json_object_begin(struct json *j)
{
    begin(j, '{');
}

void json_object_end(struct json *j)
{
    end(j, '}');
}

void json_array_begin(struct json *j)
{
    begin(j, '[');
}

void json_array_end(struct json *j)
{
    end(j, ']');
}

static void quote(struct buffer *out, const char *s)
{
    buffer_putc(out, '"');
    for (; *s; s++) {
        unsigned char c = *s;

        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c == '\n')
            buffer_puts(out, "\\n");
        else if (c == '\t')
            buffer_puts(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buffer_printf(out, "\\u%04x", c);
        else
            buffer_putc(out, c);
    }
    buffer_putc(out, '"');
}

void json_key(struct json *j, const char *key)
{
    separate(j);
    quote(j->out, key);
    buffer_puts(j->out, ": ");
    j->after_key = true;
}

void json_string(struct json *j, const char *text)
{
    separate(j);
    if (text)
        quote(j->out, text);
    else
        buffer_puts(j->out, "null");
}

void json_int(struct json *j, int64_t n)
{
    separate(j);
    buffer_printf(j->out, "%" PRId64, n);
}

void json_uint(struct json *j, uint64_t n)
{
    separate(j);
    buffer_printf(j->out, "%" PRIu64, n);
}

void json_double(struct json *j, double n)
{
    separate(j);
    if (isfinite(n))
        buffer_printf(j->out, "%.15g", n);
    else
        buffer_puts(j->out, "null");
}

void json_bool(struct json *j, bool b)
{
    separate(j);
    buffer_puts(j->out, b ? "true" : "false");
}
