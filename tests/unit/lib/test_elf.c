/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel images, built here with <elf.h> as the second opinion: what is read from good ones, that
 * each way of lying is refused, and that cut or flipped ones never make us read outside.
 *
 * sources: xen/lib/elf.c xen/lib/elf_notes.c xen/lib/parse.c xen/lib/bzimage.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

#include <lib/bzimage.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/math.h>
#include <lib/string.h>

#define VIRT 0xffffffff80000000ull

/* An image under construction: headers, segments, then notes and sections at the end. */
struct image {
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr[3];
    uint8_t text[64];
    uint8_t data[32];
    uint8_t notes[512];
    char names[32];
    Elf64_Shdr shdr[3];
} __attribute__((packed));

static void add_note(struct image *im, const char *name, uint32_t type, const void *desc,
                     uint32_t len)
{
    Elf64_Nhdr head = { (uint32_t)strlen(name) + 1, len, type };
    uint8_t *p = im->notes + im->phdr[2].p_filesz;

    memcpy(p, &head, sizeof(head));
    memcpy(p + sizeof(head), name, head.n_namesz);
    size_t at = sizeof(head) + round_up(head.n_namesz, 4);
    memcpy(p + at, desc, len);
    im->phdr[2].p_filesz += at + round_up(len, 4);
    assert_true(im->phdr[2].p_filesz <= sizeof(im->notes));
}

static void add_number(struct image *im, uint32_t type, uint64_t value)
{
    add_note(im, "Xen", type, &value, 8);
}

static void add_text(struct image *im, uint32_t type, const char *text)
{
    add_note(im, "Xen", type, text, (uint32_t)strlen(text) + 1);
}

static void build(struct image *im)
{
    *im = (struct image){
        .ehdr = {
            .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
            .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1,
            .e_entry = 0x1000000, .e_phoff = offsetof(struct image, phdr),
            .e_shoff = offsetof(struct image, shdr), .e_ehsize = sizeof(Elf64_Ehdr),
            .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
            .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3, .e_shstrndx = 1,
        },
        .phdr = {
            { PT_LOAD, PF_R | PF_X, offsetof(struct image, text), VIRT + 0x1000000, 0x1000000,
              sizeof(im->text), 0x1000, 0x1000 },
            { PT_LOAD, PF_R | PF_W, offsetof(struct image, data), VIRT + 0x1200000, 0x1200000,
              sizeof(im->data), 0x5000, 0x1000 },
            { PT_NOTE, PF_R, offsetof(struct image, notes), 0, 0, 0, 0, 4 },
        },
        .names = "\0.shstrtab\0__xen_guest",
        .shdr = {
            { 0 },
            { .sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct image, names),
              .sh_size = sizeof(im->names) },
            { .sh_name = 11, .sh_type = SHT_PROGBITS, .sh_offset = offsetof(struct image, notes),
              .sh_size = 0 },
        },
    };
    memset(im->text, 0x90, sizeof(im->text));
    memset(im->data, 0xda, sizeof(im->data));
}

