/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words that people write into boot options, read without copying: text is a start and a length.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1 for yes on true enable 1, 0 for no off false disable 0, -1 for anything else. Case matters. */
int parse_bool(const char *s, size_t len);

/*
 * The whole of s must be one number: decimal, 0x hexadecimal or 0 octal.
 * -EINVAL if it is not, -ERANGE if it does not fit.
 */
int parse_uint(const char *s, size_t len, uint64_t *out);

/* Like strtoull with base 0: reads digits from a terminated string, *end is what follows them. */
int parse_uint_prefix(const char *s, const char **end, uint64_t *out);

/*
 * A size in bytes: a number and one of B K M G T in either case; without one it counts KiB.
 * *end is what follows. -EINVAL, -ERANGE as above.
 */
int parse_size(const char *s, const char **end, uint64_t *out);

/*
 * Splits at 'separator'. Start with *cursor at the text; each call that returns true gives one
 * item, which may be empty; after the last one *cursor is NULL. An empty text has no items.
 */
bool parse_item(const char **cursor, char separator, const char **item, size_t *len);

static inline bool parse_list(const char **cursor, const char **item, size_t *len)
{
    return parse_item(cursor, ',', item, len);
}

/* Whether the item is exactly this word. */
bool parse_is(const char *item, size_t len, const char *word);

#endif
