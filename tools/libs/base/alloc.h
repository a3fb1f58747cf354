/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation that does not fail: for programs, where being out of memory for a few bytes has no
 * better answer than to stop with a message. Libraries for strangers use malloc and -ENOMEM.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

#include <base/export.h>

EXPORT void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
EXPORT void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
EXPORT void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
EXPORT char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
EXPORT char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
EXPORT char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
