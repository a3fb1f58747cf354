/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation that does not fail. One way out: a line on stderr and abort().
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>

static void *demand(void *p, size_t size)
{
    if (!p && size) {
        fprintf(stderr, "out of memory (%zu bytes)\n", size);
        abort();
    }
    return p;
}

void *xmalloc(size_t size)
{
    return demand(malloc(size ? size : 1), size ? size : 1);
}

void *xcalloc(size_t count, size_t size)
{
    if (!count || !size)
        count = size = 1;
    return demand(calloc(count, size), count > SIZE_MAX / size ? SIZE_MAX : count * size);
}

void *xrealloc(void *ptr, size_t size)
{
    return demand(realloc(ptr, size ? size : 1), size ? size : 1);
}

char *xstrndup(const char *s, size_t len)
{
    char *copy = xmalloc(len + 1);

    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xasprintf(const char *fmt, ...)
{
    va_list args;
    char *s = NULL;

    va_start(args, fmt);
    int len = vasprintf(&s, fmt, args);
    va_end(args);
    return demand(len < 0 ? NULL : s, 1);
}
