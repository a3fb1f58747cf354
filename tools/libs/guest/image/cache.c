/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacked kernels, kept in a folder: unpacking is nearly all of what building a small domain
 * takes.
 *
 * A file's name is the identity of the packed file (which changes whenever its content may have)
 * and of this boot of the machine, so a crash cannot leave half a kernel under a name that is still
 * good. The folder is for root alone; everything in it may be removed at any time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../private.h"

#define KEPT 4
#define NAME_SIZE 256

static bool read_boot_id(char id[40])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, id, 36);

    if (fd >= 0)
        close(fd);
    id[36] = '\0';
    return n == 36;
}

/* Where the kernel at path would be kept. */
static bool name_of(const char *path, const char *dir, char name[NAME_SIZE])
{
    char boot[40];
    struct stat st;

    if (stat(path, &st) || !S_ISREG(st.st_mode) || !read_boot_id(boot))
        return false;
    int n = snprintf(name, NAME_SIZE, "%s/%llx-%llx-%llx-%llx.%lx-%llx.%lx-%s", dir,
                     (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
                     (unsigned long long)st.st_size, (unsigned long long)st.st_mtim.tv_sec,
                     st.st_mtim.tv_nsec, (unsigned long long)st.st_ctim.tv_sec,
                     st.st_ctim.tv_nsec, boot);

    return n < NAME_SIZE;
}

/* Nobody but us could have put something there. */
static bool is_private(const char *dir)
{
    struct stat st;

    if (mkdir(dir, 0700) && errno != EEXIST)
        return false;
    return !lstat(dir, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           !(st.st_mode & 077);
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= n;
    }
    return true;
}

/* Removes the file that was used least lately, if there are too many. */
static bool remove_oldest(const char *dir)
{
    char oldest[NAME_SIZE] = "";
    struct timespec least = { 0 };
    unsigned int count = 0;
    DIR *d = opendir(dir);

    if (!d)
        return false;
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;

        if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        bool is_older = st.st_mtim.tv_sec < least.tv_sec ||
                        (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec < least.tv_nsec);

        if (!count++ || is_older) {
            least = st.st_mtim;
            snprintf(oldest, sizeof(oldest), "%s", e->d_name);
        }
    }
    bool is_removed = count > KEPT && !unlinkat(dirfd(d), oldest, 0);

    closedir(d);
    return is_removed;
}

static void keep(const struct guest_image *image, const char *dir, const char *name)
{
    char temporary[NAME_SIZE + 8];

    snprintf(temporary, sizeof(temporary), "%s/new-XXXXXX", dir);
    int fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0)
        return;
    bool is_written = write_all(fd, image->data, image->size);

    close(fd);
    if (!is_written || rename(temporary, name))
        unlink(temporary);
    while (remove_oldest(dir))
        ;
}

/* Its time of use, for remove_oldest(). */
static void touch(const char *name)
{
    utimensat(AT_FDCWD, name, NULL, 0);
}

int image_open_cached(const char *path, const char *dir, struct guest_image **image, char *error)
{
    char name[NAME_SIZE], again[NAME_SIZE];

    if (!dir || !is_private(dir) || !name_of(path, dir, name))
        return guest_image_open(path, image, error);
    if (!guest_image_open(name, image, NULL)) {
        touch(name);
        (*image)->info.packing = "cached";
        return 0;
    }
    int rc = guest_image_open(path, image, error);

    /* A file that was replaced meanwhile is not what was read. */
    if (!rc && strcmp((*image)->info.packing, "none") && name_of(path, dir, again) &&
        !strcmp(name, again))
        keep(*image, dir, name);
    return rc;
}
