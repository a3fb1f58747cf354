/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of an S-expression: those with a uuid of their own go straight into their arrays, the
 * others become the text of their directive and are parsed with the rest.
 */
#include <string.h>

#include "private.h"

/* C cannot say once what differs in a type only. */
#define READ_INTO(d, array, counter, s, read, e) \
({ \
    (d)->array = xrealloc((d)->array, ((d)->counter + 1) * sizeof(*(d)->array)); \
    int rc_ = read(s, &(d)->array[(d)->counter], e); \
    (d)->counter += !rc_; \
    rc_; \
})

static void put_value(struct buffer *b, const char *prefix, const struct sxp *s, const char *key)
{
    const char *value = sxp_value(s, key);

    if (value)
        buffer_printf(b, "%s%s", prefix, value);
}

/* 0x07 and 07 alike. */
static const char *hex_of(const struct sxp *dev, const char *key)
{
    const char *text = sxp_value(dev, key);

    if (!text)
        return "0";
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? text + 2 : text;
}

static void take_pci(struct config_domain *d, const struct sxp *s)
{
    const struct sxp *dev;

    for (size_t i = 0; (dev = sxp_find(s, "dev", i)); i++) {
        const struct sxp *opts = sxp_find(dev, "opts", 0);
        const char *vdevfn = sxp_value(dev, "vdevfn");
        int64_t place = 0x100;
        struct buffer b = { 0 };

        buffer_printf(&b, "%s:%s:%s.%s", hex_of(dev, "domain"), hex_of(dev, "bus"),
                      hex_of(dev, "slot"), hex_of(dev, "func"));
        if (vdevfn && parse_int64(vdevfn, &place) && place >= 0 && place < 0x100)
            buffer_printf(&b, "@%x", (unsigned int)place >> 3);
        if (opts && opts->count > 1 && sxp_is_list(opts->item[1])) {
            put_value(&b, ",msitranslate=", opts->item[1], "msitranslate");
            put_value(&b, ",power_mgmt=", opts->item[1], "power_mgmt");
        }
        strings_give(&d->pci, buffer_detach(&b));
    }
}

static void take_vscsi(struct config_domain *d, const struct sxp *s)
{
    const struct sxp *dev;

    for (size_t i = 0; (dev = sxp_find(s, "dev", i)); i++) {
        const char *pdev = sxp_value(dev, "p-dev"), *vdev = sxp_value(dev, "v-dev");
        struct buffer b = { 0 };

        buffer_printf(&b, "%s,%s", pdev ? pdev : "", vdev ? vdev : "");
        put_value(&b, ",", s, "backend");
        strings_give(&d->vscsi, buffer_detach(&b));
    }
}

static void take_vusb(struct config_domain *d, const struct sxp *s)
{
    const struct sxp *ports = sxp_find(s, "port", 0);
    struct buffer b = { 0 };

    put_value(&b, "usbver=", s, "usb-ver");
    put_value(&b, ",numports=", s, "num-ports");
    for (size_t i = 1; ports && i < ports->count; i++) {
        const struct sxp *port = ports->item[i];

        if (sxp_is_list(port) && port->count == 2 && port->item[0]->atom &&
            port->item[1]->atom && *port->item[1]->atom)
            buffer_printf(&b, ",port_%s=%s", port->item[0]->atom, port->item[1]->atom);
    }
    buffer_string(&b);
    strings_give(&d->vusb, buffer_detach(&b));
}

static void take_ioports(struct config_domain *d, const struct sxp *s)
{
    struct buffer b = { 0 };

    buffer_printf(&b, "%s-%s", hex_of(s, "from"), hex_of(s, "to"));
    strings_give(&d->ioports, buffer_detach(&b));
}

int device_from_sxp(const struct sxp *s, struct config_domain *d, struct config_error *e)
{
    const char *class = sxp_head(s);

    if (!class)
        return config_fail(e, "a (device) without a class");
    if (!strcmp(class, "vbd") || !strcmp(class, "tap") || !strcmp(class, "tap2"))
        return READ_INTO(d, disks, disk_count, s, config_disk_from_sxp, e);
    if (!strcmp(class, "vif"))
        return READ_INTO(d, vifs, vif_count, s, config_vif_from_sxp, e);
    if (!strcmp(class, "vif2"))
        return READ_INTO(d, vif2s, vif2_count, s, vif2_from_sxp, e);
    if (!strcmp(class, "vfb"))
        return READ_INTO(d, vfbs, vfb_count, s, config_vfb_from_sxp, e);
    if (!strcmp(class, "vtpm"))
        return READ_INTO(d, vtpms, vtpm_count, s, vtpm_from_sxp, e);
    if (!strcmp(class, "pci"))
        take_pci(d, s);
    else if (!strcmp(class, "vscsi"))
        take_vscsi(d, s);
    else if (!strcmp(class, "vusb"))
        take_vusb(d, s);
    else if (!strcmp(class, "ioports"))
        take_ioports(d, s);
    else if (!strcmp(class, "irq"))
        strings_add(&d->irq, sxp_value(s, "irq") ? sxp_value(s, "irq") : "");
    else if (strcmp(class, "vkbd") && strcmp(class, "console"))
        domain_warn(d, "unknown device class '%.60s' is ignored", class);
    return 0;
}
