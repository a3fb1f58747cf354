/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files as a whole. They are read, not mapped: a file that shrinks meanwhile is then just short.
 * Only what nobody else can change is mapped, and brought into memory before it is looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../private.h"

static int read_all(int fd, char *data, size_t *size)
{
    size_t done = 0;

    while (done < *size) {
        ssize_t n = read(fd, data + done, *size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (!n)
            break;
        done += n;
    }
    *size = done;
    return 0;
}

int file_read_open(int fd, size_t limit, void **data, size_t *size)
{
    struct stat st;

    if (fstat(fd, &st))
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if ((uint64_t)st.st_size > limit)
        return -EFBIG;
    char *bytes = malloc(st.st_size ? st.st_size : 1);

    if (!bytes)
        return -ENOMEM;
    *size = st.st_size;
    int rc = read_all(fd, bytes, size);

    if (rc)
        free(bytes);
    else
        *data = bytes;
    return rc;
}

int file_read(const char *path, size_t limit, void **data, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int rc = file_read_open(fd, limit, data, size);

    close(fd);
    return rc;
}

void *file_map(int fd, size_t *size)
{
    struct stat st;

    if (fstat(fd, &st) || !st.st_size)
        return NULL;
    void *data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (data == MAP_FAILED)
        return NULL;
    *size = st.st_size;
    if (!madvise(data, *size, MADV_POPULATE_READ))
        return data;
    munmap(data, *size);
    return NULL;
}
