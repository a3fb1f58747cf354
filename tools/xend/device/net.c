/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces, served by the kernel's netback and attached to the world by a vif script.
 */
#include <arpa/inet.h>
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

static int check_script(const struct device *v, const struct config_vif *vif, struct failure *f)
{
    char *path = script_path(vif->script ? vif->script : v->d->x->config.vif_script);
    int rc = 0;

    if (access(path, X_OK))
        rc = fail(f, -errno, "vif: script %s: %s", path, strerror(errno));
    free(path);
    return rc;
}

static bool has_interface(const char *name, const char *part)
{
    char *path = xasprintf("/sys/class/net/%s%s", name, part);
    bool found = !access(path, F_OK);

    free(path);
    return found;
}

/* ADDRESS or ADDRESS/LENGTH, as rules and routes are made of them. */
static bool is_network(const char *text)
{
    struct in6_addr address;
    char copy[64];
    unsigned long long bits = 0;

    snprintf(copy, sizeof(copy), "%s", text);
    char *slash = strchr(copy, '/');

    if (slash)
        *slash++ = '\0';
    bool is_v4 = inet_pton(AF_INET, copy, &address) == 1;

    return (is_v4 || inet_pton(AF_INET6, copy, &address) == 1) &&
           (!slash || parse_number(slash, is_v4 ? 32 : 128, &bits));
}

static int check_ip(const struct config_vif *vif, struct failure *f)
{
    struct strings list = { 0 };
    int rc = 0;

    strings_split(&list, vif->ip ? vif->ip : "", ' ');
    for (size_t i = 0; i < list.count && !rc; i++) {
        if (*list.item[i] && !is_network(list.item[i]))
            rc = fail(f, -EINVAL, "vif: ip '%s' is not an address", list.item[i]);
    }
    strings_free(&list);
    return rc;
}

static bool is_plain_name(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._-")];
}

static int check_names(const struct config_vif *vif, struct failure *f)
{
    if (vif->bridge && (!is_plain_name(vif->bridge) || !has_interface(vif->bridge, "/bridge")))
        return fail(f, -ENODEV, "vif: there is no bridge '%s'", vif->bridge);
    if (vif->vifname && !is_plain_name(vif->vifname))
        return fail(f, -EINVAL, "vif: vifname '%s' cannot be an interface's name", vif->vifname);
    if (vif->vifname && has_interface(vif->vifname, ""))
        return fail(f, -EEXIST, "vif: there is already an interface '%s'", vif->vifname);
    return 0;
}

static int check(struct device *v, struct failure *f)
{
    const struct config_vif *vif = v->own;
    int rc = check_script(v, vif, f);

    if (!rc)
        rc = check_names(vif, f);
    return rc ? rc : check_ip(vif, f);
}

/* The bridge that the script chose becomes part of the configuration, so that it is listed. */
static bool is_ready(struct device *v)
{
    char *bridge = store_get(v->d->x, "%s/bridge", v->backend);
    struct sxp *entry;

    for (size_t i = 0; bridge && !sxp_value(v->config, "bridge") &&
         (entry = sxp_find(v->d->config, "device", i)); i++) {
        if (entry->count > 1 && sxp_equal(entry->item[1], v->config)) {
            sxp_add_pair(entry->item[1], "bridge", bridge);
            break;
        }
    }
    if (bridge && !sxp_value(v->config, "bridge"))
        sxp_add_pair(v->config, "bridge", bridge);
    free(bridge);
    return true;
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

static void free_own(void *own)
{
    config_vif_free(own);
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
    .is_ready = is_ready,
    .free_own = free_own,
};
