/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A list of strings it owns, and number parsing that refuses what strtoul lets pass.
 */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <base/export.h>

struct strings {
    char **item;    /* item[count] is NULL once there is anything, as argv's */
    size_t count;
    size_t size;
};

EXPORT void strings_add(struct strings *s, const char *text);
EXPORT void strings_add_n(struct strings *s, const char *text, size_t len);
/* Takes over text, which came from malloc. */
EXPORT void strings_give(struct strings *s, char *text);
/* The pieces between separators; empty ones are kept. */
EXPORT void strings_split(struct strings *s, const char *text, char separator);
EXPORT bool strings_has(const struct strings *s, const char *text);
EXPORT void strings_sort(struct strings *s);
EXPORT void strings_free(struct strings *s);

/* Whole string, decimal (any: or 0x…), no sign, no blanks: true if within [0, max]. */
EXPORT bool parse_number(const char *text, unsigned long long max, unsigned long long *value);
EXPORT bool parse_number_any(const char *text, unsigned long long max, unsigned long long *value);

#endif
