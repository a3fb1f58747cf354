/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>

#include "xend.h"

int fail(struct failure *f, int rc, const char *fmt, ...)
{
    va_list args;

    if (!f)
        return rc;
    f->rc = rc;
    va_start(args, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, args);
    va_end(args);
    return rc;
}
