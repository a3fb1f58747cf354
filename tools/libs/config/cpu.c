/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of CPUs ("0-3,^1"), masks as numbers of any length,
 * and rules for CPUID ("1:ecx=xxxx…,edx=0x10").
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static int cpu_fail(const char *text, struct config_error *e)
{
    return config_fail(e, "cpus '%.100s': expected numbers and ranges, as in 0-3,5,^1", text);
}

bool config_bits_parse(const char *text, uint64_t *map, size_t size)
{
    memset(map, 0, size / 8);
    for (const char *p = text; *p; p++) {
        unsigned __int128 carry = *p - '0';

        if (!isdigit((unsigned char)*p))
            return false;
        for (size_t i = 0; i < size / 64; i++) {
            carry += (unsigned __int128)map[i] * 10;
            map[i] = carry;
            carry >>= 64;
        }
        if (carry)
            return false;
    }
    return *text;
}

char *ones_in_decimal(unsigned int n)
{
    size_t length = n / 3 + 1;
    char *text = xmalloc(length + 1);

    memset(text, '0', length);
    text[length] = '\0';
    while (n--) {
        unsigned int carry = 1;

        for (size_t i = length; i-- > 0; carry /= 10) {
            carry += (text[i] - '0') * 2;
            text[i] = '0' + carry % 10;
        }
    }
    size_t zeros = strspn(text, "0");

    memmove(text, text + zeros, length - zeros + 1);
    return text;
}

/* 5 or 2-7 */
static bool read_range(const char *text, unsigned int *from, unsigned int *to)
{
    unsigned long value[2] = { 0 };
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    value[0] = value[1] = strtoul(text, &end, 10);
    if (*end == '-' && isdigit((unsigned char)end[1]))
        value[1] = strtoul(end + 1, &end, 10);
    *from = value[0];
    *to = value[1];
    return !*end && value[0] <= value[1] && value[1] <= 8191;
}

static int apply_range(const char *item, const char *text, uint64_t *map, size_t size,
                       struct config_error *e)
{
    bool removes = *item == '^';
    unsigned int from, to;

    item += removes + strspn(item + removes, " \t");
    if (!read_range(item, &from, &to))
        return cpu_fail(text, e);
    if (to >= size && !removes)
        return config_fail(e, "cpus '%.100s': there is no CPU %u", text, to);
    for (unsigned int cpu = from; cpu <= to && cpu < size; cpu++) {
        uint64_t bit = 1ull << cpu % 64;

        if (removes)
            map[cpu / 64] &= ~bit;
        else
            map[cpu / 64] |= bit;
    }
    return 0;
}

int config_cpus_parse(const char *text, uint64_t *map, size_t size, struct config_error *e)
{
    struct strings items = { 0 };
    int rc = 0;

    split_trimmed(&items, text, ',');
    for (size_t i = 0; i < items.count && !rc; i++) {
        if (!*items.item[i] && items.count > 1)
            rc = cpu_fail(text, e);
        else if (!strcmp(items.item[i], "all") || !*items.item[i])
            for (size_t cpu = 0; cpu < size; cpu++)
                map[cpu / 64] |= 1ull << cpu % 64;
        else
            rc = apply_range(items.item[i], text, map, size, e);
    }
    strings_free(&items);
    return rc;
}

static char **cpuid_field(struct config_cpuid *c, const char *reg)
{
    return !strcmp(reg, "eax") ? &c->eax : !strcmp(reg, "ebx") ? &c->ebx
         : !strcmp(reg, "ecx") ? &c->ecx : !strcmp(reg, "edx") ? &c->edx : NULL;
}

static bool is_cpuid_value(const char *value, bool is_check)
{
    int64_t n;

    if (!strncasecmp(value, "0x", 2))
        return parse_int64(value, &n) && n >= 0 && n <= 0xffffffff;
    return strlen(value) == 32 && strspn(value, is_check ? "01xs" : "01xks") == 32;
}

static int set_register(struct config_cpuid *c, char *pair, bool is_check, struct config_error *e)
{
    char *equals = strchr(pair, '=');

    if (equals)
        *equals = '\0';
    char **field = equals ? cpuid_field(c, pair) : NULL;

    if (!field)
        return config_fail(e, "cpuid's syntax is (eax|ebx|ecx|edx)=value, not '%.60s'", pair);
    if (!is_cpuid_value(equals + 1, is_check))
        return config_fail(e, "cpuid: %s is 0x and digits, or 32 of the characters %s, "
                           "not '%.60s'", pair, is_check ? "0 1 x s" : "0 1 x k s", equals + 1);
    free(*field);
    *field = xstrdup(equals + 1);
    return 0;
}

