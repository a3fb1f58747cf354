/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks what a library offers: everything else is hidden in the shared object.
 */
#ifndef BASE_EXPORT_H
#define BASE_EXPORT_H

#define EXPORT __attribute__((visibility("default")))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
