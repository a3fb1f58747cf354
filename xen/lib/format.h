/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text from a format, as snprintf does it.
 *
 * Conversions: d i u x X o p s c %. Flags: 0 - + space #. Width and precision, also as *. Sizes:
 * hh h l ll z t j. Two differences from C: %p prints 16 hex digits without 0x; a NULL string
 * prints as (null).
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Both write at most 'size' bytes including the terminator (which is always written if size > 0)
 * and return the length that the whole text has, so a result >= size means truncation.
 */
int vformat(char *buf, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
int format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
