/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libguest's files share: error texts, and the inside of an image.
 */
#ifndef GUEST_PRIVATE_H
#define GUEST_PRIVATE_H

#include "guest.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ull

static inline uint64_t pages_of(uint64_t bytes)
{
    return (bytes >> PAGE_SHIFT) + !!(bytes & (PAGE_SIZE - 1));
}

static inline uint64_t round_up(uint64_t n, uint64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Writes the text, if wanted, and returns rc. */
int guest_fail(char *error, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- image/ ---- */

struct guest_image {
    void *data;                     /* the ELF file's bytes, from malloc or mapped */
    size_t size;
    bool is_mapped;                 /* then they can only be read */
    uint64_t program_headers;       /* offset; all of them are inside the file */
    unsigned int program_count;
    unsigned int program_size;
    uint64_t section_headers;       /* count is 0 where they are missing or damaged */
    unsigned int section_count;
    unsigned int section_size;
    unsigned int section_names;
    struct guest_image_info info;
};

struct image_segment {
    uint32_t type;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t file_size;
    uint64_t memory_size;
};

struct image_section {
    const char *name;               /* "" where it cannot be read */
    uint32_t type;
    uint64_t offset;
    uint64_t size;
};

#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4
#define SECTION_NOTE 7

/* Little-endian, at any alignment. */
static inline uint64_t read_le(const uint8_t *p, unsigned int bytes)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < bytes; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

/* What is larger is no kernel, whatever its headers say. */
#define IMAGE_LIMIT (512u << 20)

/* The whole of a file, from malloc. -EFBIG: larger than limit. */
int file_read(const char *path, size_t limit, void **data, size_t *size);

int file_read_open(int fd, size_t limit, void **data, size_t *size);
/* An open file's bytes, to be read, all in memory; or NULL. */
void *file_map(int fd, size_t *size);

/* Headers of image->data; -ENOEXEC: no x86 ELF program; -EINVAL: a damaged one. */
int elf_open(struct guest_image *image);
void elf_segment(const struct guest_image *image, unsigned int i, struct image_segment *segment);
/* False if its bytes are not all in the file. */
bool elf_section(const struct guest_image *image, unsigned int i, struct image_section *section);
/* Fills the info's notes. -ENOENT: there are none for Xen. -EINVAL: one is damaged. */
int notes_read(struct guest_image *image);

static inline bool has_note(const struct guest_image_info *info, unsigned int note)
{
    return info->present >> note & 1;
}

/* A kernel's file as it is, to be finished (which reads it in place) or closed. */
int image_read(const char *path, struct guest_image **image, char *error);
/* An ELF file as it is, by file_map() if that can be. */
int image_open_unpacked(int dir, const char *name, struct guest_image **image);
/* As guest_image_open() ends: *out is image, or image is closed. path is for the error text. */
int image_finish(struct guest_image *image, const char *path, struct guest_image **out,
                 char *error);

/*
 * An xz stream with the unpacked size in its last four bytes. Fails where guest_unpack() might not:
 * then that is to be asked.
 */
int xz_unpack_sized(const uint8_t *data, size_t size, size_t limit, void **out, size_t *out_size);

struct crc32_table;
/* crc32_bytes() of xen/lib, faster for much data. */
uint32_t crc32_quickly(const struct crc32_table *table, const void *data, size_t len);

#define DIGEST_TEXT 65

/* The name of these bytes: 64 hexadecimal digits. */
void digest_of(const void *data, size_t size, char text[DIGEST_TEXT]);

/*
 * As guest_image_open(), from what dir has of it if it has, and else for the next time. Without a
 * dir, or where it is not for us alone, it is just guest_image_open().
 */
int image_open_cached(const char *path, const char *dir, struct guest_image **image, char *error);

/* A features text: sets bits; true if a required one is unknown. */
bool features_parse(const char *text, size_t len, uint64_t *supported, uint64_t *required);

#endif
