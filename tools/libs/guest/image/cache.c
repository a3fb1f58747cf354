/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacked kernels, kept in a folder: unpacking is nearly all of what building a small domain
 * takes. In the folder, which is root's alone, and of which all may be removed at any time:
 *
 *     DIGEST          what the packed file of this content unpacks to, on the disk for good
 *     DIGEST.BOOT     the same, written in this boot of the machine: after a crash it may be half
 *     DIGEST.from     a link to the file, if it was unpacked ahead: without it the rest goes
 *     new-XXXXXX      being written, and locked for as long
 *     lock            who unpacks holds the byte that the digest says
 *
 * The name is made of the very bytes that are unpacked, so a changed file is another one. Locks
 * only save work: without them two would unpack the same, and one of the results would stay.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../private.h"

#define IMAGES_KEPT 4
#define BOOT_TEXT 37
#define NAME_SIZE (DIGEST_TEXT + BOOT_TEXT)
#define PATIENCE_MS 30000       /* for somebody who unpacks; then we do it, too */
#define STEP_MS 5

struct place {
    const char *path;           /* the folder, */
    int dir;                    /* open, */
    int lock;                   /* and its lock, or -1 */
    char boot[BOOT_TEXT];
    char kept[DIGEST_TEXT];
    char fresh[NAME_SIZE];
};

/* ---- the folder ---- */

static bool read_boot_id(char id[BOOT_TEXT])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, id, BOOT_TEXT - 1);

    if (fd >= 0)
        close(fd);
    id[BOOT_TEXT - 1] = '\0';
    return n == BOOT_TEXT - 1;
}

/* Nobody but us could have put something there. */
static bool place_open(struct place *p, const char *path)
{
    struct stat st;

    *p = (struct place){ .path = path, .lock = -1 };
    if (!read_boot_id(p->boot) || (mkdir(path, 0700) && errno != EEXIST))
        return false;
    p->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->dir < 0)
        return false;
    if (!fstat(p->dir, &st) && st.st_uid == geteuid() && !(st.st_mode & 077))
        return true;
    close(p->dir);
    return false;
}

static void place_name(struct place *p, const struct guest_image *packed)
{
    digest_of(packed->data, packed->size, p->kept);
    snprintf(p->fresh, sizeof(p->fresh), "%s.%s", p->kept, p->boot);
}

static void place_close(struct place *p)
{
    if (p->lock >= 0)
        close(p->lock);
    close(p->dir);
}

static DIR *open_listing(const struct place *p)
{
    int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d && fd >= 0)
        close(fd);
    return d;
}

/* ---- one at a time ---- */

/* Whom somebody waits for goes on as everybody does, also if it meant to leave others first. */
static void hurry(pid_t pid)
{
    const struct sched_param usual = { 0 };

    if (pid > 0 && sched_getscheduler(pid) == SCHED_IDLE)
        sched_setscheduler(pid, SCHED_OTHER, &usual);
}

