/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of xend's socket: any S-expression prints, reads back the same, and prints as JSON.
 *
 * sources: tools/libs/base/[a-z]*.c
 */
#include <stdlib.h>
#include <string.h>

#include <base/json.h>
#include <base/sxp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct sxp *s, struct buffer *text)
{
    char why[100];
    size_t used;
    struct sxp *back = sxp_parse(buffer_string(text), text->len, &used, why, sizeof(why));

    if (!back || !sxp_equal(s, back))
        abort();
    sxp_free(back);
    buffer_clear(text);
}

static void as_json(struct json *j, const struct sxp *s)
{
    if (!sxp_is_list(s)) {
        json_string(j, s->atom);
        return;
    }
    json_array_begin(j);
    for (size_t i = 0; i < s->count; i++)
        as_json(j, s->item[i]);
    json_array_end(j);
}

/* Brackets pair up outside strings, and strings end and hold no control characters. */
static void expect_json(const struct buffer *text)
{
    const char *p = buffer_head(text);
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text->len; i++) {
        if (in_string && (unsigned char)p[i] < ' ')
            abort();
        if (in_string && p[i] == '\\')
            i++;
        else if (p[i] == '"')
            in_string = !in_string;
        else if (!in_string)
            depth += (p[i] == '[') - (p[i] == ']');
    }
    if (in_string || depth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[100];
    size_t used;
    struct sxp *s = sxp_parse((const char *)data, size, &used, why, sizeof(why));
    struct buffer text = { 0 };
    struct json j;

    if (used > size || (!s && strncmp(why, "line ", 5)))
        abort();
    if (!s)
        return 0;
    sxp_print(&text, s);
    expect_same(s, &text);
    sxp_print_pretty(&text, s);
    expect_same(s, &text);
    json_init(&j, &text);
    as_json(&j, s);
    expect_json(&text);
    struct sxp *copy = sxp_copy(s);

    while (copy->count)
        sxp_remove(copy, copy->count / 2);
    sxp_free(copy);
    sxp_free(s);
    buffer_free(&text);
    return 0;
}
