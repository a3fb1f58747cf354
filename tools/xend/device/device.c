/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's devices as a whole: made of its configuration, connected and removed together.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>

#include "device/device.h"
#include "device/net.h"
#include "device/qemu.h"

/* Devices that are being connected, or removed, together. */
struct device_batch {
    unsigned int left;
    struct domain *d;
    domain_done_fn *done;
    void *arg;
};

static const struct device_class *class_of(const char *name)
{
    static const struct {
        const char *name;
        const struct device_class *class;
    } classes[] = {
        { "vbd", &block_class }, { "tap", &block_class }, { "tap2", &block_class },
        { "vif", &net_class }, { "vfb", &vfb_class }, { "vkbd", &vkbd_class },
        { "ioports", &ioports_class }, { "irq", &irq_class },
    };

    for (size_t i = 0; name && i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (!strcmp(name, classes[i].name))
            return classes[i].class;
    }
    return NULL;
}

static void name_uuid(struct sxp *config)
{
    char uuid[37];

    if (sxp_value(config, "uuid"))
        return;
    domain_random_uuid(uuid);
    sxp_add_pair(config, "uuid", uuid);
}

static void name_default(struct sxp *config, const char *key, const char *value)
{
    if (value && !sxp_value(config, key))
        sxp_add_pair(config, key, value);
}

/* As users of "xm list -l" know a disk. */
static void name_disk(struct sxp *config, bool is_first)
{
    struct sxp *dev = sxp_find(config, "dev", 0);

    if (dev && dev->count == 2 && !sxp_is_list(dev->item[1]) && !strchr(dev->item[1]->atom, ':')) {
        char *text = xasprintf("%s:disk", dev->item[1]->atom);

        sxp_remove(dev, 1);
        sxp_add(dev, sxp_atom(text));
        free(text);
    }
    name_uuid(config);
    name_default(config, "bootable", is_first ? "1" : "0");
    name_default(config, "backend", "0");
}

void device_name(struct xend *x, struct sxp *config, bool is_first)
{
    const struct device_class *class = class_of(sxp_head(config));

    if (class == &block_class)
        name_disk(config, is_first);
    if (class != &net_class)
        return;
    net_name(config);
    name_default(config, "script", x->config.vif_script);
    name_uuid(config);
    name_default(config, "backend", "0");
}

void devices_name(struct xend *x, struct sxp *config)
{
    bool is_first = true;
    struct sxp *entry;

    for (size_t i = 0; (entry = sxp_find(config, "device", i)); i++) {
        if (entry->count < 2 || !sxp_is_list(entry->item[1]))
            continue;
        device_name(x, entry->item[1], is_first);
        is_first &= class_of(sxp_head(entry->item[1])) != &block_class;
    }
}

struct device *device_find(struct domain *d, const char *class, uint32_t devid)
{
    for_each_list(l, &d->devices) {
        struct device *v = list_entry(l, struct device, link);

        if (v->devid == devid && !strcmp(v->class->name, class))
            return v;
    }
    return NULL;
}

struct device *device_new(struct domain *d, const struct sxp *config, struct failure *f)
{
    const char *name = sxp_head(config);
    const struct device_class *class = class_of(name);

    if (!class) {
        fail(f, -ENOTSUP, "devices of class '%s' are not supported", name ? name : "");
        return NULL;
    }
    struct device *v = xcalloc(1, sizeof(*v));

    v->d = d;
    v->class = class;
    v->kind = class->name;
    v->config = sxp_copy(config);
    device_name(d->x, v->config, list_empty(&d->devices));
    v->domid = NO_DOMID;
    list_init(&v->link);
    if (class->parse(v, f)) {
        device_free(v);
        return NULL;
    }
    if (device_find(d, class->name, v->devid)) {
        fail(f, -EEXIST, "Device %u (%s) is already connected.", v->devid, class->name);
        device_free(v);
        return NULL;
    }
    list_add_tail(&d->devices, &v->link);
    return v;
}

