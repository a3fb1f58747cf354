/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot options.  A room declares the options it understands beside the variable they set; the
 * linker gathers the declarations into one table, which lib/cmdline.c walks once, early in boot.
 */
#ifndef XEN_OPTIONS_H
#define XEN_OPTIONS_H

#include <lib/cmdline.h>

#define OPTION_ENTRY_(id, ...)                  \
    static const struct boot_option option_##id \
        __attribute__((used, section(".options"), __aligned__(8))) = { __VA_ARGS__ }

/* name: as typed; var: bool / unsigned integer / char array.  id must be unique in the file. */
#define OPTION_BOOL(id, text, v) \
    OPTION_ENTRY_(id, .name = text, .type = OPTION_BOOL, .var = &(v), .size = sizeof(v))
#define OPTION_UINT(id, text, v) \
    OPTION_ENTRY_(id, .name = text, .type = OPTION_UINT, .var = &(v), .size = sizeof(v))
#define OPTION_SIZE(id, text, v) \
    OPTION_ENTRY_(id, .name = text, .type = OPTION_SIZE, .var = &(v), .size = sizeof(v))
#define OPTION_STRING(id, text, v) \
    OPTION_ENTRY_(id, .name = text, .type = OPTION_STRING, .var = (v), .size = sizeof(v))
/* fn(value): 0, or -EINVAL to have the option named as malformed.  value is "" when there was
 * none. */
#define OPTION_CUSTOM(id, text, fn) \
    OPTION_ENTRY_(id, .name = text, .type = OPTION_CUSTOM, .parse = (fn))

extern const struct boot_option options_start[], options_end[];

#endif
