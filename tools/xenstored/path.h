/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths as clients send them: what is allowed, and how a relative one becomes absolute.
 */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

struct path {
    size_t len;
    size_t prefix;                              /* bytes put before a relative path, else 0 */
    char text[XENSTORE_ABS_PATH_MAX + 1];       /* absolute and canonical, with a NUL */
};

/* domid: whose home a relative path starts from; NO_DOMID if relative paths are refused. */
int path_resolve(struct path *p, const char *text, uint16_t domid);
/* "@introduceDomain", "@releaseDomain", "@releaseDomain/7". */
bool path_is_special(const char *text);

#endif
