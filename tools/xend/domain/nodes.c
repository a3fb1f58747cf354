/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's nodes in the store: /local/domain/N, which it may read, and /vm/UUID, which is ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/buffer.h>
#include <base/log.h>
#include <guest/guest.h>

#include "domain/domain.h"
#include "store.h"

struct request {
    struct domain *d;
    const struct config_domain *c;
    const struct guest_pv_result *built;
};

/* What a guest's kernel and agents write to. */
static const char *const guests_own[] = {
    "control/shutdown", "control/sysrq", "control/feature-poweroff", "control/feature-reboot",
    "control/feature-suspend", "control/feature-sysrq", "control/feature-balloon",
    "device/suspend/event-channel", "data", "error", "attr",
};

static void write_home(struct store_tx *t, struct domain *d, const struct config_domain *c)
{
    char home[64], name[48], vm[64];

    snprintf(home, sizeof(home), "/local/domain/%u", d->domid);
    snprintf(vm, sizeof(vm), "/vm/%s", d->uuid);
    /* Nothing of a former domain with this number may remain. */
    xs_remove(t->x->xs, t->id, home);
    tx_dir(t, 0, d->domid, "%s", home);
    tx_dir(t, 0, d->domid, "%s/device", home);
    for (size_t i = 0; i < sizeof(guests_own) / sizeof(guests_own[0]); i++)
        tx_dir(t, d->domid, NO_DOMID, "%s/%s", home, guests_own[i]);
    tx_write(t, home, "vm", vm);
    tx_write(t, home, "name", d->name);
    tx_printf(t, home, "domid", "%u", d->domid);
    if (c->description)
        tx_write(t, home, "description", c->description);
    tx_printf(t, home, "memory/target", "%lld", (long long)c->memory << 10);
    tx_printf(t, home, "memory/static-max", "%lld", (long long)c->maxmem << 10);
    tx_write(t, home, "control/platform-feature-multiprocessor-suspend", "1");
    tx_write(t, home, "control/platform-feature-xs_reset_watches", "1");
    for (unsigned int i = 0; i < c->vcpus; i++) {
        snprintf(name, sizeof(name), "cpu/%u/availability", i);
        tx_write(t, home, name, settings_vcpu_is_online(c, i) ? "online" : "offline");
    }
}

static void write_vm(struct store_tx *t, struct domain *d, const struct config_domain *c)
{
    char vm[64];
    const struct sxp *image = sxp_find(d->config, "image", 0);
    struct buffer text = { 0 };

    snprintf(vm, sizeof(vm), "/vm/%s", d->uuid);
    tx_dir(t, 0, d->domid, "%s", vm);
    tx_write(t, vm, "uuid", d->uuid);
    tx_write(t, vm, "name", d->name);
    tx_printf(t, vm, "memory", "%lld", (long long)c->memory);
    tx_printf(t, vm, "maxmem", "%lld", (long long)c->maxmem);
    tx_printf(t, vm, "vcpus", "%lld", (long long)c->vcpus);
    tx_printf(t, vm, "start_time", "%.2f", d->start_time);
    tx_write(t, vm, "bootloader", c->bootloader);
    tx_write(t, vm, "bootloader_args", c->bootargs);
    tx_write(t, vm, "pool_name", c->pool);
    if (c->rtc_timeoffset != CONFIG_UNSET)
        tx_printf(t, vm, "rtc/timeoffset", "%lld", (long long)c->rtc_timeoffset);
    tx_write(t, vm, "on_poweroff", c->on_poweroff);
    tx_write(t, vm, "on_reboot", c->on_reboot);
    tx_write(t, vm, "on_crash", c->on_crash);
    if (image)
        sxp_print(&text, image);
    tx_write(t, vm, "image", buffer_string(&text));
    buffer_free(&text);
    tx_write(t, vm, "image/ostype", c->builder);
    tx_write(t, vm, "image/kernel", c->kernel);
    tx_write(t, vm, "image/ramdisk", c->ramdisk);
    tx_write(t, vm, "image/cmdline", c->extra);
}

static void write_all(struct store_tx *t, void *arg)
{
    struct request *r = arg;

    write_home(t, r->d, r->c);
    write_vm(t, r->d, r->c);
}

int nodes_write(struct domain *d, const struct config_domain *c)
{
    struct request r = { .d = d, .c = c };

    return store_transaction(d->x, write_all, &r);
}

static void write_console(struct store_tx *t, void *arg)
{
    struct request *r = arg;
    struct domain *d = r->d;
    char console[64], store[64];

    snprintf(console, sizeof(console), "/local/domain/%u/console", d->domid);
    snprintf(store, sizeof(store), "/local/domain/%u/store", d->domid);
    tx_printf(t, store, "ring-ref", "%llu", (unsigned long long)r->built->store_gfn);
    tx_printf(t, store, "port", "%u", r->built->store_port);
    tx_dir(t, 0, d->domid, "%s", console);
    tx_write(t, console, "type", "xenconsoled");
    tx_write(t, console, "output", "pty");
    tx_printf(t, console, "limit", "%lld", (long long)d->x->config.console_limit << 10);
    tx_write(t, console, "tty", "");
    tx_printf(t, console, "ring-ref", "%llu", (unsigned long long)r->built->console_gfn);
    tx_printf(t, console, "port", "%u", r->built->console_port);
}

int nodes_write_console(struct domain *d, const struct guest_pv_result *built)
{
    struct request r = { .d = d, .built = built };

    return store_transaction(d->x, write_console, &r);
}

void nodes_remove(struct domain *d)
{
    char *vm = domain_is_alive(d) ? store_get(d->x, "/local/domain/%u/vm", d->domid) : NULL;

    /* The number may be another's by now. */
    if (vm && strlen(vm) > 4 && !strcmp(vm + 4, d->uuid))
        store_drop(d->x, "/local/domain/%u", d->domid);
    free(vm);
    store_drop(d->x, "/vm/%s", d->uuid);
}

void nodes_write_dom0(struct xend *x)
{
    if (!store_has(x, "/local/domain/0/domid"))
        store_set(x, "0", "/local/domain/0/domid");
    if (!store_has(x, "/local/domain/0/name"))
        store_set(x, "Domain-0", "/local/domain/0/name");
}