void device_free(struct device *v)
{
    list_remove(&v->link);
    store_unwatch(v->d->x, &v->watch);
    loop_cancel(&v->timer);
    script_kill(&v->script);
    if (v->own)     /* a keyboard has nothing */
        v->class->free_own(v->own);
    free(v->own);
    sxp_free(v->config);
    free(v->backend);
    free(v->frontend);
    free(v);
}

void devices_free(struct domain *d)
{
    free(d->batch);
    d->batch = NULL;
    qemu_forget(d);
    for_each_list_safe(l, &d->devices)
        device_free(list_entry(l, struct device, link));
}

int devices_from_config(struct domain *d, struct failure *f)
{
    struct sxp *entry;

    devices_free(d);
    for (size_t i = 0; (entry = sxp_find(d->config, "device", i)); i++) {
        if (entry->count < 2 || !sxp_is_list(entry->item[1]))
            continue;
        if (!device_new(d, entry->item[1], f) && f)
            return f->rc;
    }
    return 0;
}

int devices_check(struct domain *d, struct failure *f)
{
    for_each_list(l, &d->devices) {
        struct device *v = list_entry(l, struct device, link);
        int rc = v->class->check(v, f);

        if (rc)
            return rc;
    }
    return 0;
}

void devices_adopt(struct domain *d)
{
    if (domain_is_alive(d))
        qemu_adopt(d);
    for_each_list_safe(l, &d->devices) {
        struct device *v = list_entry(l, struct device, link);

        if (!domain_is_alive(d))
            continue;
        device_set_paths(v, d->domid);
        if (store_has(d->x, "%s/frontend", v->backend))
            v->phase = DEVICE_CONNECTED;
    }
}

/* ---- all together ---- */

static struct device_batch *new_batch(struct domain *d, domain_done_fn *done, void *arg)
{
    struct device_batch *b = xcalloc(1, sizeof(*b));

    free(d->batch);
    b->d = d;
    b->done = done;
    b->arg = arg;
    b->left = list_count(&d->devices);
    d->batch = b;
    return b;
}

/* The owner may do away with the domain's batch when it is told. */
static void tell(struct device_batch *b, int rc, const struct failure *f)
{
    domain_done_fn *done = b->done;
    void *arg = b->arg;

    b->d->batch = NULL;
    free(b);
    done(arg, rc, f);
}

static void one_connected(void *arg, int rc, const struct failure *f)
{
    struct domain *d = arg;
    struct device_batch *b = d->batch;

    if (!b)
        return;     /* another of them failed before */
    if (rc)
        tell(b, rc, f);
    else if (!--b->left)
        tell(b, 0, NULL);
}

void devices_connect(struct domain *d, domain_done_fn *done, void *arg)
{
    struct device_batch *b = new_batch(d, done, arg);

    if (!b->left) {
        tell(b, 0, NULL);
        return;
    }
    for_each_list_safe(l, &d->devices) {
        device_connect(list_entry(l, struct device, link), one_connected, d);
        if (!d->batch)
            return;
    }
}

static void one_gone(void *arg, int rc, const struct failure *f)
{
    struct domain *d = arg;

    (void)rc;
    (void)f;
    if (d->batch && !--d->batch->left)
        tell(d->batch, 0, NULL);
}

static void disconnect_all(void *arg)
{
    struct domain *d = arg;
    struct device_batch *b = d->batch;

    if (!b)
        return;
    b->left = list_count(&d->devices);
    if (!b->left) {
        tell(b, 0, NULL);
        return;
    }
    for_each_list_safe(l, &d->devices)
        device_disconnect(list_entry(l, struct device, link), true, one_gone, d);
}

/* QEMU first: it holds the guest's pages. */
void devices_disconnect(struct domain *d, domain_done_fn *done, void *arg)
{
    for_each_list(l, &d->devices) {
        struct device *v = list_entry(l, struct device, link);

        /* Those of a start that is given up: it has been told. */
        if (v->done == one_connected)
            v->done = NULL;
    }
    new_batch(d, done, arg);
    qemu_stop(d, disconnect_all, d);
}