/* LEAF[,SUBLEAF] */
static int set_leaf(struct config_cpuid *c, const char *text, struct config_error *e)
{
    struct strings part = { 0 };
    int64_t leaf = -1, subleaf = 0;

    split_trimmed(&part, text, ',');
    bool good = part.count <= 2 && parse_int64(part.item[0], &leaf) && leaf >= 0 &&
                leaf <= 0xffffffff;

    if (good && part.count == 2)
        good = parse_int64(part.item[1], &subleaf) && subleaf >= 0 && subleaf <= 0xffffffff;
    c->leaf = leaf;
    c->subleaf = part.count == 2 ? subleaf : CONFIG_UNSET;
    strings_free(&part);
    return good ? 0 : config_fail(e, "cpuid: '%.60s' is not LEAF or LEAF,SUBLEAF", text);
}

int cpuid_parse(const char *text, struct config_cpuid *c, bool is_check, struct config_error *e)
{
    const char *colon = strchr(text, ':');
    struct strings pairs = { 0 };

    *c = (struct config_cpuid){ 0 };
    if (!colon)
        return config_fail(e, "cpuid '%.100s': expected LEAF:register=value", text);
    char *leaf = xstrndup(text, colon - text);
    int rc = set_leaf(c, leaf, e);

    free(leaf);
    split_trimmed(&pairs, colon + 1, ',');
    for (size_t i = 0; i < pairs.count && !rc; i++)
        rc = set_register(c, pairs.item[i], is_check, e);
    strings_free(&pairs);
    if (rc)
        cpuid_free(c);
    return rc;
}

void cpuid_free(struct config_cpuid *c)
{
    free(c->eax);
    free(c->ebx);
    free(c->ecx);
    free(c->edx);
    *c = (struct config_cpuid){ 0 };
}

/* (cpuid ((1 ((ecx …) (edx …))) (0xb,1 (…)))) */
struct sxp *cpuid_to_sxp(const char *head, const struct config_cpuid *c, size_t count)
{
    struct sxp *s = sxp_list(head), *rules = sxp_add(s, sxp_list(NULL));

    for (size_t i = 0; i < count; i++, c++) {
        const char *const names[] = { "eax", "ebx", "ecx", "edx" };
        const char *const values[] = { c->eax, c->ebx, c->ecx, c->edx };
        char leaf[40];

        if (c->subleaf == CONFIG_UNSET)
            snprintf(leaf, sizeof(leaf), "%u", c->leaf);
        else
            snprintf(leaf, sizeof(leaf), "%u,%u", c->leaf, (unsigned int)c->subleaf);
        struct sxp *regs = sxp_add(sxp_add(rules, sxp_list(leaf)), sxp_list(NULL));

        for (int r = 0; r < 4; r++) {
            if (values[r])
                sxp_add_pair(regs, names[r], values[r]);
        }
    }
    return s;
}

static void add_rule(const struct sxp *rule, struct strings *out)
{
    struct buffer b = { 0 };
    bool first = true;

    if (!sxp_head(rule) || rule->count < 2 || !sxp_is_list(rule->item[1]))
        return;
    buffer_printf(&b, "%s:", sxp_head(rule));
    for (size_t i = 0; i < rule->item[1]->count; i++) {
        const struct sxp *reg = rule->item[1]->item[i];

        if (!sxp_is_list(reg) || reg->count != 2 || !reg->item[0]->atom || !reg->item[1]->atom)
            continue;
        buffer_printf(&b, "%s%s=%s", first ? "" : ",", reg->item[0]->atom, reg->item[1]->atom);
        first = false;
    }
    strings_give(out, buffer_detach(&b));
}

void cpuid_from_sxp(const struct sxp *s, struct strings *out)
{
    const struct sxp *rules = s->count > 1 ? s->item[1] : NULL;

    for (size_t i = 0; rules && sxp_is_list(rules) && i < rules->count; i++) {
        if (sxp_is_list(rules->item[i]))
            add_rule(rules->item[i], out);
    }
}
