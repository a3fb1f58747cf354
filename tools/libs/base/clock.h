/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock for time-outs: it never goes back, and nobody sets it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include <base/export.h>

EXPORT int64_t monotonic_ms(void);
EXPORT double monotonic_seconds(void);

#endif
