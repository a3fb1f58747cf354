/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON printing, indented, into a buffer. The caller keeps begin and end in pairs.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <base/buffer.h>
#include <base/export.h>

struct json {
    struct buffer *out;
    unsigned int depth;
    bool has_items;     /* the innermost container has one already */
    bool after_key;
};

EXPORT void json_init(struct json *j, struct buffer *out);
EXPORT void json_object_begin(struct json *j);
EXPORT void json_object_end(struct json *j);
EXPORT void json_array_begin(struct json *j);
EXPORT void json_array_end(struct json *j);
EXPORT void json_key(struct json *j, const char *key);
EXPORT void json_string(struct json *j, const char *text);  /* NULL prints null */
EXPORT void json_int(struct json *j, int64_t n);
EXPORT void json_uint(struct json *j, uint64_t n);
EXPORT void json_double(struct json *j, double n);
EXPORT void json_bool(struct json *j, bool b);

#endif
