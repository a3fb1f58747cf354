/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Structures whose fields are described by keys: setting from text, defaults, key=value lists,
 * S-expressions; and the nearest known name of a misspelt one.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define MAX_NAME 48

/* Edit distance, a swap of neighbours counting as one; more than limit is limit + 1. */
static size_t distance(const char *a, const char *b, size_t limit)
{
    size_t la = strlen(a), lb = strlen(b), row[3][MAX_NAME + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];

    if (la > MAX_NAME || lb > MAX_NAME || la > lb + limit || lb > la + limit)
        return limit + 1;
    for (size_t k = 0; k <= lb; k++)
        last[k] = before[k] = k;
    for (size_t i = 1; i <= la; i++) {
        now[0] = i;
        for (size_t k = 1; k <= lb; k++) {
            size_t cost = last[k - 1] + (tolower((unsigned char)a[i - 1]) !=
                                         tolower((unsigned char)b[k - 1]));

            if (last[k] + 1 < cost)
                cost = last[k] + 1;
            if (now[k - 1] + 1 < cost)
                cost = now[k - 1] + 1;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                before[k - 2] + 1 < cost)
                cost = before[k - 2] + 1;
            now[k] = cost;
        }
        size_t *spare = before;

        before = last;
        last = now;
        now = spare;
    }
    return last[lb] > limit ? limit + 1 : last[lb];
}

/* How many slips still make a name of this length the same. */
static size_t tolerance(const char *name)
{
    size_t len = strlen(name);

    return len < 3 ? 0 : len < 5 ? 1 : len < 9 ? 2 : 3;
}

const char *config_nearest(const char *name, const char *const *known, size_t count)
{
    size_t best = tolerance(name) + 1;
    const char *found = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t n = distance(name, known[i], best);

        if (n < best) {
            best = n;
            found = known[i];
        }
    }
    /* One cut short: mem for memory. */
    for (size_t i = 0; i < count && !found && strlen(name) > 2; i++) {
        if (!strncmp(known[i], name, strlen(name)))
            found = known[i];
    }
    return found;
}

const char *keys_nearest(const struct config_key *keys, size_t count, const char *name)
{
    const char *names[CONFIG_MAX_KEYS];

    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].name;
    return config_nearest(name, names, count);
}

const struct config_key *keys_find(const struct config_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(keys[i].name, name))
            return &keys[i];
    }
    return NULL;
}

const struct config_key *keys_find_sxp(const struct config_key *keys, size_t count,
                                       const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(keys[i].sxp ? keys[i].sxp : keys[i].name, name))
            return &keys[i];
    }
    return NULL;
}

bool parse_bool(const char *text, int64_t *value)
{
    static const char *const no[] = { "0", "no", "off", "false", "n" };
    static const char *const yes[] = { "1", "yes", "on", "true", "y" };

    for (size_t i = 0; i < KEY_COUNT(no); i++) {
        if (!strcasecmp(text, no[i]) || !strcasecmp(text, yes[i])) {
            *value = !strcasecmp(text, yes[i]);
            return true;
        }
    }
    return false;
}

bool parse_int64(const char *text, int64_t *value)
{
    char *end;

    while (isspace((unsigned char)*text))
        text++;
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

    errno = 0;
    long long n = strtoll(text, &end, is_hex ? 16 : 10);

    if (end == text || errno)
        return false;
    while (isspace((unsigned char)*end))
        end++;
    *value = n;
    return *end == '\0';
}

