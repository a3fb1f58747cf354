/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces, served by the kernel's netback and attached to the world by a vif script.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/strings.h>

#include "device/device.h"
#include "device/net.h"

void net_name(struct sxp *config)
{
    uint8_t r[3];

    if (sxp_value(config, "mac"))
        return;
    if (getrandom(r, sizeof(r), 0) != sizeof(r))
        abort();
    sxp_add_pairf(config, "mac", "00:16:3e:%02x:%02x:%02x", r[0] & 0x7f, r[1], r[2]);
}

static uint32_t free_number(const struct domain *d)
{
    for (uint32_t n = 0;; n++) {
        if (!device_find((struct domain *)d, net_class.name, n))
            return n;
    }
}

static int parse(struct device *v, struct failure *f)
{
    struct config_vif *vif = xcalloc(1, sizeof(*vif));
    struct config_error e;

    net_name(v->config);
    int rc = config_vif_from_sxp(v->config, vif, &e);

    if (rc) {
        free(vif);
        return fail(f, rc, "%s", e.what);
    }
    v->own = vif;
    if (vif->backend && strcmp(vif->backend, "0") && strcmp(vif->backend, "Domain-0"))
        return fail(f, -ENOTSUP, "vif: backend domains other than 0 are not supported");
    v->devid = free_number(v->d);
    return 0;
}

static char *script(struct device *v, struct strings *env)
{
    const struct config_vif *vif = v->own;

    strings_give(env, xasprintf("vif=vif%u.%u", v->domid, v->devid));
    return script_path(vif->script ? vif->script : v->d->x->config.vif_script);
}

static int check(struct device *v, struct failure *f)
{
    const struct config_vif *vif = v->own;
    char *path = script_path(vif->script ? vif->script : v->d->x->config.vif_script);
    int rc = 0;

    if (access(path, X_OK))
        rc = fail(f, -errno, "vif: script %s: %s", path, strerror(errno));
    free(path);
    path = xasprintf("/sys/class/net/%s/bridge", vif->bridge ? vif->bridge : "");
    if (!rc && vif->bridge && access(path, F_OK))
        rc = fail(f, -ENODEV, "vif: there is no bridge '%s'", vif->bridge);
    free(path);
    return rc;
}

static void write_nodes(struct device *v, struct store_tx *t)
{
    const struct config_vif *vif = v->own;
    struct strings env = { 0 };
    char *path = script(v, &env);

    tx_printf(t, v->backend, "handle", "%u", v->devid);
    tx_write(t, v->backend, "mac", vif->mac);
    tx_write(t, v->backend, "script", path);
    tx_write(t, v->backend, "bridge", vif->bridge);
    tx_write(t, v->backend, "ip", vif->ip);
    tx_write(t, v->backend, "vifname", vif->vifname);
    tx_write(t, v->backend, "type", vif->type);
    if (vif->rate_bytes != CONFIG_UNSET)
        tx_printf(t, v->backend, "rate", "%lld,%lld", (long long)vif->rate_bytes,
                  (long long)vif->rate_usecs);
    tx_printf(t, v->frontend, "handle", "%u", v->devid);
    tx_write(t, v->frontend, "mac", vif->mac);
    strings_free(&env);
    free(path);
}

static void free_own(struct device *v)
{
    if (v->own)
        config_vif_free(v->own);
    free(v->own);
}

const struct device_class net_class = {
    .name = "vif",
    .driver = "xen-netback",
    .script_on = "online",
    .script_off = "offline",
    .parse = parse,
    .check = check,
    .write = write_nodes,
    .script = script,
    .free_own = free_own,
};
