/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network cards: "mac=00:16:3e:00:00:01,bridge=xenbr0", rates, and the second protocol's.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define VIF(field, words) \
    { .name = #field, .type = CONFIG_STR, .offset = offsetof(struct config_vif, field), \
      .choices = words }
#define VIF2(field) \
    { .name = #field, .type = CONFIG_STR, .offset = offsetof(struct config_vif2, field) }

static const struct config_key vif_keys[] = {
    VIF(type, "ioemu netfront"), VIF(mac, NULL), VIF(bridge, NULL), VIF(ip, NULL),
    VIF(script, NULL), VIF(backend, NULL), VIF(vifname, NULL), VIF(rate, NULL), VIF(model, NULL),
    VIF(accel, NULL), VIF(policy, NULL), VIF(label, NULL), VIF(uuid, NULL),
};

static const struct config_key vif2_keys[] = {
    VIF2(front_mac), VIF2(back_mac), VIF2(backend), VIF2(trusted), VIF2(back_trusted),
    VIF2(bridge), VIF2(filter_mac), VIF2(front_filter_mac), VIF2(pdev), VIF2(max_bypasses),
    VIF2(uuid),
};

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

bool config_mac_parse(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0)
            return false;
        mac[i] = high << 4 | low;
        if (text[2] != (i < 5 ? ':' : '\0'))
            return false;
        text += 3;
    }
    return !(mac[0] & 1);
}

static int check_mac(char *mac, struct config_error *e)
{
    uint8_t bytes[6];

    if (!mac)
        return 0;
    if (!config_mac_parse(mac, bytes))
        return config_fail(e, "bad MAC '%.60s': expected six hexadecimal bytes as in "
                           "00:16:3e:01:02:03, the first one even", mac);
    for (char *p = mac; *p; p++)
        *p = tolower((unsigned char)*p);
    return 0;
}

/* A decimal number with a fraction, in thousandths. */
static bool read_thousandths(const char **text, int64_t *value)
{
    int64_t n = 0;
    int digits = 0, places = -1;

    for (;; ++*text) {
        if (**text == '.' && places < 0) {
            places = 0;
            continue;
        }
        if (!isdigit((unsigned char)**text))
            break;
        digits++;
        if (places == 3)
            continue;
        n = n * 10 + (**text - '0');
        places += places >= 0;
        if (n > 1000000000000)
            return false;
    }
    for (places = places < 0 ? 0 : places; places < 3; places++)
        n *= 10;
    *value = n;
    return digits > 0;
}

/* @20ms, @50us, @1s, or nothing. */
static bool read_window(const char *text, int64_t *usecs)
{
    int64_t n, unit = 1000000;

    *usecs = 50000;
    if (!*text)
        return true;
    if (*text++ != '@' || !read_thousandths(&text, &n))
        return false;
    if (*text == 'm' || *text == 'u')
        unit = *text++ == 'm' ? 1000 : 1;
    if (strcmp(text, "s"))
        return false;
    *usecs = n * unit / 1000;
    return n <= 1000 * 1000000ll / unit && *usecs > 0;
}

bool config_rate_parse(const char *text, int64_t *bytes, int64_t *usecs)
{
    int64_t n, scale = 1;

    if (!read_thousandths(&text, &n))
        return false;
    if (*text && strchr("GMK", *text)) {
        scale = *text == 'G' ? 1000000000 : *text == 'M' ? 1000000 : 1000;
        text++;
    }
    bool is_bits = *text == 'b';

    if (*text != 'b' && *text != 'B')
        return false;
    text++;
    if (strncmp(text, "/s", 2) || !read_window(text + 2, usecs))
        return false;
    __int128 in_window = (__int128)n * scale * *usecs / 1000 / 1000000 / (is_bits ? 8 : 1);

    *bytes = in_window > INT64_MAX ? INT64_MAX : (int64_t)in_window;
    return *bytes > 0;
}

static int vif_check(struct config_vif *vif, struct config_error *e)
{
    vif->rate_bytes = vif->rate_usecs = CONFIG_UNSET;
    if (vif->rate && !config_rate_parse(vif->rate, &vif->rate_bytes, &vif->rate_usecs))
        return config_fail(e, "bad rate '%.60s': expected as in 10Mb/s, 250KB/s or 1Gb/s@20ms",
                           vif->rate);
    if (vif->vifname && strlen(vif->vifname) > 15)
        return config_fail(e, "vifname '%.60s' is longer than 15 characters", vif->vifname);
    return check_mac(vif->mac, e);
}

void config_vif_warn(const struct config_vif *vif, struct strings *warnings)
{
    if (vif->model)
        strings_give(warnings, xasprintf("vif: model=%.40s is ignored: a paravirtual card has no "
                                         "model", vif->model));
    if (vif->type && !strcmp(vif->type, "ioemu"))
        strings_add(warnings, "vif: type=ioemu is ignored: a paravirtual domain has no such card");
    if (vif->accel)
        strings_give(warnings, xasprintf("vif: accel=%.40s is ignored: there are no plugins",
                                         vif->accel));
}

int config_vif_parse(const char *text, struct config_vif *vif, struct config_error *e)
{
    *vif = (struct config_vif){ 0 };
    int rc = pairs_parse(vif, vif_keys, KEY_COUNT(vif_keys), "vif", text, e);

    if (!rc)
        rc = vif_check(vif, e);
    if (rc)
        config_vif_free(vif);
    return rc;
}

void config_vif_free(struct config_vif *vif)
{
    keys_free(vif, vif_keys, KEY_COUNT(vif_keys));
}

struct sxp *config_vif_to_sxp(const struct config_vif *vif)
{
    struct sxp *s = sxp_list("vif");

    pairs_to_sxp(s, vif, vif_keys, KEY_COUNT(vif_keys));
    return s;
}

int config_vif_from_sxp(const struct sxp *s, struct config_vif *vif, struct config_error *e)
{
    *vif = (struct config_vif){ 0 };
    int rc = pairs_from_sxp(vif, vif_keys, KEY_COUNT(vif_keys), s, e);

    if (!rc)
        rc = vif_check(vif, e);
    if (rc)
        config_vif_free(vif);
    return rc;
}

int vif2_parse(const char *text, struct config_vif2 *v, struct config_error *e)
{
    *v = (struct config_vif2){ 0 };
    int rc = pairs_parse(v, vif2_keys, KEY_COUNT(vif2_keys), "vif2", text, e);

    if (!rc)
        rc = check_mac(v->front_mac, e);
    if (!rc)
        rc = check_mac(v->back_mac, e);
    if (rc)
        vif2_free(v);
    return rc;
}

void vif2_free(struct config_vif2 *v)
{
    keys_free(v, vif2_keys, KEY_COUNT(vif2_keys));
}

struct sxp *vif2_to_sxp(const struct config_vif2 *v)
{
    struct sxp *s = sxp_list("vif2");

    pairs_to_sxp(s, v, vif2_keys, KEY_COUNT(vif2_keys));
    return s;
}

int vif2_from_sxp(const struct sxp *s, struct config_vif2 *v, struct config_error *e)
{
    *v = (struct config_vif2){ 0 };
    return pairs_from_sxp(v, vif2_keys, KEY_COUNT(vif2_keys), s, e);
}
