/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sorting in place: no memory, no recursion, n log n steps for any input. Equal elements may
 * change places.
 */
#ifndef LIB_SORT_H
#define LIB_SORT_H

#include <stddef.h>

/* compare() gives < 0, 0, > 0 as memcmp does. */
void sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b));

#endif
