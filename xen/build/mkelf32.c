/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wraps the 64-bit image in a 32-bit ELF file of one segment, which is what Multiboot loaders and
 * `qemu -kernel` accept.  Addresses are physical.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what)
{
    fprintf(stderr, "mkelf32: %s\n", what);
    exit(1);
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        die("cannot read the input");
    *size = (size_t)ftell(f);
    rewind(f);
    unsigned char *p = malloc(*size);
    if (!p || fread(p, 1, *size, f) != *size)
        die("cannot read the input");
    fclose(f);
    return p;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage: mkelf32 IN.elf64 OUT.elf32");
    size_t size;
    unsigned char *in = read_file(argv[1], &size);
    const Elf64_Ehdr *eh = (const void *)in;
    if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
        eh->e_ident[EI_CLASS] != ELFCLASS64)
        die("not a 64-bit ELF file");
    const Elf64_Phdr *ph = (const void *)(in + eh->e_phoff);

    uint64_t low = UINT64_MAX, high_file = 0, high_mem = 0, entry = 0;
    for (int i = 0; i < eh->e_phnum; i++) {
        if (ph[i].p_type != PT_LOAD || !ph[i].p_memsz)
            continue;
        if (eh->e_entry >= ph[i].p_vaddr && eh->e_entry < ph[i].p_vaddr + ph[i].p_memsz)
            entry = eh->e_entry - ph[i].p_vaddr + ph[i].p_paddr;
        if (ph[i].p_paddr < low)
            low = ph[i].p_paddr;
        if (ph[i].p_filesz && ph[i].p_paddr + ph[i].p_filesz > high_file)
            high_file = ph[i].p_paddr + ph[i].p_filesz;
        if (ph[i].p_paddr + ph[i].p_memsz > high_mem)
            high_mem = ph[i].p_paddr + ph[i].p_memsz;
    }
    if (!entry)
        die("the entry point is in no segment");
    if (high_mem >> 32 || low >= high_file)
        die("the image does not lie below 4 GiB");

    size_t len = high_file - low;
    unsigned char *image = calloc(1, len);
    if (!image)
        die("out of memory");
    for (int i = 0; i < eh->e_phnum; i++)
        if (ph[i].p_type == PT_LOAD)
            memcpy(image + (ph[i].p_paddr - low), in + ph[i].p_offset, ph[i].p_filesz);

    Elf32_Ehdr out = { .e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
                       .e_entry = (uint32_t)entry, .e_phoff = sizeof(out), .e_ehsize = sizeof(out),
                       .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1 };
    memcpy(out.e_ident, ELFMAG, SELFMAG);
    out.e_ident[EI_CLASS] = ELFCLASS32;
    out.e_ident[EI_DATA] = ELFDATA2LSB;
    out.e_ident[EI_VERSION] = EV_CURRENT;
    Elf32_Phdr seg = { .p_type = PT_LOAD,
                       .p_offset = 128,
                       .p_vaddr = (uint32_t)low,
                       .p_paddr = (uint32_t)low,
                       .p_filesz = (uint32_t)len,
                       .p_memsz = (uint32_t)(high_mem - low),
                       .p_flags = PF_R | PF_W | PF_X,
                       .p_align = 64 };
    static const unsigned char pad[128 - sizeof(out) - sizeof(seg)];

    FILE *f = fopen(argv[2], "wb");
    if (!f || fwrite(&out, sizeof(out), 1, f) != 1 || fwrite(&seg, sizeof(seg), 1, f) != 1 ||
        fwrite(pad, sizeof(pad), 1, f) != 1 || fwrite(image, 1, len, f) != len || fclose(f))
        die("cannot write the output");
    return 0;
}
