/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Error texts, written into the caller's buffer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "private.h"

int guest_fail(char *error, int rc, const char *fmt, ...)
{
    int saved = errno;          /* callers report it after this */
    va_list args;

    if (!error)
        return rc;
    va_start(args, fmt);
    vsnprintf(error, GUEST_ERROR_SIZE, fmt, args);
    va_end(args);
    errno = saved;
    return rc;
}
