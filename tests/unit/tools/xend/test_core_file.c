/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The form of a core: what readers of Xen's dump-core format look for is where they look.
 *
 * sources: tools/xend/domain/core_file.c tools/libs/base/[a-z]*.c
 * flags: -D_GNU_SOURCE -D__XEN_TOOLS__ -Itools/libs -Itools/xend -Idist/include
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <unistd.h>

#include "domain/core_file.h"

static char file[1 << 20];
static size_t size;

static const Elf64_Ehdr *header(void)
{
    return (const Elf64_Ehdr *)file;
}

static const Elf64_Shdr *section(const char *name)
{
    const Elf64_Shdr *s = (const Elf64_Shdr *)(file + header()->e_shoff);
    const char *names = file + s[header()->e_shstrndx].sh_offset;

    for (int i = 1; i < header()->e_shnum; i++) {
        if (!strcmp(names + s[i].sh_name, name))
            return &s[i];
    }
    return NULL;
}

static const void *note(uint32_t type, size_t bytes)
{
    const Elf64_Shdr *s = section(".note.Xen");

    for (size_t at = s->sh_offset; at < s->sh_offset + s->sh_size;) {
        const Elf64_Nhdr *n = (const Elf64_Nhdr *)(file + at);

        assert_int_equal(n->n_namesz, 4);
        assert_string_equal(file + at + sizeof(*n), "Xen");
        if (n->n_type == type) {
            assert_int_equal(n->n_descsz, bytes);
            return file + at + sizeof(*n) + 4;
        }
        at += sizeof(*n) + 4 + (n->n_descsz + 3) / 4 * 4;
    }
    return NULL;
}

static void make(struct core *c)
{
    char pages[2 * CORE_PAGE_SIZE];
    FILE *f = tmpfile();

    memset(pages, 'p', sizeof(pages));
    assert_int_equal(core_file_begin(fileno(f), c), 0);
    assert_int_equal(core_file_add(fileno(f), pages, c->page_count), 0);
    size = pread(fileno(f), file, sizeof(file), 0);
    fclose(f);
}

static void test_pv(void **state)
{
    static const char shared[CORE_PAGE_SIZE] = "shared";
    char contexts[] = "first.second";
    struct core_page page[2] = { { 1, 0x77 }, { 5, 0x33 } };
    struct core c = {
        .vcpus = 2, .context_size = 6, .context = contexts, .shared_info = shared, .page = page,
        .page_count = 2, .version = { .major = 4, .minor = 17, .extra = ".0-x" },
    };

    make(&c);
    assert_memory_equal(file, ELFMAG, SELFMAG);
    assert_int_equal(header()->e_ident[EI_CLASS], ELFCLASS64);
    assert_int_equal(header()->e_type, ET_CORE);
    assert_int_equal(header()->e_machine, EM_X86_64);
    assert_int_equal(header()->e_phnum, 0);
    const uint64_t *head = note(0x2000001, 32), *form = note(0x2000003, 8);

    assert_non_null(note(0x2000000, 0));
    assert_int_equal(head[0], 0xf00febed);
    assert_int_equal(head[1], 2);
    assert_int_equal(head[2], 2);
    assert_int_equal(head[3], 4096);
    assert_int_equal(form[0], 1);
    const struct core_version *v = note(0x2000002, 1280);

    assert_int_equal(v->major, 4);
    assert_int_equal(v->minor, 17);
    assert_string_equal(v->extra, ".0-x");
    assert_memory_equal(file + section(".xen_prstatus")->sh_offset, contexts, 12);
    assert_string_equal(file + section(".xen_shared_info")->sh_offset, "shared");
    assert_memory_equal(file + section(".xen_p2m")->sh_offset, page, sizeof(page));
    assert_null(section(".xen_pfn"));
    const Elf64_Shdr *pages = section(".xen_pages");

    assert_int_equal(pages->sh_offset % 4096, 0);
    assert_int_equal(pages->sh_size, 8192);
    assert_int_equal(size, pages->sh_offset + pages->sh_size);
    assert_int_equal(file[size - 1], 'p');
}

static void test_hvm(void **state)
{
    struct core_page page[2] = { { 3, 3 }, { 9, 9 } };
    struct core c = {
        .is_hvm = true, .vcpus = 1, .context_size = 4, .context = "ctx", .page = page,
        .page_count = 2,
    };

    make(&c);
    const uint64_t *head = note(0x2000001, 32);
    const uint64_t *pfn = (const uint64_t *)(file + section(".xen_pfn")->sh_offset);

    assert_int_equal(head[0], 0xf00febee);
    assert_null(section(".xen_p2m"));
    assert_int_equal(pfn[0], 3);
    assert_int_equal(pfn[1], 9);
}

/* A disk that is full is told, not ignored. */
static void test_full(void **state)
{
    struct core_page page = { 1, 1 };
    struct core c = { .vcpus = 1, .context_size = 4, .context = "ctx", .page = &page,
                      .page_count = 1 };
    FILE *f = fopen("/dev/full", "w");

    assert_int_equal(core_file_begin(fileno(f), &c), -28);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pv),
        cmocka_unit_test(test_hvm),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
