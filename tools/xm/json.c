/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --json: what xend tells, for programs. A domain is an object whose keys are those of xm list -l;
 * what is there more than once, like its VCPUs, is an array.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/json.h>

#include "xm.h"

/* Users choose these: one that looks like a number is a text all the same. */
static bool is_free_text(const char *key)
{
    static const char *const keys[] = {
        "name", "uuid", "description", "pool_name", "args", "bootloader_args", "kernel", "ramdisk",
        "bridge", "vifname", "vncpasswd", "affinity", "release",
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!strcmp(keys[i], key))
            return true;
    }
    return false;
}

static void put_atom(struct json *j, const char *key, const char *text)
{
    size_t sign = *text == '-', digits = strspn(text + sign, "0123456789");
    const char *end = text + sign + digits;
    bool is_plain = digits && digits < 18 && (digits == 1 || text[sign] != '0');

    if (!is_plain || is_free_text(key))
        json_string(j, text);
    else if (!*end)
        json_int(j, strtoll(text, NULL, 10));
    else if (*end == '.' && end[1] && strspn(end + 1, "0123456789") == strlen(end + 1))
        json_double(j, strtod(text, NULL));
    else
        json_string(j, text);
}

static void put_members(struct json *j, const struct sxp *s);

static void put_list(struct json *j, const char *key, const struct sxp *s)
{
    json_array_begin(j);
    for (size_t i = 0; i < s->count; i++) {
        if (s->item[i]->atom)
            put_atom(j, key, s->item[i]->atom);
        else
            put_list(j, key, s->item[i]);
    }
    json_array_end(j);
}

/* What stands behind a key: a text or number, a list of lists such as those of CPUs, or pairs. */
static void put_value(struct json *j, const struct sxp *pair)
{
    const struct sxp *value = pair->count == 2 ? pair->item[1] : NULL;

    if (value && value->atom) {
        put_atom(j, sxp_head(pair), value->atom);
        return;
    }
    if (value && !sxp_head(value)) {
        put_list(j, sxp_head(pair), value);
        return;
    }
    json_object_begin(j);
    put_members(j, pair);
    json_object_end(j);
}

static void put_array(struct json *j, const struct sxp *s, const char *head)
{
    const struct sxp *item;

    json_array_begin(j);
    for (size_t i = 0; (item = sxp_find(s, head, i)); i++)
        put_value(j, item);
    json_array_end(j);
}

static void put_members(struct json *j, const struct sxp *s)
{
    for (size_t i = 1; i < s->count; i++) {
        const char *head = sxp_is_list(s->item[i]) ? sxp_head(s->item[i]) : NULL;

        if (!head || sxp_find(s, head, 0) != s->item[i])
            continue;
        json_key(j, head);
        if (sxp_find(s, head, 1) || !strcmp(head, "device") || !strcmp(head, "vcpu"))
            put_array(j, s, head);
        else
            put_value(j, s->item[i]);
    }
}

static void print(struct buffer *text)
{
    buffer_putc(text, '\n');
    fputs(buffer_string(text), stdout);
    buffer_free(text);
}

void print_json(const struct sxp *s)
{
    struct buffer text = { 0 };
    struct json j;

    json_init(&j, &text);
    put_value(&j, s);
    print(&text);
}

void print_json_list(const struct sxp *list, const char *head)
{
    struct buffer text = { 0 };
    struct json j;

    json_init(&j, &text);
    put_array(&j, list, head);
    print(&text);
}