static void add_linux_notes(struct image *im)
{
    static const uint64_t valid[2] = { 1, 1 };

    add_note(im, "GNU", 3, "build-id", 8);
    add_text(im, ELF_NOTE_GUEST_OS, "linux");
    add_text(im, ELF_NOTE_GUEST_VERSION, "2.6");
    add_text(im, ELF_NOTE_XEN_VERSION, "xen-3.0");
    add_number(im, ELF_NOTE_VIRT_BASE, VIRT);
    add_number(im, ELF_NOTE_INIT_P2M, 0x8000000000);
    add_number(im, ELF_NOTE_ENTRY, VIRT + 0x1000123);
    add_text(im, ELF_NOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb|dom0|what");
    add_number(im, ELF_NOTE_SUPPORTED_FEATURES, 0x8801);
    add_text(im, ELF_NOTE_PAE_MODE, "yes");
    add_text(im, ELF_NOTE_LOADER, "generic");
    add_note(im, "Xen", ELF_NOTE_L1_MFN_VALID, valid, sizeof(valid));
    add_note(im, "Xen", ELF_NOTE_MOD_START_PFN, "\1\0\0\0", 4);
    add_number(im, ELF_NOTE_PADDR_OFFSET, 0);
    add_number(im, ELF_NOTE_PHYS32_ENTRY, 0x1000456);
    add_note(im, "Xen", 99, "newer", 5);
}

static int collect(void *context, const struct elf_segment *s, const void *bytes)
{
    char *text = context;

    sprintf(text + strlen(text), "%lx+%lx/%lx:%02x ", (unsigned long)s->paddr,
            (unsigned long)s->memsz, (unsigned long)s->filesz, *(const uint8_t *)bytes);
    return strlen(text) > 60 ? -ENOSPC : 0;
}

static void segments(void **state)
{
    struct image im;
    struct elf_image elf;
    struct elf_span span;
    char text[100] = "";

    build(&im);
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), 0);
    assert_true(elf.is_64);
    assert_int_equal(elf.entry, 0x1000000);
    assert_int_equal(elf_load_span(&elf, &span), 0);
    assert_true(span.virt_start == VIRT + 0x1000000 && span.virt_end == VIRT + 0x1205000);
    assert_true(span.phys_start == 0x1000000 && span.phys_end == 0x1205000);
    assert_int_equal(elf_load(&elf, collect, text), 0);
    assert_string_equal(text, "1000000+1000/40:90 1200000+5000/20:da ");
    assert_int_equal(elf_load(&elf, collect, text), -ENOSPC);
    im.phdr[0].p_type = im.phdr[1].p_type = PT_NULL;
    assert_int_equal(elf_load_span(&elf, &span), -ENOEXEC);
}

static void notes(void **state)
{
    struct image im;
    struct elf_image elf;
    struct elf_notes n;

    build(&im);
    add_linux_notes(&im);
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), 0);
    assert_int_equal(elf_read_notes(&elf, &n), 0);
    assert_string_equal(n.guest_os, "linux");
    assert_string_equal(n.guest_version, "2.6");
    assert_string_equal(n.xen_version, "xen-3.0");
    assert_string_equal(n.loader, "generic");
    assert_true(n.virt_base == VIRT && n.entry == VIRT + 0x1000123);
    assert_true(n.init_p2m == 0x8000000000 && n.phys32_entry == 0x1000456);
    assert_int_equal(n.supported_features, 0x8801 | 1 << 4);
    assert_int_equal(n.required_features, 1);
    assert_false(n.requires_unknown);
    assert_int_equal(n.pae, ELF_PAE_YES);
    assert_true(n.l1_mfn_mask == 1 && n.l1_mfn_value == 1);
    assert_int_equal(n.mod_start_pfn, 1);
    assert_true(elf_has_note(&n, ELF_NOTE_PADDR_OFFSET));
    assert_false(elf_has_note(&n, ELF_NOTE_HYPERCALL_PAGE));
    assert_false(n.is_legacy);
}

static void notes_in_sections(void **state)
{
    struct image im;
    struct elf_image elf;
    struct elf_notes n;

    build(&im);
    add_linux_notes(&im);
    im.phdr[2].p_type = PT_NULL;
    im.shdr[2].sh_type = SHT_NOTE;
    im.shdr[2].sh_size = im.phdr[2].p_filesz;
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), 0);
    assert_int_equal(elf_read_notes(&elf, &n), 0);
    assert_string_equal(n.guest_os, "linux");
}

static void legacy_text(void **state)
{
    static const char text[] = "GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,"
        "VIRT_ENTRY=0xC0100000,HYPERCALL_PAGE=0x104,FEATURES=writable_page_tables|!nothing_known,"
        "PAE=yes[extended-cr3],bimodal,LOADER=generic,BSD_SYMTAB";
    struct image im;
    struct elf_image elf;
    struct elf_notes n;

    build(&im);
    memcpy(im.notes, text, sizeof(text) - 1);
    im.shdr[2].sh_size = sizeof(text) - 1;
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), 0);
    assert_int_equal(elf_read_notes(&elf, &n), 0);
    assert_true(n.is_legacy);
    assert_string_equal(n.guest_os, "linux");
    assert_int_equal(n.virt_base, 0xc0000000);
    assert_int_equal(n.entry, 0xc0100000);
    assert_int_equal(n.hypercall_page, 0xc0104000);
    assert_int_equal(n.paddr_offset, 0xc0000000);
    assert_int_equal(n.supported_features, 1);
    assert_true(n.requires_unknown && n.bsd_symtab);
    assert_int_equal(n.pae, ELF_PAE_YES);
    memcpy(strstr((char *)im.notes, "0xC01"), "0xZ", 3);
    assert_int_equal(elf_read_notes(&elf, &n), -EINVAL);
    im.shdr[2].sh_name = 1;
    assert_int_equal(elf_read_notes(&elf, &n), -ENOENT);
}

