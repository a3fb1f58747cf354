/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the containers of this folder get their memory: whoever makes one says so.
 */
#ifndef LIB_ALLOC_H
#define LIB_ALLOC_H

#include <stddef.h>

struct lib_allocator {
    void *(*alloc)(size_t size);    /* any contents; NULL when there is none */
    void (*free)(void *memory);     /* never called with NULL */
};

#endif
