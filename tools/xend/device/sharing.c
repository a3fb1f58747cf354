/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sharing check. A disk that somebody writes to is nobody else's, and one that others read is
 * given away read-only: two kernels on one file system destroy it. Mode w! is not checked.
 *
 * Guests that another toolstack made are found in the store, ours in our own list, which also
 * knows those that are just being built.
 */
#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <base/alloc.h>

#include "device/sharing.h"

#define BACKENDS "/local/domain/0/backend"
#define MAX_LOOPS 256

bool disk_is_same(const struct stat *a, const struct stat *b)
{
    if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
        return a->st_rdev == b->st_rdev;
    return !S_ISBLK(a->st_mode) && !S_ISBLK(b->st_mode) && a->st_dev == b->st_dev &&
           a->st_ino == b->st_ino;
}

static bool writes(const struct config_disk *disk)
{
    return disk->mode != CONFIG_DISK_READ;
}

static int by_guest(const struct config_disk *disk, const char *whose, const char *as,
                    struct failure *f)
{
    return fail(f, -EBUSY, "Device %s is mounted in a guest domain, and so cannot be mounted now. "
                "(by domain %s as %s)", disk->path, whose, as);
}

/* ---- guests ---- */

static int check_ours(struct device *v, const struct stat *mine, struct failure *f)
{
    const struct config_disk *disk = v->own;

    for_each_list(l, &v->d->x->domains) {
        struct domain *d = list_entry(l, struct domain, link);

        for_each_list(k, &d->devices) {
            struct device *other = list_entry(k, struct device, link);
            const struct config_disk *theirs = other->own;
            struct stat st;

            if (other == v || other->class != &block_class || stat(theirs->path, &st) ||
                !disk_is_same(mine, &st))
                continue;
            if (writes(disk) || theirs->mode == CONFIG_DISK_WRITE)
                return by_guest(disk, d->name, theirs->dev, f);
        }
    }
    return 0;
}

/* What a backend of another toolstack serves: its node "params", without a driver in front. */
static bool serves(struct xend *x, const char *backend, const struct stat *mine)
{
    char *params = store_get(x, "%s/params", backend);
    char *colon = params && *params != '/' ? strchr(params, ':') : NULL;
    struct stat st;
    bool same = params && !stat(colon ? colon + 1 : params, &st) && disk_is_same(mine, &st);

    free(params);
    return same;
}

static int check_backend(struct device *v, const char *backend, const char *domid,
                         const struct stat *mine, struct failure *f)
{
    const struct config_disk *disk = v->own;
    struct domain *d = domain_find_id(v->d->x, strtoul(domid, NULL, 10));
    int rc = 0;

    if ((d && d->phase != DOMAIN_FOREIGN) || !serves(v->d->x, backend, mine))
        return 0;
    char *mode = store_get(v->d->x, "%s/mode", backend);
    char *dev = store_get(v->d->x, "%s/dev", backend);

    if (writes(disk) || (mode && *mode == 'w' && mode[1] != '!'))
        rc = by_guest(disk, d ? d->name : domid, dev ? dev : "?", f);
    free(mode);
    free(dev);
    return rc;
}

static int check_foreign(struct device *v, const struct stat *mine, struct failure *f)
{
    static const char *const kinds[] = { "vbd", "qdisk" };
    struct xs *xs = v->d->x->xs;
    int rc = 0;

    for (size_t i = 0; i < 2; i++) {
        char folder[64], **domids, **devids;
        size_t domid_count, count;

        snprintf(folder, sizeof(folder), BACKENDS "/%s", kinds[i]);
        if (xs_list(xs, XS_NO_TX, folder, &domids, &domid_count))
            continue;
        for (size_t k = 0; k < domid_count; k++) {
            char *path = xasprintf("%s/%s", folder, domids[k]);

            if (!xs_list(xs, XS_NO_TX, path, &devids, &count)) {
                for (size_t n = 0; n < count && !rc; n++) {
                    char *backend = xasprintf("%s/%s", path, devids[n]);

                    rc = check_backend(v, backend, domids[k], mine, f);
                    free(backend);
                }
                free(devids);
            }
            free(path);
        }
        free(domids);
    }
    return rc;
}

/* ---- this machine ---- */

