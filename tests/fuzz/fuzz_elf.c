/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a kernel image: boot image, ELF, notes.
 *
 * sources: xen/lib/elf.c xen/lib/elf_notes.c xen/lib/parse.c xen/lib/bzimage.c
 */
#include <lib/bzimage.h>
#include <lib/elf.h>

static volatile uint8_t sink;

static int touch(void *context, const struct elf_segment *segment, const void *bytes)
{
    const uint8_t *p = bytes;

    (void)context;
    if (segment->filesz > 0)
        sink = p[0] ^ p[segment->filesz - 1];
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bzimage bz;
    struct elf_image elf;
    struct elf_span span;
    struct elf_notes notes;

    if (bzimage_open(&bz, data, size) == 0) {
        const uint8_t *payload = bz.payload;
        sink = payload[0] ^ payload[bz.payload_len - 1];
    }
    if (elf_open(&elf, data, size) == 0) {
        elf_load_span(&elf, &span);
        elf_load(&elf, touch, 0);
        elf_read_notes(&elf, &notes);
    }
    return 0;
}
