/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing run of bytes that can be taken from the front.
 *
 * data[start .. start + len) is the content. An all-zero structure is an empty buffer. Growth does
 * not fail (base/alloc.h).
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#include <base/export.h>

struct buffer {
    char *data;
    size_t start;   /* bytes already taken from the front */
    size_t len;     /* bytes of content */
    size_t size;    /* bytes allocated */
};

static inline char *buffer_head(const struct buffer *b)
{
    return b->data + b->start;
}

/* Makes room for n more bytes and returns where they go; buffer_grow() then counts them in. */
EXPORT char *buffer_room(struct buffer *b, size_t n);
EXPORT void buffer_grow(struct buffer *b, size_t n);

EXPORT void buffer_append(struct buffer *b, const void *bytes, size_t n);
EXPORT void buffer_puts(struct buffer *b, const char *s);
EXPORT void buffer_putc(struct buffer *b, char c);
EXPORT void buffer_printf(struct buffer *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
EXPORT void buffer_vprintf(struct buffer *b, const char *fmt, va_list args);

/* Drops n bytes from the front; n is at most len. */
EXPORT void buffer_take(struct buffer *b, size_t n);

/* The content as a string: a NUL is kept behind it, and not counted. */
EXPORT char *buffer_string(struct buffer *b);

/* The content as a string that the caller frees; the buffer is empty afterwards. */
EXPORT char *buffer_detach(struct buffer *b);

EXPORT void buffer_clear(struct buffer *b);
EXPORT void buffer_free(struct buffer *b);

#endif
