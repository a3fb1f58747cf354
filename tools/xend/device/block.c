/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks. Served by the kernel's blkback: phy: a block device, file: a file through a loop device,
 * X: whatever a script block-X provides. Served by QEMU: tap:DRIVER: an image.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/log.h>
#include <base/strings.h>

#include "device/device.h"
#include "device/image.h"
#include "device/qemu.h"
#include "device/sharing.h"

static bool is_scheme(const struct config_disk *disk, const char *scheme)
{
    return !strcmp(disk->scheme, scheme);
}

/* A path in this machine's file system, not something that only a script understands. */
static bool has_path(const struct config_disk *disk)
{
    return disk->device_class != CONFIG_DISK_VBD || is_scheme(disk, "phy") ||
           is_scheme(disk, "file");
}

static int parse(struct device *v, struct failure *f)
{
    struct config_disk *disk = xcalloc(1, sizeof(*disk));
    struct config_error e;
    const char *format;
    int rc = config_disk_from_sxp(v->config, disk, &e);

    v->own = disk;
    if (rc)
        return fail(f, rc, "%s", e.what);
    v->devid = disk->number;
    v->is_by_qemu = disk->device_class != CONFIG_DISK_VBD;
    v->kind = v->is_by_qemu ? "qdisk" : "vbd";
    if (!*disk->uname)
        return fail(f, -ENOTSUP, "disk '%s': a paravirtual domain cannot have an empty drive",
                    disk->dev);
    if (v->is_by_qemu && !image_qemu_driver(disk->driver, &format))
        return fail(f, -ENOTSUP, "disk '%s': driver '%s' is not supported: aio, sync, qcow, qcow2, "
                    "vmdk and vhd are", disk->uname, disk->driver);
    if (disk->backend && strcmp(disk->backend, "0") && strcmp(disk->backend, "Domain-0"))
        return fail(f, -ENOTSUP, "disk '%s': backend domains other than 0 are not supported",
                    disk->uname);
    return 0;
}

/* ---- checks ---- */

static int check_script(const struct config_disk *disk, struct failure *f)
{
    char *name = xasprintf("block-%s", disk->scheme), *path = script_path(name);
    int rc = 0;

    if (access(path, X_OK))
        rc = fail(f, -ENOTSUP, "disk '%s': there is no script %s for disks of type '%s'",
                  disk->uname, path, disk->scheme);
    free(name);
    free(path);
    return rc;
}

/* What QEMU would take for something else, or the guest for noise. */
static int check_image(const struct config_disk *disk, struct failure *f)
{
    const char *wanted = "raw", *format = image_format(disk->path);

    if (disk->device_class != CONFIG_DISK_VBD) {
        image_qemu_driver(disk->driver, &wanted);
        if (!qemu_binary())
            return fail(f, -ENOENT, "disk '%s': QEMU, which serves it, is not installed (Debian: "
                        "qemu-system-xen)", disk->uname);
    }
    if (!format)
        return fail(f, -EIO, "disk '%s': %s cannot be read", disk->uname, disk->path);
    /* A fixed VHD says what it is at its end only. */
    if (!strcmp(format, wanted) || !strcmp(wanted, "vhd"))
        return 0;
    if (strcmp(wanted, "raw"))
        return fail(f, -EINVAL, "disk '%s': %s is not a %s image", disk->uname, disk->path,
                    wanted);
    log_warn("disk '%s': %s is a %s image; the guest sees its raw bytes (tap:%s:%s would show "
             "what is in it)", disk->uname, disk->path, format, format, disk->path);
    return 0;
}

static int check_kind(const struct config_disk *disk, const struct stat *st, struct failure *f)
{
    bool is_file = S_ISREG(st->st_mode), is_device = S_ISBLK(st->st_mode);

    if (is_scheme(disk, "file") && !is_file)
        return fail(f, -EINVAL, "disk '%s': %s is not a file%s", disk->uname, disk->path,
                    is_device ? ": should it be phy:?" : "");
    if (is_scheme(disk, "phy") && !is_device)
        return fail(f, -EINVAL, "disk '%s': %s is not a block device%s", disk->uname, disk->path,
                    is_file ? ": should it be file:?" : "");
    if (!is_file && !is_device)
        return fail(f, -EINVAL, "disk '%s': %s is neither a file nor a block device", disk->uname,
                    disk->path);
    return 0;
}

