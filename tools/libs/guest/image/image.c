/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a file to an ELF kernel: unpacked, taken out of a bzImage, its notes read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../private.h"

/* A Linux boot image's header, by Documentation/x86/boot.rst. */
enum {
    SETUP_SECTORS = 0x1f1,
    BOOT_FLAG = 0x1fe,
    MAGIC = 0x202,
    PROTOCOL = 0x206,
    PAYLOAD_OFFSET = 0x248,
    PAYLOAD_LENGTH = 0x24c,
    HEADER_END = 0x264,
    SECTOR = 512,
};

/* Finds the packed kernel: 1 if there is one, 0 if this is no boot image, or negative. */
static int find_payload(const uint8_t *p, size_t size, const uint8_t **payload, size_t *length,
                        char *error)
{
    if (size < HEADER_END || p[BOOT_FLAG] != 0x55 || p[BOOT_FLAG + 1] != 0xaa ||
        memcmp(p + MAGIC, "HdrS", 4))
        return 0;
    unsigned int protocol = read_le(p + PROTOCOL, 2);

    if (protocol < 0x208)
        return guest_fail(error, -ENOEXEC, "a boot image of protocol %u.%02u: kernels older than "
                          "2.08 cannot be unpacked here", protocol >> 8, protocol & 255);
    uint64_t sectors = p[SETUP_SECTORS] ? p[SETUP_SECTORS] : 4;
    uint64_t offset = (sectors + 1) * SECTOR + read_le(p + PAYLOAD_OFFSET, 4);

    *length = read_le(p + PAYLOAD_LENGTH, 4);
    if (!*length || offset > size || *length > size - offset)
        return guest_fail(error, -EINVAL,
                          "a damaged or cut boot image (its payload is not inside)");
    *payload = p + offset;
    return 1;
}

/* What is packed is replaced by what was in it. */
static int unpack(struct guest_image *image, const void *data, size_t size, char *error)
{
    const char *packing = "none";
    void *out = NULL;
    size_t out_size = 0;
    int rc = guest_unpack(data, size, IMAGE_LIMIT, &out, &out_size, &packing);

    if (rc == -EFBIG)
        return guest_fail(error, rc, "unpacks to more than %u MiB", IMAGE_LIMIT >> 20);
    if (rc == -EINVAL)
        return guest_fail(error, rc, "its %s data is damaged", packing);
    if (rc)
        return rc;
    free(image->data);
    image->data = out;
    image->size = out_size;
    image->info.packing = packing;
    return 0;
}

static int unpack_boot_image(struct guest_image *image, char *error)
{
    const uint8_t *payload = NULL;
    size_t length = 0;
    int rc = find_payload(image->data, image->size, &payload, &length, error);

    if (rc <= 0)
        return rc;
    image->info.is_bzimage = true;
    rc = unpack(image, payload, length, error);
    if (rc != -ENOEXEC)
        return rc;
    if (length < 4 || memcmp(payload, "\177ELF", 4))
        return guest_fail(error, rc, "a boot image packed in a way not known here (gzip, xz, lzma, "
                          "zstd and lz4 are)");
    memmove(image->data, payload, length);
    image->size = length;
    return 0;
}

static int open_elf(struct guest_image *image, char *error)
{
    int rc = elf_open(image);

    if (rc == -ENOEXEC)
        return guest_fail(error, rc, "not a kernel: neither a bzImage nor an x86 ELF program");
    if (rc)
        return guest_fail(error, rc, "its ELF headers are damaged, or the file is cut");
    rc = notes_read(image);
    if (rc == -EINVAL)
        return guest_fail(error, rc, "its Xen ELF notes are damaged");
    return rc == -ENOENT ? 0 : rc;
}

/* image->data is what the file had. */
static int open_bytes(struct guest_image *image, char *error)
{
    image->info.packing = "none";
    int rc = unpack(image, image->data, image->size, error);

    if (rc && rc != -ENOEXEC)
        return rc;
    rc = unpack_boot_image(image, error);
    return rc ? rc : open_elf(image, error);
}

static int finish_open(struct guest_image *image, struct guest_image **out, char *error)
{
    int rc;

    guest_fail(error, 0, "out of memory");      /* the one failure that does not say itself */
    rc = open_bytes(image, error);
    if (rc)
        guest_image_close(image);
    else
        *out = image;
    return rc;
}

int guest_image_parse(const void *data, size_t size, struct guest_image **out, char *error)
{
    struct guest_image *image = calloc(1, sizeof(*image));
    void *copy = malloc(size ? size : 1);

    if (!image || !copy) {
        free(image);
        free(copy);
        return guest_fail(error, -ENOMEM, "out of memory");
    }
    memcpy(copy, data, size);
    image->data = copy;
    image->size = size;
    return finish_open(image, out, error);
}

int image_read(const char *path, struct guest_image **out, char *error)
{
    struct guest_image *image = calloc(1, sizeof(*image));
    int rc = image ? file_read(path, IMAGE_LIMIT, &image->data, &image->size) : -ENOMEM;

    if (rc) {
        free(image);
        return guest_fail(error, rc, "%s: %s", path, strerror(-rc));
    }
    *out = image;
    return 0;
}

int image_finish(struct guest_image *image, const char *path, struct guest_image **out,
                 char *error)
{
    char inner[GUEST_ERROR_SIZE] = "out of memory";
    int rc = finish_open(image, out, inner);

    return rc ? guest_fail(error, rc, "%s: %s", path, inner) : 0;
}

int guest_image_open(const char *path, struct guest_image **out, char *error)
{
    struct guest_image *image;
    int rc = image_read(path, &image, error);

    return rc ? rc : image_finish(image, path, out, error);
}

int image_open_unpacked(int dir, const char *name, struct guest_image **out)
{
    struct guest_image *image = calloc(1, sizeof(*image));
    int fd = image ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    int rc = !image ? -ENOMEM : fd < 0 ? -errno : 0;

    if (!rc) {
        image->data = file_map(fd, &image->size);
        image->is_mapped = image->data;
        if (!image->data)
            rc = file_read_open(fd, IMAGE_LIMIT, &image->data, &image->size);
    }
    if (fd >= 0)
        close(fd);
    if (!rc)
        rc = open_elf(image, NULL);
    if (rc)
        guest_image_close(image);
    else
        *out = image;
    return rc;
}

void guest_image_close(struct guest_image *image)
{
    if (!image)
        return;
    if (image->is_mapped)
        munmap(image->data, image->size);
    else
        free(image->data);
    free(image);
}

const struct guest_image_info *guest_image_info(const struct guest_image *image)
{
    return &image->info;
}
