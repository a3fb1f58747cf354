/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual frame buffer with its keyboard and mouse (vkbd), served by QEMU and shown over VNC.
 *
 * What VNC needs is on QEMU's command line, so a frame buffer comes with its domain or not at all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/log.h>

#include "device/device.h"
#include "device/qemu.h"
#include "device/qemu_args.h"

#define VNC_PASSWORD_MAX 8

static int parse_vfb(struct device *v, struct failure *f)
{
    struct config_vfb *vfb = xcalloc(1, sizeof(*vfb));
    struct config_error e;
    int rc = config_vfb_from_sxp(v->config, vfb, &e);

    v->own = vfb;
    v->is_by_qemu = true;
    return rc ? fail(f, rc, "%s", e.what) : 0;
}

static int parse_vkbd(struct device *v, struct failure *f)
{
    (void)f;
    v->is_by_qemu = true;
    return 0;
}

static bool is_address(const char *text)
{
    struct in6_addr address;

    return !strcmp(text, "localhost") || inet_pton(AF_INET, text, &address) == 1 ||
           inet_pton(AF_INET6, text, &address) == 1;
}

static int check_qemu(struct device *v, struct failure *f)
{
    if (!qemu_binary())
        return fail(f, -ENOENT, "vfb: QEMU, which shows it, is not installed (Debian: "
                    "qemu-system-xen)");
    if (v->d->phase == DOMAIN_RUNNING)
        return fail(f, -ENOTSUP, "A running domain cannot be given a %s.", v->class->name);
    return 0;
}

static int check_vfb(struct device *v, struct failure *f)
{
    const struct config_vfb *vfb = v->own;
    const struct config_xend *c = &v->d->x->config;
    const char *listen = qemu_listen(vfb, c);

    if (vfb->sdl == 1)
        return fail(f, -ENOTSUP, "vfb: sdl=1 is not supported: use vnc=1");
    if (!is_address(listen))
        return fail(f, -EINVAL, "vfb: vnclisten '%s' is not an address", listen);
    if (vfb->vnc != 1)
        log_warn("%s: vfb without vnc=1: nobody will see it", v->d->name);
    if (strlen(qemu_password(vfb, c)) > VNC_PASSWORD_MAX)
        log_warn("%s: VNC looks at the first %d letters of a password only", v->d->name,
                 VNC_PASSWORD_MAX);
    return check_qemu(v, f);
}

/* The guest may read its backend's nodes, but not this one. */
static void write_password(struct device *v, struct store_tx *t, const char *password)
{
    struct xs_perm nobody = { 0, XS_PERM_NONE };
    char *path = xasprintf("%s/vncpasswd", v->backend);

    tx_write(t, v->backend, "vncpasswd", password);
    if (!t->rc)
        t->rc = xs_set_perms(t->x->xs, t->id, path, &nobody, 1);
    free(path);
}

static void write_vfb(struct device *v, struct store_tx *t)
{
    const struct config_vfb *vfb = v->own;
    const struct config_xend *c = &v->d->x->config;
    const char *keymap = vfb->keymap ? vfb->keymap : c->keymap;

    tx_write(t, v->backend, "vnc", vfb->vnc == 1 ? "1" : "0");
    tx_write(t, v->backend, "sdl", "0");
    tx_write(t, v->backend, "vncunused", vfb->vncunused == 0 ? "0" : "1");
    tx_write(t, v->backend, "vnclisten", qemu_listen(vfb, c));
    if (vfb->vncdisplay != CONFIG_UNSET)
        tx_printf(t, v->backend, "vncdisplay", "%lld", (long long)vfb->vncdisplay);
    if (vfb->videoram != CONFIG_UNSET)
        tx_printf(t, v->frontend, "videoram", "%lld", (long long)vfb->videoram);
    tx_write(t, v->backend, "keymap", keymap && *keymap ? keymap : NULL);
    if (*qemu_password(vfb, c))
        write_password(v, t, qemu_password(vfb, c));
}

static void write_vkbd(struct device *v, struct store_tx *t)
{
    (void)v;
    (void)t;
}

/* Viewers find the port that was free below the domain's console. */
static bool is_vfb_ready(struct device *v)
{
    const struct config_vfb *vfb = v->own;
    const char *listen = qemu_listen(vfb, &v->d->x->config);
    unsigned int port = vfb->vnc == 1 ? qemu_vnc_port(v->d) : 0;
    char text[16], *location;

    if (vfb->vnc != 1)
        return true;
    if (!port)
        return false;
    snprintf(text, sizeof(text), "%u", port);
    location = xasprintf("%s:%u", listen, port);
    store_set(v->d->x, text, "/local/domain/%u/console/vnc-port", v->domid);
    store_set(v->d->x, listen, "/local/domain/%u/console/vnc-listen", v->domid);
    store_set(v->d->x, location, "%s/location", v->backend);
    log_info("%s: VNC listens on %s", v->d->name, location);
    free(location);
    return true;
}

static bool is_vkbd_ready(struct device *v)
{
    (void)v;
    return true;
}

static void free_own(void *own)
{
    config_vfb_free(own);
}

const struct device_class vfb_class = {
    .name = "vfb",
    .parse = parse_vfb,
    .check = check_vfb,
    .write = write_vfb,
    .is_ready = is_vfb_ready,
    .free_own = free_own,
};

const struct device_class vkbd_class = {
    .name = "vkbd",
    .parse = parse_vkbd,
    .check = check_qemu,
    .write = write_vkbd,
    .is_ready = is_vkbd_ready,
};
