/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual frame buffers: "vnc=1,vnclisten=0.0.0.0".
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define AT(field) offsetof(struct config_vfb, field)
#define FLAG(field, def) \
    { .name = #field, .type = CONFIG_BOOL, .offset = AT(field), .fallback = def }
#define NUMBER(field, high) \
    { .name = #field, .type = CONFIG_INT, .offset = AT(field), .max = high }
#define TEXT(field) { .name = #field, .type = CONFIG_STR, .offset = AT(field) }

static const struct config_key keys[] = {
    FLAG(vnc, NULL), FLAG(sdl, NULL), FLAG(opengl, NULL), FLAG(vncunused, NULL),
    NUMBER(vncdisplay, 59635), NUMBER(videoram, 1024), TEXT(vnclisten), TEXT(vncpasswd),
    TEXT(display), TEXT(xauthority), TEXT(keymap), TEXT(serial), TEXT(monitor), TEXT(uuid),
};

/* type=vnc and type=sdl once meant vnc=1 and sdl=1. */
static char *modern(const char *text)
{
    struct strings pairs = { 0 };
    struct buffer b = { 0 };

    split_trimmed(&pairs, text, ',');
    for (size_t i = 0; i < pairs.count; i++) {
        const char *pair = pairs.item[i];
        bool is_old = !strcmp(pair, "type=vnc") || !strcmp(pair, "type=sdl");

        buffer_puts(&b, i ? "," : "");
        buffer_puts(&b, is_old ? pair + 5 : pair);
        buffer_puts(&b, is_old ? "=1" : "");
    }
    strings_free(&pairs);
    return buffer_detach(&b);
}

int config_vfb_parse(const char *text, struct config_vfb *vfb, struct config_error *e)
{
    char *pairs = modern(text);

    *vfb = (struct config_vfb){ 0 };
    int rc = pairs_parse(vfb, keys, KEY_COUNT(keys), "vfb", pairs, e);

    free(pairs);
    return rc;
}

void config_vfb_free(struct config_vfb *vfb)
{
    keys_free(vfb, keys, KEY_COUNT(keys));
}

struct sxp *config_vfb_to_sxp(const struct config_vfb *vfb)
{
    struct sxp *s = sxp_list("vfb");

    pairs_to_sxp(s, vfb, keys, KEY_COUNT(keys));
    return s;
}

int config_vfb_from_sxp(const struct sxp *s, struct config_vfb *vfb, struct config_error *e)
{
    *vfb = (struct config_vfb){ 0 };
    return pairs_from_sxp(vfb, keys, KEY_COUNT(keys), s, e);
}