static void take_turn(struct place *p)
{
    char high[16] = "";
    struct flock turn = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

    p->lock = openat(p->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    memcpy(high, p->kept, sizeof(high) - 1);
    turn.l_start = strtoull(high, NULL, 16);
    for (int ms = 0; ms < PATIENCE_MS && p->lock >= 0; ms += STEP_MS) {
        struct flock holder = turn;

        if (!fcntl(p->lock, F_SETLK, &turn) || (errno != EAGAIN && errno != EACCES))
            return;
        if (!fcntl(p->lock, F_GETLK, &holder) && holder.l_type != F_UNLCK)
            hurry(holder.l_pid);
        usleep(STEP_MS * 1000);
    }
}

static void end_turn(struct place *p)
{
    if (p->lock >= 0)
        close(p->lock);
    p->lock = -1;
}

/* ---- what goes ---- */

enum kind { IMAGE, ORIGIN, BEING_WRITTEN, LOCK, LITTER };

static enum kind kind_of(const struct place *p, const char *name)
{
    if (!strcmp(name, "lock"))
        return LOCK;
    if (!strncmp(name, "new-", 4))
        return BEING_WRITTEN;
    if (strspn(name, "0123456789abcdef") != DIGEST_TEXT - 1)
        return LITTER;
    const char *rest = name + DIGEST_TEXT - 1;

    if (!*rest || (*rest == '.' && !strcmp(rest + 1, p->boot)))
        return IMAGE;
    return strcmp(rest, ".from") ? LITTER : ORIGIN;
}

static bool is_being_written(const struct place *p, const char *name)
{
    int fd = openat(p->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool is_locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB);

    if (fd >= 0)
        close(fd);
    return is_locked;
}

/* The file is gone that this was unpacked from, or what was unpacked from it. */
static bool is_orphan(const struct place *p, const char *origin)
{
    char kept[DIGEST_TEXT] = "";
    struct stat st;

    memcpy(kept, origin, DIGEST_TEXT - 1);
    if (fstatat(p->dir, kept, &st, AT_SYMLINK_NOFOLLOW))
        return true;
    if (!fstatat(p->dir, origin, &st, 0) || errno != ENOENT)
        return false;
    unlinkat(p->dir, kept, 0);
    return true;
}

static bool is_useless(const struct place *p, const char *name)
{
    switch (kind_of(p, name)) {
    case LITTER:
        return true;
    case BEING_WRITTEN:
        return !is_being_written(p, name);
    case ORIGIN:
        return is_orphan(p, name);
    default:
        return false;
    }
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Removes what is of no use, and the image that was used least lately if there are too many. */
static bool remove_some(const struct place *p)
{
    char oldest[NAME_MAX + 1] = "";
    struct timespec least = { 0 };
    unsigned int count = 0;
    DIR *d = open_listing(p);

    if (!d)
        return false;
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (is_useless(p, e->d_name)) {
            unlinkat(p->dir, e->d_name, 0);
            continue;
        }
        if (kind_of(p, e->d_name) != IMAGE ||
            fstatat(p->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        if (!count++ || is_before(&st.st_mtim, &least)) {
            least = st.st_mtim;
            snprintf(oldest, sizeof(oldest), "%s", e->d_name);
        }
    }
    closedir(d);
    return count > IMAGES_KEPT && !unlinkat(p->dir, oldest, 0);
}

static void tidy(const struct place *p)
{
    while (remove_some(p))
        ;
}

/* ---- what comes ---- */

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

/* As much again stays free for others. A file system in memory may know no bounds. */
static bool has_room(int fd, size_t size)
{
    struct statvfs fs;

    if (fstatvfs(fd, &fs))
        return false;
    return !fs.f_blocks || (unsigned long long)fs.f_bavail * fs.f_frsize / 2 >= size;
}

static bool keep(const struct place *p, const struct guest_image *image)
{
    char temporary[PATH_MAX];

    if (!has_room(p->dir, image->size) ||
        snprintf(temporary, PATH_MAX, "%s/new-XXXXXX", p->path) >= PATH_MAX)
        return false;
    int fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0)
        return false;
    bool is_kept = !flock(fd, LOCK_EX | LOCK_NB) && write_all(fd, image->data, image->size) &&
                   !renameat(AT_FDCWD, temporary, p->dir, p->fresh);

    close(fd);
    if (!is_kept)
        unlink(temporary);
    tidy(p);
    return is_kept;
}

/* ---- opening ---- */

static int open_entry(const struct place *p, const char *name, struct guest_image **image)
{
    int rc = image_open_unpacked(p->dir, name, image);

    if (rc == -ENOEXEC || rc == -EINVAL)
        unlinkat(p->dir, name, 0);
    if (rc)
        return rc;
    utimensat(p->dir, name, NULL, 0);   /* its time of use, for tidy() */
    (*image)->info.packing = "cached";
    return 0;
}

static bool find(const struct place *p, struct guest_image **image)
{
    return !open_entry(p, p->kept, image) || !open_entry(p, p->fresh, image);
}

/* Takes over packed. */
static int open_at(struct place *p, struct guest_image *packed, const char *path,
                   struct guest_image **image, char *error)
{
    bool is_found = find(p, image);

    if (!is_found) {
        take_turn(p);
        is_found = find(p, image);
    }
    if (is_found) {
        guest_image_close(packed);
        return 0;
    }
    int rc = image_finish(packed, path, image, error);

    if (!rc && strcmp((*image)->info.packing, "none"))
        keep(p, *image);
    return rc;
}

static bool is_elf(const struct guest_image *image)
{
    return image->size >= 4 && !memcmp(image->data, "\177ELF", 4);
}

int image_open_cached(const char *path, const char *dir, struct guest_image **image, char *error)
{
    struct guest_image *packed;
    struct place p;
    int rc = image_read(path, &packed, error);

    if (rc)
        return rc;
    if (!dir || is_elf(packed) || !place_open(&p, dir))
        return image_finish(packed, path, image, error);
    place_name(&p, packed);
    rc = open_at(&p, packed, path, image, error);
    place_close(&p);
    return rc;
}

/* ---- ahead of use ---- */

/* For tidy(), when the file is removed. */
static void note_origin(const struct place *p, const char *path)
{
    char name[NAME_SIZE];

    snprintf(name, sizeof(name), "%s.from", p->kept);
    unlinkat(p->dir, name, 0);
    symlinkat(path, p->dir, name);
}

static bool is_from(const struct place *p, const char *origin, const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(p->dir, origin, target, sizeof(target));

    return n == (ssize_t)strlen(path) && !memcmp(target, path, n);
}

/* What the file unpacked to before it was replaced. */
static void forget_former(const struct place *p, const char *path)
{
    DIR *d = open_listing(p);

    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        if (kind_of(p, e->d_name) != ORIGIN || !strncmp(e->d_name, p->kept, DIGEST_TEXT - 1) ||
            !is_from(p, e->d_name, path))
            continue;
        unlinkat(p->dir, e->d_name, 0);
        e->d_name[DIGEST_TEXT - 1] = '\0';
        unlinkat(p->dir, e->d_name, 0);
    }
    closedir(d);
}

/* From now on it is whole after a crash, too. */
static int settle(const struct place *p)
{
    int fd = openat(p->dir, p->fresh, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? -ENOSPC : -errno;      /* keep() found no room */
    int rc = fdatasync(fd) || renameat(p->dir, p->fresh, p->dir, p->kept) ? -errno : 0;

    close(fd);
    return rc;
}

static int fill(struct place *p, struct guest_image *packed, const char *kernel, char *error)
{
    struct guest_image *image;
    struct stat st;

    if (!fstatat(p->dir, p->kept, &st, AT_SYMLINK_NOFOLLOW)) {
        guest_image_close(packed);
        return 0;
    }
    int rc = open_at(p, packed, kernel, &image, error);

    if (rc)
        return rc;
    bool is_packed = strcmp(image->info.packing, "none");

    guest_image_close(image);
    if (!is_packed)
        return 0;
    end_turn(p);
    rc = settle(p);
    if (rc)
        return guest_fail(error, rc, "%s: cannot be kept unpacked: %s", kernel, strerror(-rc));
    char *path = realpath(kernel, NULL);

    if (path) {
        note_origin(p, path);
        forget_former(p, path);
    }
    free(path);
    return 1;
}

int guest_cache_fill(const char *dir, const char *kernel, char *error)
{
    struct guest_image *packed;
    struct place p;
    int rc = image_read(kernel, &packed, error);

    if (rc)
        return rc;
    if (is_elf(packed)) {
        guest_image_close(packed);
        return 0;
    }
    if (!place_open(&p, dir)) {
        guest_image_close(packed);
        return guest_fail(error, -EPERM, "%s: not a folder for us alone", dir);
    }
    place_name(&p, packed);
    rc = fill(&p, packed, kernel, error);
    place_close(&p);
    return rc;
}

void guest_cache_tidy(const char *dir)
{
    struct place p;

    if (!place_open(&p, dir))
        return;
    tidy(&p);
    place_close(&p);
}
