/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF headers, segments and sections of an image that nobody has checked yet.
 *
 * Fields are read through offsets instead of through structures: the image may stand at any
 * alignment, and the two classes differ only in a table.
 */
#include <lib/elf.h>

#include <lib/errno.h>
#include <lib/math.h>
#include <lib/string.h>

enum { CLASS_32 = 1, CLASS_64 = 2, DATA_LITTLE = 1 };
enum { TYPE_EXEC = 2, TYPE_DYN = 3, MACHINE_386 = 3, MACHINE_X86_64 = 62 };
enum { EHDR_SIZE_32 = 52, EHDR_SIZE_64 = 64, PHDR_SIZE_32 = 32, PHDR_SIZE_64 = 56,
       SHDR_SIZE_32 = 40, SHDR_SIZE_64 = 64, SHT_NOBITS = 8 };

/* Far above any kernel's, low enough to bound every loop over them. */
#define MAX_HEADERS 4096

static uint64_t read_le(const uint8_t *p, unsigned int bytes)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < bytes; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)read_le(p, 2);
}

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t)read_le(p, 4);
}

/* A field that is 4 bytes at off32 in the small class and 8 bytes at off64 in the large one. */
static uint64_t read_word(const struct elf_image *elf, const uint8_t *p, unsigned int off32,
                          unsigned int off64)
{
    return elf->is_64 ? read_le(p + off64, 8) : read_le(p + off32, 4);
}

static bool in_file(const struct elf_image *elf, uint64_t offset, uint64_t len)
{
    return offset <= elf->size && len <= elf->size - offset;
}

static bool table_in_file(const struct elf_image *elf, uint64_t offset, unsigned int count,
                          unsigned int entry_size, unsigned int least_size)
{
    return entry_size >= least_size && count <= MAX_HEADERS &&
           in_file(elf, offset, (uint64_t)count * entry_size);
}

static int check_identity(const uint8_t *p, size_t size)
{
    if (size < EHDR_SIZE_32 || memcmp(p, "\177ELF", 4) != 0)
        return -ENOEXEC;
    if (p[5] != DATA_LITTLE || p[6] != 1)
        return -ENOEXEC;
    unsigned int type = read16(p + 16);
    unsigned int machine = read16(p + 18);
    if (type != TYPE_EXEC && type != TYPE_DYN)
        return -ENOEXEC;
    if (p[4] == CLASS_64)
        return machine != MACHINE_X86_64 ? -ENOEXEC : size < EHDR_SIZE_64 ? -EINVAL : 0;
    return p[4] == CLASS_32 && machine == MACHINE_386 ? 0 : -ENOEXEC;
}

static int check_segments(const struct elf_image *elf)
{
    for (unsigned int i = 0; i < elf->phnum; i++) {
        struct elf_segment s;
        elf_segment(elf, i, &s);
        if (s.type != ELF_PT_LOAD && s.type != ELF_PT_NOTE)
            continue;
        if (!in_file(elf, s.offset, s.filesz))
            return -EINVAL;
        if (s.type == ELF_PT_LOAD &&
            (s.filesz > s.memsz || s.vaddr + s.memsz < s.vaddr || s.paddr + s.memsz < s.paddr)) {
            return -EINVAL;
        }
    }
    return 0;
}