static int check(struct device *v, struct failure *f)
{
    const struct config_disk *disk = v->own;
    struct stat st;

    if (!has_path(disk))
        return check_script(disk, f);
    if (stat(disk->path, &st))
        return fail(f, -errno, "disk '%s': %s: %s", disk->uname, disk->path, strerror(errno));
    int rc = check_kind(disk, &st, f);

    if (!rc && !is_scheme(disk, "phy"))
        rc = check_image(disk, f);
    return rc ? rc : disk_check_sharing(v, &st, f);
}

/* ---- nodes ---- */

static void write_params(struct device *v, struct store_tx *t)
{
    const struct config_disk *disk = v->own;
    const char *format;

    if (v->is_by_qemu)
        tx_printf(t, v->backend, "params", "%s:%s", image_qemu_driver(disk->driver, &format),
                  disk->path);
    else
        tx_write(t, v->backend, "params", disk->path);
}

static void write_nodes(struct device *v, struct store_tx *t)
{
    const struct config_disk *disk = v->own;
    bool is_extended = v->devid >= 1u << 28, is_cdrom = disk->type == CONFIG_DISK_CDROM;

    tx_write(t, v->backend, "type", v->is_by_qemu ? "qdisk" : disk->scheme);
    write_params(v, t);
    /* QEMU knows r and w alone, and refuses read-only disks that are no drives (QEMU 7.2). */
    tx_write(t, v->backend, "mode", v->is_by_qemu && disk->mode == CONFIG_DISK_WRITE_SHARED
             ? "w" : config_disk_mode_name(disk->mode));
    tx_write(t, v->backend, "dev", disk->dev);
    tx_write(t, v->backend, "device-type",
             is_cdrom || (v->is_by_qemu && disk->mode == CONFIG_DISK_READ) ? "cdrom" : "disk");
    tx_write(t, v->backend, "removable", is_cdrom ? "1" : "0");
    tx_write(t, v->backend, "bootable", v->d->devices.next == &v->link ? "1" : "0");
    tx_printf(t, v->frontend, is_extended ? "virtual-device-ext" : "virtual-device", "%u",
              v->devid);
    tx_write(t, v->frontend, "device-type", is_cdrom ? "cdrom" : "disk");
    tx_write(t, v->frontend, "protocol", disk->protocol ? disk->protocol : "x86_64-abi");
}

int block_raw_path(const struct device *v, const char **path, struct failure *f)
{
    const struct config_disk *disk = v->own;
    const char *format = "raw";

    if (v->is_by_qemu)
        image_qemu_driver(disk->driver, &format);
    if (!has_path(disk) || strcmp(format, "raw"))
        return fail(f, -ENOTSUP, "disk '%s': a boot loader reads files and devices as they are, "
                    "not disks of type '%s'", disk->uname,
                    has_path(disk) ? format : disk->scheme);
    if (access(disk->path, R_OK))
        return fail(f, -errno, errno == ENOENT ? "Disk image does not exist: %s"
                    : "Disk isn't accessible: %s", disk->path);
    *path = disk->path;
    return 0;
}

static char *script(struct device *v, struct strings *env)
{
    (void)v;
    (void)env;
    return script_path("block");
}

static bool is_ready(struct device *v)
{
    (void)v;
    return true;
}

static void free_own(void *own)
{
    config_disk_free(own);
}

const struct device_class block_class = {
    .name = "vbd",
    .driver = "xen-blkback",
    .script_on = "add",
    .script_off = "remove",
    .parse = parse,
    .check = check,
    .write = write_nodes,
    .script = script,
    .is_ready = is_ready,
    .free_own = free_own,
};