static void damaged_notes(void **state)
{
    struct image im;
    struct elf_image elf;
    struct elf_notes n;

    build(&im);
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), 0);
    assert_int_equal(elf_read_notes(&elf, &n), -ENOENT);
    add_note(&im, "Xen", ELF_NOTE_ENTRY, "abc", 3);
    assert_int_equal(elf_read_notes(&elf, &n), -EINVAL);
    build(&im);
    add_note(&im, "Xen", ELF_NOTE_GUEST_OS, "linux", 5);        /* the size ends it as well */
    assert_int_equal(elf_read_notes(&elf, &n), 0);
    assert_string_equal(n.guest_os, "linux");
    build(&im);
    add_note(&im, "Xen", ELF_NOTE_L1_MFN_VALID, "abcdef", 6);
    assert_int_equal(elf_read_notes(&elf, &n), -EINVAL);
    build(&im);
    add_text(&im, ELF_NOTE_GUEST_OS, "linux");
    add_text(&im, ELF_NOTE_LOADER, "generic");
    im.phdr[2].p_filesz -= 4;
    assert_int_equal(elf_read_notes(&elf, &n), -EINVAL);
    build(&im);
    add_text(&im, ELF_NOTE_GUEST_OS, "an operating system whose name nobody can remember");
    assert_int_equal(elf_read_notes(&elf, &n), 0);
    assert_int_equal(strlen(n.guest_os), sizeof(n.guest_os) - 1);
}

static void small_class(void **state)
{
    struct {
        Elf32_Ehdr ehdr;
        Elf32_Phdr phdr;
        uint8_t text[16];
    } im = {
        .ehdr = {
            .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
            .e_type = ET_EXEC, .e_machine = EM_386, .e_entry = 0xc0001234,
            .e_phoff = sizeof(Elf32_Ehdr), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
        },
        .phdr = { PT_LOAD, sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr), 0xc0000000, 0x100000, 16, 32,
                  PF_R | PF_W, 4 },
    };
    struct elf_image elf;
    struct elf_segment s;

    assert_int_equal(elf_open(&elf, &im, sizeof(im)), 0);
    assert_false(elf.is_64);
    assert_int_equal(elf.entry, 0xc0001234);
    elf_segment(&elf, 0, &s);
    assert_true(s.vaddr == 0xc0000000 && s.paddr == 0x100000 && s.filesz == 16 && s.memsz == 32);
    assert_int_equal(s.flags, ELF_PF_R | ELF_PF_W);
    im.ehdr.e_machine = EM_X86_64;
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), -ENOEXEC);
}

/* One lie in a good image. */
#define REFUSED(rc, lie) do {                                           \
    struct image im;                                                    \
    struct elf_image elf;                                               \
    build(&im);                                                         \
    lie;                                                                \
    assert_int_equal(elf_open(&elf, &im, sizeof(im)), rc);              \
} while (0)

static void lies(void **state)
{
    REFUSED(0, (void)0);
    REFUSED(-ENOEXEC, im.ehdr.e_ident[0] = 0);
    REFUSED(-ENOEXEC, im.ehdr.e_ident[EI_DATA] = ELFDATA2MSB);
    REFUSED(-ENOEXEC, im.ehdr.e_type = ET_REL);
    REFUSED(-ENOEXEC, im.ehdr.e_machine = EM_AARCH64);
    REFUSED(-EINVAL, im.ehdr.e_phoff = sizeof(im) - 10);
    REFUSED(-EINVAL, im.ehdr.e_phoff = UINT64_MAX - 10);
    REFUSED(-EINVAL, im.ehdr.e_phnum = 0xffff);
    REFUSED(-EINVAL, im.ehdr.e_phentsize = 8);
    REFUSED(-EINVAL, im.phdr[0].p_offset = sizeof(im));
    REFUSED(-EINVAL, im.phdr[0].p_offset = UINT64_MAX);
    REFUSED(-EINVAL, im.phdr[0].p_filesz = 0x1001);
    REFUSED(-EINVAL, im.phdr[0].p_filesz = im.phdr[0].p_memsz = UINT64_MAX);
    REFUSED(-EINVAL, im.phdr[1].p_memsz = UINT64_MAX);
    REFUSED(-EINVAL, im.phdr[1].p_vaddr = UINT64_MAX - 0x4000);
    REFUSED(-EINVAL, im.phdr[1].p_paddr = UINT64_MAX - 0x4000);
    REFUSED(-EINVAL, im.phdr[2].p_filesz = sizeof(im));
    REFUSED(0, im.ehdr.e_shoff = UINT64_MAX - 64);
    REFUSED(0, im.ehdr.e_shnum = 0xffff);
}