int elf_open(struct elf_image *elf, const void *data, size_t size)
{
    const uint8_t *p = data;
    int rc = check_identity(p, size);

    if (rc != 0)
        return rc;
    *elf = (struct elf_image){ .data = p, .size = size, .is_64 = p[4] == CLASS_64 };
    elf->entry = read_word(elf, p, 24, 24);
    elf->phoff = read_word(elf, p, 28, 32);
    elf->shoff = read_word(elf, p, 32, 40);

    const uint8_t *tail = p + (elf->is_64 ? 52 : 40);   /* e_ehsize: from here both are alike */
    elf->phentsize = read16(tail + 2);
    elf->phnum = read16(tail + 4);
    elf->shentsize = read16(tail + 6);
    elf->shnum = read16(tail + 8);
    elf->shstrndx = read16(tail + 10);

    if (!table_in_file(elf, elf->phoff, elf->phnum, elf->phentsize,
                       elf->is_64 ? PHDR_SIZE_64 : PHDR_SIZE_32)) {
        return -EINVAL;
    }
    if (!table_in_file(elf, elf->shoff, elf->shnum, elf->shentsize,
                       elf->is_64 ? SHDR_SIZE_64 : SHDR_SIZE_32)) {
        elf->shnum = 0;     /* not needed to load: a stripped or cut tail is no reason to refuse */
    }
    return check_segments(elf);
}

void elf_segment(const struct elf_image *elf, unsigned int i, struct elf_segment *segment)
{
    const uint8_t *p = elf->data + elf->phoff + (uint64_t)i * elf->phentsize;

    *segment = (struct elf_segment){
        .type = read32(p),
        .flags = read32(p + (elf->is_64 ? 4 : 24)),
        .offset = read_word(elf, p, 4, 8),
        .vaddr = read_word(elf, p, 8, 16),
        .paddr = read_word(elf, p, 12, 24),
        .filesz = read_word(elf, p, 16, 32),
        .memsz = read_word(elf, p, 20, 40),
    };
}

static const uint8_t *section_header(const struct elf_image *elf, unsigned int i)
{
    return elf->data + elf->shoff + (uint64_t)i * elf->shentsize;
}

/* The name at 'index' of the section-name table, or "" unless it ends inside that table. */
static const char *section_name(const struct elf_image *elf, uint32_t index)
{
    if (elf->shstrndx >= elf->shnum)
        return "";
    const uint8_t *p = section_header(elf, elf->shstrndx);
    uint64_t offset = read_word(elf, p, 16, 24);
    uint64_t size = read_word(elf, p, 20, 32);

    if (!in_file(elf, offset, size) || index >= size)
        return "";
    const char *name = (const char *)elf->data + offset + index;
    return memchr(name, '\0', size - index) != NULL ? name : "";
}

bool elf_section(const struct elf_image *elf, unsigned int i, struct elf_section *section)
{
    const uint8_t *p = section_header(elf, i);

    *section = (struct elf_section){
        .name = section_name(elf, read32(p)),
        .type = read32(p + 4),
        .addr = read_word(elf, p, 12, 16),
        .offset = read_word(elf, p, 16, 24),
        .size = read_word(elf, p, 20, 32),
    };
    return section->type != SHT_NOBITS && in_file(elf, section->offset, section->size);
}

int elf_load_span(const struct elf_image *elf, struct elf_span *span)
{
    *span = (struct elf_span){ .virt_start = UINT64_MAX, .phys_start = UINT64_MAX };

    for (unsigned int i = 0; i < elf->phnum; i++) {
        struct elf_segment s;
        elf_segment(elf, i, &s);
        if (s.type != ELF_PT_LOAD || s.memsz == 0)
            continue;
        span->virt_start = min(span->virt_start, s.vaddr);
        span->virt_end = max(span->virt_end, s.vaddr + s.memsz);
        span->phys_start = min(span->phys_start, s.paddr);
        span->phys_end = max(span->phys_end, s.paddr + s.memsz);
    }
    return span->virt_end == 0 ? -ENOEXEC : 0;
}

int elf_load(const struct elf_image *elf,
             int (*place)(void *context, const struct elf_segment *segment, const void *bytes),
             void *context)
{
    for (unsigned int i = 0; i < elf->phnum; i++) {
        struct elf_segment s;
        elf_segment(elf, i, &s);
        if (s.type != ELF_PT_LOAD || s.memsz == 0)
            continue;
        int rc = place(context, &s, elf->data + s.offset);
        if (rc != 0)
            return rc;
    }
    return 0;
}
