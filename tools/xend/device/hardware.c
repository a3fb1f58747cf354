/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports and interrupt lines of the machine that a domain may use. Nobody serves them: the
 * hypervisor's permission is all, and the nodes only say so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/strings.h>
#include <xc/xc.h>

#include "device/device.h"

#define PORT_MAX 0xffff
#define IRQ_MAX 65535

static bool read_port(const struct device *v, const char *key, unsigned long *port)
{
    const char *text = sxp_value(v->config, key);
    char *end;

    if (!text || !strlen(text) || strspn(text, "0123456789abcdefABCDEF") != strlen(text))
        return false;
    errno = 0;
    *port = strtoul(text, &end, 16);
    return !errno && *port <= PORT_MAX;
}

/* Of a device whose configuration was found good. */
static unsigned long last_port(const struct device *v)
{
    unsigned long to = 0;

    read_port(v, "to", &to);
    return to;
}

static int parse_ioports(struct device *v, struct failure *f)
{
    const char *from_text = sxp_value(v->config, "from"), *to_text = sxp_value(v->config, "to");
    unsigned long from, to;

    if (!read_port(v, "from", &from) || !read_port(v, "to", &to) || to < from)
        return fail(f, -EINVAL, "Invalid i/o port range specifier: %s-%s",
                    from_text ? from_text : "", to_text ? to_text : "");
    v->devid = from;
    return 0;
}

static int parse_irq(struct device *v, struct failure *f)
{
    const char *text = sxp_value(v->config, "irq");
    unsigned long long irq;

    if (!text || !parse_number(text, IRQ_MAX, &irq))
        return fail(f, -EINVAL, "Invalid irq: %s", text ? text : "");
    v->devid = irq;
    return 0;
}

static int check(struct device *v, struct failure *f)
{
    (void)v;
    (void)f;
    return 0;
}

static void write_ioports(struct device *v, struct store_tx *t)
{
    tx_printf(t, v->backend, "from", "%x", v->devid);
    tx_printf(t, v->backend, "to", "%lx", last_port(v));
}

static void write_irq(struct device *v, struct store_tx *t)
{
    tx_printf(t, v->backend, "irq", "%u", v->devid);
}

static int permit_ioports(struct device *v, bool allow, struct failure *f)
{
    unsigned long last = last_port(v);
    int rc = xc_domain_ioport_permission(v->d->x->xc, v->domid, v->devid, last - v->devid + 1,
                                         allow);

    return rc ? fail(f, rc, "The hypervisor does not give away i/o ports %x-%lx: %s", v->devid,
                     last, strerror(-rc)) : 0;
}

static int permit_irq(struct device *v, bool allow, struct failure *f)
{
    int rc = xc_domain_irq_permission(v->d->x->xc, v->domid, v->devid, allow);

    return rc ? fail(f, rc, "The hypervisor does not give away irq %u: %s", v->devid,
                     rc == -EINVAL ? "this machine has no such line" : strerror(-rc)) : 0;
}

const struct device_class ioports_class = {
    .name = "ioports",
    .parse = parse_ioports,
    .check = check,
    .write = write_ioports,
    .permit = permit_ioports,
};

const struct device_class irq_class = {
    .name = "irq",
    .parse = parse_irq,
    .check = check,
    .write = write_irq,
    .permit = permit_irq,
};
