/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF headers of an image that nobody has checked yet.
 *
 * elf_open() checks them once; segments of what it accepted lie inside the file. Fields are read
 * by offset: the two classes differ only in a table.
 */
#include <errno.h>
#include <string.h>

#include "../private.h"

enum { CLASS_32 = 1, CLASS_64 = 2, LITTLE_ENDIAN_DATA = 1, VERSION = 1 };
enum { TYPE_PROGRAM = 2, TYPE_SHARED = 3, MACHINE_386 = 3, MACHINE_X86_64 = 62 };
enum { SECTION_NO_BITS = 8 };

/* Far above any kernel's, low enough to bound every loop over them. */
#define MAX_HEADERS 4096u

static bool is_64(const struct guest_image *image)
{
    return image->info.bits == 64;
}

/* A field that is 4 bytes at off32 in the small class and 8 bytes at off64 in the large one. */
static uint64_t read_word(const struct guest_image *image, const uint8_t *p, unsigned int off32,
                          unsigned int off64)
{
    return is_64(image) ? read_le(p + off64, 8) : read_le(p + off32, 4);
}

static bool in_file(const struct guest_image *image, uint64_t offset, uint64_t len)
{
    return offset <= image->size && len <= image->size - offset;
}

static bool table_in_file(const struct guest_image *image, uint64_t offset, unsigned int count,
                          unsigned int entry_size, unsigned int least)
{
    return entry_size >= least && count <= MAX_HEADERS &&
           in_file(image, offset, (uint64_t)count * entry_size);
}

static int identify(struct guest_image *image)
{
    const uint8_t *p = image->data;

    if (image->size < 64 || memcmp(p, "\177ELF", 4))
        return -ENOEXEC;
    unsigned int type = read_le(p + 16, 2), machine = read_le(p + 18, 2);

    if (p[5] != LITTLE_ENDIAN_DATA || p[6] != VERSION)
        return -ENOEXEC;
    if (type != TYPE_PROGRAM && type != TYPE_SHARED)
        return -ENOEXEC;
    if (p[4] == CLASS_64 && machine == MACHINE_X86_64)
        image->info.bits = 64;
    else if (p[4] == CLASS_32 && machine == MACHINE_386)
        image->info.bits = 32;
    else
        return -ENOEXEC;
    return 0;
}

static int check_segment(const struct guest_image *image, const struct image_segment *s)
{
    if (s->type != SEGMENT_LOAD && s->type != SEGMENT_NOTE)
        return 0;
    if (!in_file(image, s->offset, s->file_size))
        return -EINVAL;
    if (s->type == SEGMENT_NOTE)
        return 0;
    if (s->file_size > s->memory_size || s->paddr + s->memory_size < s->paddr)
        return -EINVAL;
    return 0;
}

static int check_segments(struct guest_image *image)
{
    struct guest_image_info *info = &image->info;

    info->load_start = UINT64_MAX;
    for (unsigned int i = 0; i < image->program_count; i++) {
        struct image_segment s;

        elf_segment(image, i, &s);
        int rc = check_segment(image, &s);

        if (rc)
            return rc;
        if (s.type != SEGMENT_LOAD || !s.memory_size)
            continue;
        if (s.paddr < info->load_start)
            info->load_start = s.paddr;
        if (s.paddr + s.memory_size > info->load_end)
            info->load_end = s.paddr + s.memory_size;
    }
    return info->load_end ? 0 : -EINVAL;
}

int elf_open(struct guest_image *image)
{
    const uint8_t *p = image->data;
    int rc = identify(image);

    if (rc)
        return rc;
    image->info.elf_entry = read_word(image, p, 24, 24);
    image->program_headers = read_word(image, p, 28, 32);
    image->section_headers = read_word(image, p, 32, 40);

    const uint8_t *tail = p + (is_64(image) ? 52 : 40);     /* from e_ehsize both are alike */

    image->program_size = read_le(tail + 2, 2);
    image->program_count = read_le(tail + 4, 2);
    image->section_size = read_le(tail + 6, 2);
    image->section_count = read_le(tail + 8, 2);
    image->section_names = read_le(tail + 10, 2);
    if (!table_in_file(image, image->program_headers, image->program_count, image->program_size,
                       is_64(image) ? 56 : 32))
        return -EINVAL;
    /* Sections are not needed to load: a stripped or cut tail is no reason to refuse. */
    if (!table_in_file(image, image->section_headers, image->section_count, image->section_size,
                       is_64(image) ? 64 : 40))
        image->section_count = 0;
    return check_segments(image);
}

void elf_segment(const struct guest_image *image, unsigned int i, struct image_segment *segment)
{
    const uint8_t *p = (const uint8_t *)image->data + image->program_headers +
                       (uint64_t)i * image->program_size;

    *segment = (struct image_segment){
        .type = read_le(p, 4),
        .offset = read_word(image, p, 4, 8),
        .vaddr = read_word(image, p, 8, 16),
        .paddr = read_word(image, p, 12, 24),
        .file_size = read_word(image, p, 16, 32),
        .memory_size = read_word(image, p, 20, 40),
    };
}

static const uint8_t *section_header(const struct guest_image *image, unsigned int i)
{
    return (const uint8_t *)image->data + image->section_headers +
           (uint64_t)i * image->section_size;
}

/* The name at index of the table of names, or "" unless it ends inside that table. */
static const char *section_name(const struct guest_image *image, uint32_t index)
{
    if (image->section_names >= image->section_count)
        return "";
    const uint8_t *p = section_header(image, image->section_names);
    uint64_t offset = read_word(image, p, 16, 24), size = read_word(image, p, 20, 32);

    if (!in_file(image, offset, size) || index >= size)
        return "";
    const char *name = (const char *)image->data + offset + index;

    return memchr(name, '\0', size - index) ? name : "";
}

bool elf_section(const struct guest_image *image, unsigned int i, struct image_section *section)
{
    const uint8_t *p = section_header(image, i);

    *section = (struct image_section){
        .name = section_name(image, read_le(p, 4)),
        .type = read_le(p + 4, 4),
        .offset = read_word(image, p, 16, 24),
        .size = read_word(image, p, 20, 32),
    };
    return section->type != SECTION_NO_BITS && in_file(image, section->offset, section->size);
}
