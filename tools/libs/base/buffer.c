/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing run of bytes. Room at the front is won back by moving, at most once per doubling.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/buffer.h>

char *buffer_room(struct buffer *b, size_t n)
{
    if (b->start + b->len + n > b->size && b->start > b->len) {
        memmove(b->data, b->data + b->start, b->len);
        b->start = 0;
    }
    if (b->start + b->len + n > b->size) {
        size_t size = b->size ? b->size * 2 : 64;

        while (size < b->start + b->len + n)
            size *= 2;
        b->data = xrealloc(b->data, size);
        b->size = size;
    }
    return b->data + b->start + b->len;
}

void buffer_grow(struct buffer *b, size_t n)
{
    assert(b->start + b->len + n <= b->size);
    b->len += n;
}

void buffer_append(struct buffer *b, const void *bytes, size_t n)
{
    if (!n)
        return;
    memcpy(buffer_room(b, n), bytes, n);
    b->len += n;
}

void buffer_puts(struct buffer *b, const char *s)
{
    buffer_append(b, s, strlen(s));
}

void buffer_putc(struct buffer *b, char c)
{
    buffer_append(b, &c, 1);
}

void buffer_vprintf(struct buffer *b, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);
    char *room = buffer_room(b, 128);
    int n = vsnprintf(room, 128, fmt, args);

    if (n >= 128)
        vsnprintf(buffer_room(b, n + 1), n + 1, fmt, again);
    va_end(again);
    if (n > 0)
        b->len += n;
}

void buffer_printf(struct buffer *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    buffer_vprintf(b, fmt, args);
    va_end(args);
}

void buffer_take(struct buffer *b, size_t n)
{
    assert(n <= b->len);
    b->start += n;
    b->len -= n;
    if (!b->len)
        b->start = 0;
}

char *buffer_string(struct buffer *b)
{
    *buffer_room(b, 1) = '\0';
    return buffer_head(b);
}

char *buffer_detach(struct buffer *b)
{
    char *s = buffer_string(b);

    if (b->start)
        memmove(b->data, s, b->len + 1);
    s = b->data;
    memset(b, 0, sizeof(*b));
    return s;
}

void buffer_clear(struct buffer *b)
{
    b->start = 0;
    b->len = 0;
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}
