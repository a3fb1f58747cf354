/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI devices of the host: "0000:07:00.0@100,msitranslate=1".
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define OPTION(field) \
    { .name = #field, .type = CONFIG_BOOL, .offset = offsetof(struct config_pci, field) }

static const struct config_key options[] = { OPTION(msitranslate), OPTION(power_mgmt) };

/* Up to `end` (taken if it is not a NUL); false if malformed or above max. */
static bool read_hex(const char **text, char end, unsigned int max, unsigned int *n)
{
    char *stop;
    unsigned long value = strtoul(*text, &stop, 16);

    if (!strspn(*text, "0123456789abcdefABCDEF") || stop - *text > 8 || value > max ||
        *stop != end || strncmp(*text + 1, "x", 1) == 0)
        return false;
    *n = value;
    *text = stop + (end != '\0');
    return true;
}

/* 0, 0-3, 0,2 or * */
static bool read_functions(const char *text, struct config_pci *pci)
{
    if (!strcmp(text, "*")) {
        pci->functions = 0xff;
        return true;
    }
    while (*text) {
        if (*text < '0' || *text > '7')
            return false;
        unsigned int first = *text++ - '0', last = first;

        if (text[0] == '-' && text[1] >= '0' && text[1] <= '7') {
            last = text[1] - '0';
            text += 2;
        }
        for (unsigned int f = first; f <= last; f++)
            pci->functions |= 1u << f;
        if (*text == ';' && text[1])
            text++;
        else if (*text)
            return false;
    }
    return pci->functions;
}

static bool read_address(const char *text, struct config_pci *pci)
{
    const char *dot = strchr(text, '.'), *colon = strchr(text, ':');
    bool has_segment = colon && dot > colon && memchr(colon + 1, ':', dot - colon);

    if (has_segment && !read_hex(&text, ':', 0xffff, &pci->segment))
        return false;
    if (!read_hex(&text, ':', 0xff, &pci->bus) || !read_hex(&text, '.', 0x1f, &pci->slot))
        return false;
    char *at = strchr(text, '@');
    char *functions = at ? xstrndup(text, at - text) : xstrdup(text);
    bool good = read_functions(functions, pci);
    unsigned int vslot;

    free(functions);
    if (!good)
        return false;
    pci->function = __builtin_ctz(pci->functions);
    if (!at)
        return true;
    text = at + 1;
    if (!read_hex(&text, '\0', 0xff, &vslot))
        return false;
    pci->vslot = vslot;
    return true;
}

int config_pci_parse(const char *text, struct config_pci *pci, struct config_error *e)
{
    const char *comma = strchrnul(text, ',');
    size_t blanks = strspn(text, " \t");

    *pci = (struct config_pci){ 0 };
    int rc = pairs_parse(pci, options, KEY_COUNT(options), "pci", *comma ? comma + 1 : "", e);

    if (rc)
        return rc;
    pci->vslot = CONFIG_UNSET;
    pci->key = xstrndup(text + blanks, comma > text + blanks ? comma - text - blanks : 0);
    for (size_t n = strlen(pci->key); n && strchr(" \t", pci->key[n - 1]); n--)
        pci->key[n - 1] = '\0';
    if (read_address(pci->key, pci))
        return 0;
    config_pci_free(pci);
    return config_fail(e, "Failed to parse pci device: %.100s "
                       "(expected [DDDD:]BB:SS.F[@VS][,option=value])", text);
}

void config_pci_free(struct config_pci *pci)
{
    free(pci->key);
    pci->key = NULL;
}

static void add_option(struct sxp *opts, const char *name, int64_t value)
{
    if (value != CONFIG_UNSET)
        sxp_add_pairf(opts, name, "%lld", (long long)value);
}

static void add_function(struct sxp *device, const struct config_pci *p, unsigned int function)
{
    struct sxp *dev = sxp_add(device, sxp_list("dev"));
    unsigned int auto_slot = 0x100;

    sxp_add_pairf(dev, "domain", "0x%04x", p->segment);
    sxp_add_pairf(dev, "bus", "0x%02x", p->bus);
    sxp_add_pairf(dev, "slot", "0x%02x", p->slot);
    sxp_add_pairf(dev, "func", "0x%x", function);
    if (p->msitranslate != CONFIG_UNSET || p->power_mgmt != CONFIG_UNSET) {
        struct sxp *opts = sxp_add(sxp_add(dev, sxp_list("opts")), sxp_list(NULL));

        add_option(opts, "msitranslate", p->msitranslate);
        add_option(opts, "power_mgmt", p->power_mgmt);
    }
    sxp_add_pairf(dev, "vdevfn", "0x%x", p->vslot == CONFIG_UNSET
                  ? auto_slot | function : (unsigned int)p->vslot << 3 | function);
    sxp_add_pairf(dev, "key", "%04x:%02x:%02x.%x", p->segment, p->bus, p->slot, function);
}

/* All of a domain's are one device. */
struct sxp *pcis_to_sxp(const struct config_domain *d)
{
    struct sxp *s = sxp_list("pci");

    for (size_t i = 0; i < d->pci_count; i++) {
        for (unsigned int f = 0; f < 8; f++) {
            if (d->pcis[i].functions & 1u << f)
                add_function(s, &d->pcis[i], f);
        }
    }
    return s;
}