/* Everything at once, on a copy of exact size, so that ASan sees one byte too far. */
static void exercise(const void *data, size_t size)
{
    char *copy = malloc(size + 1);
    uint8_t *image = (uint8_t *)copy + 1;       /* and not aligned */
    struct elf_image elf;
    struct elf_span span;
    struct elf_notes n;
    struct bzimage bz;
    char text[1000] = "";

    memcpy(image, data, size);
    if (elf_open(&elf, image, size) == 0) {
        elf_load_span(&elf, &span);
        elf_load(&elf, collect, text);
        elf_read_notes(&elf, &n);
    }
    if (bzimage_open(&bz, image, size) == 0) {
        assert_true((const uint8_t *)bz.payload >= image && bz.payload_len <= size);
        assert_true((const uint8_t *)bz.payload + bz.payload_len <= image + size);
    }
    free(copy);
}

static void cut_and_flipped(void **state)
{
    struct image im;

    build(&im);
    add_linux_notes(&im);
    for (size_t size = 0; size <= sizeof(im); size++)
        exercise(&im, size);
    for (size_t bit = 0; bit < 8 * sizeof(im); bit++) {
        struct image bad = im;
        ((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        exercise(&bad, sizeof(bad));
    }
    for (int round = 0; round < 20000; round++) {
        struct image bad = im;
        for (int k = rand() % 8; k >= 0; k--)
            ((uint8_t *)&bad)[rand() % (int)sizeof(bad)] = (uint8_t)(rand() % 3 ? rand() : 0xff);
        exercise(&bad, sizeof(bad));
    }
}

static void put32(uint8_t *p, uint32_t value)
{
    memcpy(p, &value, sizeof(value));
}

static void boot_image(void **state)
{
    static uint8_t image[0x1000];
    struct bzimage bz;

    image[0x1f1] = 3;                       /* setup sectors: protected-mode code is at 0x800 */
    image[0x1fe] = 0x55;
    image[0x1ff] = 0xaa;
    memcpy(image + 0x202, "HdrS\x0f\x02", 6);
    put32(image + 0x248, 0x100);
    put32(image + 0x24c, 0x200);
    put32(image + 0x260, 0x2000000);
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), 0);
    assert_ptr_equal(bz.payload, image + 0x900);
    assert_int_equal(bz.payload_len, 0x200);
    assert_int_equal(bz.version, 0x20f);
    assert_int_equal(bz.init_size, 0x2000000);
    for (size_t size = 0; size < sizeof(image); size++) {
        assert_int_equal(bzimage_open(&bz, image, size),
                         size < 0x264 ? -ENOEXEC : size < 0xb00 ? -EINVAL : 0);
        exercise(image, size);
    }
    put32(image + 0x24c, 0x701);
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), -EINVAL);
    put32(image + 0x24c, 0x700);
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), 0);
    put32(image + 0x248, 0xffffff00);
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), -EINVAL);
    put32(image + 0x24c, 0);
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), -EINVAL);
    image[0x206] = 7;
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), -ENOEXEC);
    image[0x202] = 'h';
    assert_int_equal(bzimage_open(&bz, image, sizeof(image)), -ENOEXEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments),
        cmocka_unit_test(notes),
        cmocka_unit_test(notes_in_sections),
        cmocka_unit_test(legacy_text),
        cmocka_unit_test(damaged_notes),
        cmocka_unit_test(small_class),
        cmocka_unit_test(lies),
        cmocka_unit_test(cut_and_flipped),
        cmocka_unit_test(boot_image),
    };
    srand(1);
    return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