static int set_int(int64_t *field, const struct config_key *key, const char *text,
                   const char *what, struct config_error *e)
{
    int64_t n;

    /* Numbers serve as switches, and files say yes where they should say 1. */
    if (!parse_int64(text, &n) && !(key->min <= 0 && key->max >= 1 && parse_bool(text, &n)))
        return config_fail(e, "%s must be a number, not '%.100s'", what, text);
    if (n < key->min || n > key->max)
        return config_fail(e, "%s is %.40s, but must be from %lld to %lld", what, text,
                           (long long)key->min, (long long)key->max);
    *field = n;
    return 0;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);

    for (const char *p = choices; *p;) {
        size_t n = strcspn(p, " ");

        if (n == len && !memcmp(p, text, n))
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static int set_str(char **field, const struct config_key *key, const char *text,
                   const char *what, struct config_error *e)
{
    if (key->choices && !is_choice(key->choices, text))
        return config_fail(e, "%s is '%.100s', but must be one of: %s", what, text, key->choices);
    free(*field);
    *field = xstrdup(text);
    return 0;
}

int key_set(void *object, const struct config_key *key, const char *text, const char *what,
            struct config_error *e)
{
    void *field = key_field(object, key);

    switch (key->type) {
    case CONFIG_STR:
        return set_str(field, key, text, what, e);
    case CONFIG_INT:
        return set_int(field, key, text, what, e);
    case CONFIG_BOOL:
        if (!parse_bool(text, field))
            return config_fail(e, "%s must be 0 or 1 (or yes, no), not '%.100s'", what, text);
        return 0;
    default:
        strings_add(field, text);
        return 0;
    }
}

void keys_init(void *object, const struct config_key *keys, size_t count)
{
    struct config_error e;

    for (size_t i = 0; i < count; i++) {
        if (keys[i].type == CONFIG_INT || keys[i].type == CONFIG_BOOL)
            *(int64_t *)key_field(object, &keys[i]) = CONFIG_UNSET;
        if (keys[i].fallback)
            key_set(object, &keys[i], keys[i].fallback, keys[i].name, &e);
    }
}

void keys_free(void *object, const struct config_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *field = key_field(object, &keys[i]);

        if (keys[i].type == CONFIG_STR) {
            free(*(char **)field);
            *(char **)field = NULL;
        } else if (keys[i].type == CONFIG_LIST || keys[i].type == CONFIG_STR_OR_LIST) {
            strings_free(field);
        }
    }
}

void split_trimmed(struct strings *out, const char *text, char separator)
{
    for (;;) {
        const char *end = strchrnul(text, separator), *from = text, *to = end;

        while (from < to && isspace((unsigned char)*from))
            from++;
        while (to > from && isspace((unsigned char)to[-1]))
            to--;
        strings_add_n(out, from, to - from);
        if (!*end)
            return;
        text = end + 1;
    }
}

static int pair_set(void *object, const struct config_key *keys, size_t count,
                    const char *device, char *pair, struct config_error *e)
{
    char what[64], *equals = strchr(pair, '=');

    if (!equals)
        return config_fail(e, "%.100s should be a pair, separated by an equals sign.", pair);
    *equals = '\0';
    for (char *end = equals; end > pair && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    const struct config_key *key = keys_find(keys, count, pair);
    const char *near = key ? NULL : keys_nearest(keys, count, pair);
    const char *value = equals + 1 + strspn(equals + 1, " \t");

    if (!key)
        return config_fail(e, !strcmp(device, "vfb")
                           ? "configuration option %2$.100s unknown to %1$ss%3$s%4$s%5$s"
                           : "Invalid %1$s option: %2$.100s%3$s%4$s%5$s", device, pair,
                           near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    snprintf(what, sizeof(what), "%s option %s", device, pair);
    return key_set(object, key, value, what, e);
}

int pairs_parse(void *object, const struct config_key *keys, size_t count, const char *device,
                const char *text, struct config_error *e)
{
    struct strings pairs = { 0 };
    int rc = 0;

    keys_init(object, keys, count);
    split_trimmed(&pairs, text, ',');
    for (size_t i = 0; i < pairs.count && !rc; i++) {
        if (*pairs.item[i])
            rc = pair_set(object, keys, count, device, pairs.item[i], e);
    }
    strings_free(&pairs);
    if (rc)
        keys_free(object, keys, count);
    return rc;
}

void pairs_to_sxp(struct sxp *out, const void *object, const struct config_key *keys,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = keys[i].sxp ? keys[i].sxp : keys[i].name;
        const void *field = key_field(object, &keys[i]);

        if (keys[i].type == CONFIG_STR) {
            if (*(char *const *)field)
                sxp_add_pair(out, name, *(char *const *)field);
        } else if (*(const int64_t *)field != CONFIG_UNSET) {
            sxp_add_pairf(out, name, "%lld", (long long)*(const int64_t *)field);
        }
    }
}

int pairs_from_sxp(void *object, const struct config_key *keys, size_t count,
                   const struct sxp *s, struct config_error *e)
{
    int rc = 0;

    keys_init(object, keys, count);
    for (size_t i = 1; i < s->count && !rc; i++) {
        const struct sxp *pair = s->item[i];
        const char *name = sxp_is_list(pair) ? sxp_head(pair) : NULL;
        const struct config_key *key = name ? keys_find_sxp(keys, count, name) : NULL;

        if (key && pair->count > 1 && pair->item[1]->atom)
            rc = key_set(object, key, pair->item[1]->atom, name, e);
    }
    if (rc)
        keys_free(object, keys, count);
    return rc;
}