bool disk_is_mounted(const char *table, const struct stat *mine, bool count_readonly, char *where,
                     size_t size)
{
    FILE *mounts = setmntent(table, "re");
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

static int by_host(const struct config_disk *disk, const char *how, struct failure *f)
{
    return fail(f, -EBUSY, "Device %s is mounted in the privileged domain, and so cannot be "
                "mounted now. (%s)", disk->path, how);
}

static int check_swap(const struct config_disk *disk, const struct stat *mine, struct failure *f)
{
    FILE *in = fopen("/proc/swaps", "re");
    char line[512], name[400];
    struct stat st;
    int rc = 0;

    while (in && !rc && fgets(line, sizeof(line), in)) {
        if (sscanf(line, "%399s", name) == 1 && *name == '/' && !stat(name, &st) &&
            disk_is_same(mine, &st))
            rc = by_host(disk, "it is swap space", f);
    }
    if (in)
        fclose(in);
    return rc;
}

static int check_mounts(const struct config_disk *disk, const struct stat *mine, const char *what,
                        struct failure *f)
{
    char where[256], how[400];

    if (!disk_is_mounted("/proc/mounts", mine, writes(disk), where, sizeof(where)))
        return 0;
    snprintf(how, sizeof(how), "%s%son %s", what, *what ? " " : "", where);
    return by_host(disk, how, f);
}

/* A whole disk is also used by whoever mounted one of its partitions. */
static int check_partitions(const struct config_disk *disk, const struct stat *mine,
                            struct failure *f)
{
    char *path = xasprintf("/sys/dev/block/%u:%u", major(mine->st_rdev), minor(mine->st_rdev));
    DIR *dir = opendir(path);
    struct dirent *entry;
    int rc = 0;

    while (dir && !rc && (entry = readdir(dir))) {
        char *number = xasprintf("%s/%s/partition", path, entry->d_name);
        char *device = xasprintf("/dev/%s", entry->d_name);
        struct stat st;

        if (*entry->d_name != '.' && !stat(number, &st) && !stat(device, &st) &&
            S_ISBLK(st.st_mode))
            rc = check_mounts(disk, &st, device, f);
        free(number);
        free(device);
    }
    if (dir)
        closedir(dir);
    free(path);
    return rc;
}

/* Logical volumes and RAIDs that are made of it. */
static int check_holders(const struct config_disk *disk, const struct stat *mine,
                         struct failure *f)
{
    char *path = xasprintf("/sys/dev/block/%u:%u/holders", major(mine->st_rdev),
                           minor(mine->st_rdev));
    DIR *dir = opendir(path);
    struct dirent *entry;
    char how[300];
    int rc = 0;

    while (dir && !rc && writes(disk) && (entry = readdir(dir))) {
        if (*entry->d_name == '.')
            continue;
        snprintf(how, sizeof(how), "it is a part of %s", entry->d_name);
        rc = by_host(disk, how, f);
    }
    if (dir)
        closedir(dir);
    free(path);
    return rc;
}

/* The file behind a loop device: false if it has none. */
static bool backing_file(unsigned int number, struct stat *st)
{
    char path[80], name[512] = "";

    snprintf(path, sizeof(path), "/sys/block/loop%u/loop/backing_file", number);
    FILE *in = fopen(path, "re");

    if (!in)
        return false;
    if (fgets(name, sizeof(name), in))
        name[strcspn(name, "\n")] = '\0';
    fclose(in);
    return !stat(name, st);
}

static int check_loops(const struct config_disk *disk, const struct stat *mine, struct failure *f)
{
    for (unsigned int i = 0; i < MAX_LOOPS; i++) {
        char path[40], where[256];
        struct stat file, loop;

        snprintf(path, sizeof(path), "/dev/loop%u", i);
        if (!backing_file(i, &file) || !disk_is_same(mine, &file) || stat(path, &loop) ||
            !disk_is_mounted("/proc/mounts", &loop, writes(disk), where, sizeof(where)))
            continue;
        return fail(f, -EBUSY, "File %s is loopback-mounted through %s, which is mounted in the "
                    "privileged domain, and so cannot be mounted now. (on %s)", disk->path, path,
                    where);
    }
    return 0;
}

int disk_check_sharing(struct device *v, const struct stat *mine, struct failure *f)
{
    const struct config_disk *disk = v->own;

    if (disk->mode == CONFIG_DISK_WRITE_SHARED)
        return 0;
    int rc = check_ours(v, mine, f);

    if (!rc)
        rc = check_foreign(v, mine, f);
    if (!rc)
        rc = check_swap(disk, mine, f);
    if (rc)
        return rc;
    if (!S_ISBLK(mine->st_mode))
        return check_loops(disk, mine, f);
    rc = check_mounts(disk, mine, "", f);
    if (!rc)
        rc = check_partitions(disk, mine, f);
    return rc ? rc : check_holders(disk, mine, f);
}
