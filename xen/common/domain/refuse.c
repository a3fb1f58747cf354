/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors are born once, with a word: silent by default, visible with guest_loglvl=all. */
#include <lib/format.h>
#include <xen/printk.h>

#include "private.h"

int refuse(const struct domain *d, int rc, const char *fmt, ...)
{
    char text[160];
    va_list args;

    va_start(args, fmt);
    vformat(text, sizeof(text), fmt, args);
    va_end(args);
    glog_debug("d%u: %s: refused (%d)\n", d->id, text, rc);
    return rc;
}
