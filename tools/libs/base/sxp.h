/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * S-expressions, the form in which xend keeps and sends configurations: (domain (name x) (memory
 * 64)).
 *
 * An expression is an atom (a string) or a list that owns its items. Quoted and bare atoms are
 * equal.
 */
#ifndef BASE_SXP_H
#define BASE_SXP_H

#include <stdbool.h>
#include <stddef.h>

#include <base/buffer.h>
#include <base/export.h>

struct sxp {
    char *atom;             /* NULL for a list */
    struct sxp **item;
    size_t count;
    size_t size;
};

/*
 * Reads the first expression of text; *used (if not NULL) is where reading stopped. On error
 * returns NULL and fills error (size bytes) with "line N: what".
 */
EXPORT struct sxp *sxp_parse(const char *text, size_t len, size_t *used, char *error, size_t size);
EXPORT void sxp_free(struct sxp *s);

EXPORT struct sxp *sxp_atom(const char *text);
EXPORT struct sxp *sxp_list(const char *head);          /* head NULL: an empty list */
EXPORT struct sxp *sxp_copy(const struct sxp *s);
/* Appends item and returns it; the list owns it. */
EXPORT struct sxp *sxp_add(struct sxp *list, struct sxp *item);
/* Appends (key value). */
EXPORT void sxp_add_pair(struct sxp *list, const char *key, const char *value);
EXPORT void sxp_add_pairf(struct sxp *list, const char *key, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
EXPORT void sxp_remove(struct sxp *list, size_t index);

static inline bool sxp_is_list(const struct sxp *s)
{
    return !s->atom;
}

/* The list's first atom, or NULL. */
EXPORT const char *sxp_head(const struct sxp *s);
/* The n-th item that is a list beginning with key; NULL if there are not so many. */
EXPORT struct sxp *sxp_find(const struct sxp *list, const char *key, size_t n);
/* The atom that follows key in its (first) list; NULL if absent or not an atom. */
EXPORT const char *sxp_value(const struct sxp *list, const char *key);
EXPORT bool sxp_equal(const struct sxp *a, const struct sxp *b);

/* On one line; or indented, one nested list a line. */
EXPORT void sxp_print(struct buffer *out, const struct sxp *s);
EXPORT void sxp_print_pretty(struct buffer *out, const struct sxp *s);

#endif
