/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes kernel images for the tests: a small ELF with notes, packed, and inside a boot image.
 */
#ifndef TEST_IMAGES_H
#define TEST_IMAGES_H

#include <stdint.h>
#include <string.h>

#define IMAGE_BYTES 1024
#define NOTES_AT    512

struct image {
    uint8_t bytes[IMAGE_BYTES];
    size_t notes_len;
};

static inline void put(struct image *im, size_t at, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++)
        im->bytes[at + i] = value >> (8 * i);
}

/* A note, at the end of those that are there. */
static inline void note(struct image *im, uint32_t type, const void *value, size_t len)
{
    size_t at = NOTES_AT + im->notes_len;

    put(im, at, 4, 4);
    put(im, at + 4, len, 4);
    put(im, at + 8, type, 4);
    memcpy(im->bytes + at + 12, "Xen", 4);
    memcpy(im->bytes + at + 16, value, len);
    im->notes_len += 16 + (len + 3) / 4 * 4;
    put(im, 64 + 56 + 32, im->notes_len, 8);
}

static inline void note_number(struct image *im, uint32_t type, uint64_t value)
{
    note(im, type, &value, sizeof(value));
}

static inline void note_text(struct image *im, uint32_t type, const char *text)
{
    note(im, type, text, strlen(text) + 1);
}

static inline void segment(struct image *im, unsigned int i, uint32_t type, uint64_t offset,
                           uint64_t paddr, uint64_t file_size, uint64_t memory_size)
{
    size_t at = 64 + 56 * i;

    put(im, at, type, 4);
    put(im, at + 8, offset, 8);
    put(im, at + 16, paddr, 8);
    put(im, at + 24, paddr, 8);
    put(im, at + 32, file_size, 8);
    put(im, at + 40, memory_size, 8);
}

/* 64-bit, one segment from 1 MiB on with 256 bytes in the file, one of notes. */
static inline void image_init(struct image *im)
{
    memset(im, 0, sizeof(*im));
    memcpy(im->bytes, "\177ELF\2\1\1", 7);
    put(im, 16, 2, 2);
    put(im, 18, 62, 2);
    put(im, 24, 0x100010, 8);
    put(im, 32, 64, 8);
    put(im, 54, 56, 2);
    put(im, 56, 2, 2);
    segment(im, 0, 1, 256, 0x100000, 256, 0x3000);
    segment(im, 1, 4, NOTES_AT, 0, 0, 0);
}

#endif
