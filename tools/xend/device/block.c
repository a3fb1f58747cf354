/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks, served by the kernel's blkback: phy: a block device, file: a file through a loop device.
 *
 * A disk that somebody else writes to is refused, and one that others use is not given away
 * writable, unless its mode is w!: two kernels on one file system destroy it.
 */
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


#include <base/alloc.h>
#include <base/strings.h>

#include "device/device.h"

static int parse(struct device *v, struct failure *f)
{
    struct config_disk *disk = xcalloc(1, sizeof(*disk));
    struct config_error e;
    int rc = config_disk_from_sxp(v->config, disk, &e);

    if (rc) {
        free(disk);
        return fail(f, rc, "%s", e.what);
    }
    v->own = disk;
    v->devid = disk->number;
    if (disk->device_class != CONFIG_DISK_VBD ||
        (strcmp(disk->scheme, "phy") && strcmp(disk->scheme, "file")))
        return fail(f, -ENOTSUP, "disk '%s': only phy: and file: are supported", disk->uname);
    if (disk->backend && strcmp(disk->backend, "0") && strcmp(disk->backend, "Domain-0"))
        return fail(f, -ENOTSUP, "disk '%s': backend domains other than 0 are not supported",
                    disk->uname);
    return 0;
}

/* ---- who else uses it ---- */

/* A file is told by its device and number, a block device by its own number. */
static bool is_same(const struct stat *a, const struct stat *b)
{
    if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
        return a->st_rdev == b->st_rdev;
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool writes(const struct config_disk *disk)
{
    return disk->mode != CONFIG_DISK_READ;
}

static int check_guests(struct device *v, const struct stat *mine, struct failure *f)
{
    const struct config_disk *disk = v->own;

    for_each_list(l, &v->d->x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        for_each_list(k, &d->devices) {
            struct device *other = list_entry(k, struct device, link);
            const struct config_disk *theirs = other->own;
            struct stat st;

            if (other == v || other->class != &block_class || stat(theirs->path, &st) ||
                !is_same(mine, &st))
                continue;
            if (writes(disk) || theirs->mode == CONFIG_DISK_WRITE)
                return fail(f, -EBUSY, "Device %s is mounted in a guest domain, and so cannot be "
                            "mounted now. (by domain %s as %s)", disk->path, d->name, theirs->dev);
        }
    }
    return 0;
}

/* The block device behind which a mounted file system is. */
static bool is_mounted(const struct stat *mine, bool count_readonly, char *where, size_t size)
{
    FILE *mounts = setmntent("/proc/mounts", "re");
    struct mntent *m;
    bool found = false;

    while (mounts && !found && (m = getmntent(mounts))) {
        struct stat st;

        if (*m->mnt_fsname != '/' || stat(m->mnt_fsname, &st) || !S_ISBLK(st.st_mode) ||
            st.st_rdev != mine->st_rdev)
            continue;
        found = count_readonly || !hasmntopt(m, "ro");
        snprintf(where, size, "%s", m->mnt_dir);
    }
    if (mounts)
        endmntent(mounts);
    return found;
}

/* Mounted through a loop device. */
static int check_loops(const struct config_disk *disk, const struct stat *mine, struct failure *f)
{
    for (unsigned int i = 0; i < 256; i++) {
        char path[80], backing[512] = "", where[256];
        struct stat file, loop;

        snprintf(path, sizeof(path), "/sys/block/loop%u/loop/backing_file", i);
        FILE *in = fopen(path, "re");

        if (!in)
            continue;
        if (fgets(backing, sizeof(backing), in))
            backing[strcspn(backing, "\n")] = '\0';
        fclose(in);
        snprintf(path, sizeof(path), "/dev/loop%u", i);
        if (stat(backing, &file) || !is_same(mine, &file) || stat(path, &loop) ||
            !is_mounted(&loop, writes(disk), where, sizeof(where)))
            continue;
        return fail(f, -EBUSY, "File %s is loopback-mounted through %s, which is mounted in the "
                    "privileged domain, and so cannot be mounted now. (on %s)", disk->path, path,
                    where);
    }
    return 0;
}

static int check(struct device *v, struct failure *f)
{
    const struct config_disk *disk = v->own;
    bool wants_file = !strcmp(disk->scheme, "file");
    char where[256];
    struct stat st;

    if (stat(disk->path, &st))
        return fail(f, -errno, "disk '%s': %s: %s", disk->uname, disk->path, strerror(errno));
    if (wants_file && !S_ISREG(st.st_mode))
        return fail(f, -EINVAL, "disk '%s': %s is not a file: should it be phy:?", disk->uname,
                    disk->path);
    if (!wants_file && !S_ISBLK(st.st_mode))
        return fail(f, -EINVAL, "disk '%s': %s is not a block device: should it be file:?",
                    disk->uname, disk->path);
    if (disk->mode == CONFIG_DISK_WRITE_SHARED)
        return 0;
    int rc = check_guests(v, &st, f);

    if (rc)
        return rc;
    if (wants_file)
        return check_loops(disk, &st, f);
    if (is_mounted(&st, writes(disk), where, sizeof(where)))
        return fail(f, -EBUSY, "Device %s is mounted in the privileged domain, and so cannot be "
                    "mounted now. (on %s)", disk->path, where);
    return 0;
}

/* ---- nodes ---- */

static void write_nodes(struct device *v, struct store_tx *t)
{
    const struct config_disk *disk = v->own;
    bool is_extended = v->devid >= 1u << 28, is_cdrom = disk->type == CONFIG_DISK_CDROM;

    tx_write(t, v->backend, "type", disk->scheme);
    tx_write(t, v->backend, "params", disk->path);
    tx_write(t, v->backend, "mode", config_disk_mode_name(disk->mode));
    tx_write(t, v->backend, "dev", disk->dev);
    tx_write(t, v->backend, "device-type", is_cdrom ? "cdrom" : "disk");
    tx_write(t, v->backend, "removable", is_cdrom ? "1" : "0");
    tx_write(t, v->backend, "bootable", v->d->devices.next == &v->link ? "1" : "0");
    tx_printf(t, v->frontend, is_extended ? "virtual-device-ext" : "virtual-device", "%u",
              v->devid);
    tx_write(t, v->frontend, "device-type", is_cdrom ? "cdrom" : "disk");
    tx_write(t, v->frontend, "protocol", disk->protocol ? disk->protocol : "x86_64-abi");
}

static char *script(struct device *v, struct strings *env)
{
    (void)v;
    (void)env;
    return script_path("block");
}

static void free_own(struct device *v)
{
    if (v->own)
        config_disk_free(v->own);
    free(v->own);
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
    .free_own = free_own,
};
