/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lesser devices: vtpm, vscsi, vusb, I/O ports, interrupt lines.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define TPM(field) { .name = #field, .type = CONFIG_STR, \
                     .offset = offsetof(struct config_vtpm, field) }
#define USB(field, def, low, high) \
    { .name = #field, .type = CONFIG_INT, .offset = offsetof(struct config_vusb, field), \
      .fallback = def, .min = low, .max = high }
#define PORT(n) { .name = "port_" #n, .type = CONFIG_STR, \
                  .offset = offsetof(struct config_vusb, port) + ((n) - 1) * sizeof(char *) }

static const struct config_key vtpm_keys[] = {
    { .name = "instance", .type = CONFIG_INT, .offset = offsetof(struct config_vtpm, instance),
      .max = 65535 },
    TPM(backend), TPM(uuid), TPM(type),
};

static const struct config_key vusb_keys[] = {
    USB(usbver, "2", 1, 2), USB(numports, "8", 1, 16),
    PORT(1), PORT(2), PORT(3), PORT(4), PORT(5), PORT(6), PORT(7), PORT(8), PORT(9), PORT(10),
    PORT(11), PORT(12), PORT(13), PORT(14), PORT(15), PORT(16),
};

int vtpm_parse(const char *text, struct config_vtpm *v, struct config_error *e)
{
    *v = (struct config_vtpm){ 0 };
    int rc = pairs_parse(v, vtpm_keys, KEY_COUNT(vtpm_keys), "vtpm", text, e);

    if (!rc && v->instance == 0) {
        rc = config_fail(e, "VM config error: vTPM instance must not be 0.");
        vtpm_free(v);
    }
    return rc;
}

void vtpm_free(struct config_vtpm *v)
{
    keys_free(v, vtpm_keys, KEY_COUNT(vtpm_keys));
}

int vtpm_from_sxp(const struct sxp *s, struct config_vtpm *v, struct config_error *e)
{
    *v = (struct config_vtpm){ 0 };
    return pairs_from_sxp(v, vtpm_keys, KEY_COUNT(vtpm_keys), s, e);
}

struct sxp *vtpm_to_sxp(const struct config_vtpm *v)
{
    struct sxp *s = sxp_list("vtpm");

    pairs_to_sxp(s, v, vtpm_keys, KEY_COUNT(vtpm_keys));
    return s;
}

/* host:channel:target:lun */
static bool is_scsi_address(const char *text)
{
    for (int part = 0; part < 4; part++) {
        size_t digits = strspn(text, "0123456789");

        if (!digits || digits > 9 || text[digits] != (part < 3 ? ':' : '\0'))
            return false;
        text += digits + 1;
    }
    return true;
}

int config_vscsi_parse(const char *text, struct config_vscsi *v, struct config_error *e)
{
    struct strings fields = { 0 };
    int rc = 0;

    *v = (struct config_vscsi){ 0 };
    split_trimmed(&fields, text, ',');
    if (fields.count < 2 || fields.count > 3 || !*fields.item[0])
        rc = config_fail(e, "Invalid vscsi specifier: %.150s (expected PDEV,VDEV[,BACKEND])",
                         text);
    else if (!is_scsi_address(fields.item[1]) && strcmp(fields.item[1], "host"))
        rc = config_fail(e, "vscsi '%.100s': the virtual device is h:c:t:l or host, not '%.60s'",
                         text, fields.item[1]);
    if (!rc) {
        v->pdev = xstrdup(fields.item[0]);
        v->vdev = xstrdup(fields.item[1]);
        v->backend = fields.count > 2 && *fields.item[2] ? xstrdup(fields.item[2]) : NULL;
    }
    strings_free(&fields);
    return rc;
}

void config_vscsi_free(struct config_vscsi *v)
{
    free(v->pdev);
    free(v->vdev);
    free(v->backend);
    *v = (struct config_vscsi){ 0 };
}

struct sxp *vscsi_to_sxp(const struct config_vscsi *v)
{
    struct sxp *s = sxp_list("vscsi");
    struct sxp *dev = sxp_add(s, sxp_list("dev"));

    sxp_add_pair(dev, "p-dev", v->pdev);
    sxp_add_pair(dev, "v-dev", v->vdev);
    if (v->backend)
        sxp_add_pair(s, "backend", v->backend);
    return s;
}

int vusb_parse(const char *text, struct config_vusb *v, struct config_error *e)
{
    *v = (struct config_vusb){ 0 };
    int rc = pairs_parse(v, vusb_keys, KEY_COUNT(vusb_keys), "vusb", text, e);

    for (int i = 0; i < 16 && !rc; i++) {
        if (v->port[i] && i >= v->numports)
            rc = config_fail(e, "vusb: port_%d, but there are only %d ports", i + 1,
                             (int)v->numports);
    }
    if (rc)
        vusb_free(v);
    return rc;
}

void vusb_free(struct config_vusb *v)
{
    keys_free(v, vusb_keys, KEY_COUNT(vusb_keys));
}

struct sxp *vusb_to_sxp(const struct config_vusb *v)
{
    struct sxp *s = sxp_list("vusb");

    sxp_add_pairf(s, "usb-ver", "%lld", (long long)v->usbver);
    sxp_add_pairf(s, "num-ports", "%lld", (long long)v->numports);
    struct sxp *port = sxp_add(s, sxp_list("port"));

    for (int i = 0; i < v->numports && i < 16; i++) {
        char number[16];

        snprintf(number, sizeof(number), "%d", i + 1);
        sxp_add_pair(port, number, v->port[i] ? v->port[i] : "");
    }
    return s;
}

static bool read_port(const char **text, unsigned int *n)
{
    char *end;

    if (!strspn(*text, "0123456789abcdefABCDEF"))
        return false;
    unsigned long value = strtoul(*text, &end, 16);

    if (value > 0xffff)
        return false;
    *n = value;
    *text = end;
    return true;
}

int ioports_parse(const char *text, struct config_ioports *p, struct config_error *e)
{
    const char *at = text + strspn(text, " \t");
    bool good = read_port(&at, &p->from);

    p->to = p->from;
    if (good && *at == '-') {
        at++;
        good = read_port(&at, &p->to);
    }
    if (!good || *at || p->to < p->from)
        return config_fail(e, "Invalid i/o port range specifier: %.100s "
                           "(expected FROM[-TO], hexadecimal, below 10000)", text);
    return 0;
}

int irq_parse(const char *text, unsigned int *irq, struct config_error *e)
{
    int64_t n;

    if (!parse_int64(text, &n) || n < 0 || n > 65535)
        return config_fail(e, "Invalid irq: %.100s", text);
    *irq = n;
    return 0;
}
