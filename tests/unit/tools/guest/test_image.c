/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel images: headers, notes, the older text, packings, boot images, and all of them damaged.
 *
 * sources: tools/libs/guest/error.c tools/libs/guest/image/file.c tools/libs/guest/image/unpack.c
 * sources: tools/libs/guest/image/elf.c tools/libs/guest/image/notes.c
 * sources: tools/libs/guest/image/cache.c tools/libs/guest/image/image.c
 * sources: tools/libs/guest/image/digest.c
 * sources: tools/libs/guest/image/xz.c tools/libs/guest/image/crc32.c
 * sources: xen/lib/xz.c xen/lib/lzma.c xen/lib/crc.c
 * flags: -lz -llzma -lzstd -llz4 -lsodium
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <lz4.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <guest/guest.h>
#include <lib/crc.h>
#include <xen/elfnote.h>
#include <xen/features.h>

#include "images.h"
#include "tools/libs/guest/private.h"

static char error[GUEST_ERROR_SIZE];

static struct guest_image *parse(const void *data, size_t size)
{
    struct guest_image *image;

    assert_int_equal(guest_image_parse(data, size, &image, error), 0);
    return image;
}

static void refused(const void *data, size_t size, int rc, const char *text)
{
    struct guest_image *image;

    assert_int_equal(guest_image_parse(data, size, &image, error), rc);
    if (!strstr(error, text))
        fail_msg("'%s' has no '%s'", error, text);
}

static void test_plain(void **state)
{
    struct image im;

    image_init(&im);
    struct guest_image *image = parse(im.bytes, sizeof(im.bytes));
    const struct guest_image_info *info = guest_image_info(image);

    assert_int_equal(info->bits, 64);
    assert_int_equal(info->elf_entry, 0x100010);
    assert_int_equal(info->load_start, 0x100000);
    assert_int_equal(info->load_end, 0x103000);
    assert_int_equal(info->present, 0);
    assert_string_equal(info->packing, "none");
    guest_image_close(image);
}

static void linux_notes(struct image *im)
{
    image_init(im);
    note_text(im, XEN_ELFNOTE_GUEST_OS, "linux");
    note_text(im, XEN_ELFNOTE_LOADER, "generic");
    note_number(im, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
    note_number(im, XEN_ELFNOTE_ENTRY, 0xffffffff80100010);
    note_number(im, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    note_text(im, XEN_ELFNOTE_PAE_MODE, "yes,bimodal");
    note_text(im, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb|other");
    note_number(im, XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0);
}

static void test_notes(void **state)
{
    struct image im;

    linux_notes(&im);
    struct guest_image *image = parse(im.bytes, sizeof(im.bytes));
    const struct guest_image_info *info = guest_image_info(image);

    assert_string_equal(info->guest_os, "linux");
    assert_string_equal(info->loader, "generic");
    assert_true(info->virt_base == 0xffffffff80000000);
    assert_true(info->entry == 0xffffffff80100010);
    assert_true(info->init_p2m == 0x8000000000);
    assert_int_equal(info->pae, GUEST_PAE_BIMODAL);
    assert_int_equal(info->supported_features, 1 << XENFEAT_writable_page_tables |
                     1 << XENFEAT_pae_pgdir_above_4gb | 1 << XENFEAT_dom0);
    assert_int_equal(info->required_features, 1 << XENFEAT_writable_page_tables);
    assert_false(info->requires_unknown);
    assert_true(info->present & 1 << XEN_ELFNOTE_ENTRY);
    guest_image_close(image);

    image_init(&im);
    note_text(&im, XEN_ELFNOTE_FEATURES, "!no_such_thing");
    image = parse(im.bytes, sizeof(im.bytes));
    assert_true(guest_image_info(image)->requires_unknown);
    guest_image_close(image);
}

static void test_bad_notes(void **state)
{
    struct image im;

    image_init(&im);
    note(&im, XEN_ELFNOTE_ENTRY, "abc", 3);
    refused(im.bytes, sizeof(im.bytes), -EINVAL, "notes");
    /* A length that leaves the run ends it. */
    image_init(&im);
    note_text(&im, XEN_ELFNOTE_GUEST_OS, "linux");
    note_text(&im, XEN_ELFNOTE_LOADER, "generic");
    put(&im, NOTES_AT + 24 + 4, 0xfffffff0, 4);
    struct guest_image *image = parse(im.bytes, sizeof(im.bytes));

    assert_string_equal(guest_image_info(image)->guest_os, "linux");
    assert_string_equal(guest_image_info(image)->loader, "");
    guest_image_close(image);
    /* Too long a text is cut. */
    image_init(&im);
    char text[100];

    memset(text, 'x', sizeof(text));
    note(&im, XEN_ELFNOTE_GUEST_OS, text, sizeof(text));
    image = parse(im.bytes, sizeof(im.bytes));
    assert_int_equal(strlen(guest_image_info(image)->guest_os), 31);
    guest_image_close(image);
}

static void test_legacy(void **state)
{
    static const char text[] = "GUEST_OS=linux,VIRT_BASE=0xC0000000,HYPERCALL_PAGE=0x104,"
                               "VIRT_ENTRY=0xC0100000,LOADER=generic,FEATURES=dom0,BSD_SYMTAB";
    struct image im;

    image_init(&im);
    put(&im, 40, 700, 8);               /* three sections: none, names, the text */
    put(&im, 58, 64, 2);
    put(&im, 60, 3, 2);
    put(&im, 62, 1, 2);
    memcpy(im.bytes + 640, "\0__xen_guest", 13);
    put(&im, 700 + 64 + 4, 3, 4);
    put(&im, 700 + 64 + 24, 640, 8);
    put(&im, 700 + 64 + 32, 13, 8);
    put(&im, 700 + 128, 1, 4);
    put(&im, 700 + 128 + 4, 1, 4);
    put(&im, 700 + 128 + 24, 892, 8);
    put(&im, 700 + 128 + 32, sizeof(text), 8);
    memcpy(im.bytes + 892, text, sizeof(text));
    struct guest_image *image = parse(im.bytes, sizeof(im.bytes));
    const struct guest_image_info *info = guest_image_info(image);

    assert_string_equal(info->guest_os, "linux");
    assert_int_equal(info->hypercall_page, 0xc0104000);
    assert_int_equal(info->paddr_offset, 0xc0000000);
    assert_int_equal(info->entry, 0xc0100000);
    assert_int_equal(info->supported_features, 1 << XENFEAT_dom0);
    guest_image_close(image);
}

static void test_not_kernels(void **state)
{
    struct image im;

    refused("", 0, -ENOEXEC, "not a kernel");
    refused("#!/bin/sh\n", 10, -ENOEXEC, "not a kernel");
    image_init(&im);
    put(&im, 18, 40, 2);                /* ARM */
    refused(im.bytes, sizeof(im.bytes), -ENOEXEC, "not a kernel");
    image_init(&im);
    put(&im, 16, 1, 2);                 /* an object file */
    refused(im.bytes, sizeof(im.bytes), -ENOEXEC, "not a kernel");
    image_init(&im);
    refused(im.bytes, 200, -EINVAL, "damaged");
    image_init(&im);
    put(&im, 64 + 8, UINT64_MAX - 8, 8);
    refused(im.bytes, sizeof(im.bytes), -EINVAL, "damaged");
    image_init(&im);
    put(&im, 64 + 24, UINT64_MAX - 8, 8);
    refused(im.bytes, sizeof(im.bytes), -EINVAL, "damaged");
    image_init(&im);
    put(&im, 64 + 32, 0x4000, 8);       /* more in the file than in memory */
    refused(im.bytes, sizeof(im.bytes), -EINVAL, "damaged");
    image_init(&im);
    put(&im, 56, 0, 2);                 /* nothing to load */
    refused(im.bytes, sizeof(im.bytes), -EINVAL, "damaged");
}

/* ---- packings ---- */

static uint8_t packed[8192];

static size_t pack_gzip(const void *data, size_t size)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = size, .next_out = packed,
                   .avail_out = sizeof(packed) };

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static size_t pack_xz(const void *data, size_t size)
{
    size_t at = 0;

    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, data, size, packed, &at,
                                             sizeof(packed)), LZMA_OK);
    return at;
}

static size_t pack_lzma(const void *data, size_t size)
{
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_options_lzma options;

    lzma_lzma_preset(&options, 0);
    assert_int_equal(lzma_alone_encoder(&z, &options), LZMA_OK);
    z.next_in = data;
    z.avail_in = size;
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
    size_t n = z.total_out;

    lzma_end(&z);
    return n;
}

static size_t pack_zstd(const void *data, size_t size)
{
    return ZSTD_compress(packed, sizeof(packed), data, size, 3);
}

static size_t pack_lz4(const void *data, size_t size)
{
    int n = LZ4_compress_default(data, (char *)packed + 8, size, sizeof(packed) - 8);

    memcpy(packed, "\x02\x21\x4c\x18", 4);
    memcpy(packed + 4, &n, 4);
    return n + 8;
}

static const struct {
    const char *name;
    size_t (*pack)(const void *data, size_t size);
} packers[] = {
    { "gzip", pack_gzip }, { "xz", pack_xz }, { "lzma", pack_lzma }, { "zstd", pack_zstd },
    { "lz4", pack_lz4 },
};

#define PACKERS (sizeof(packers) / sizeof(packers[0]))

/* Of any length, from any address, as zlib counts it. */
static void test_crc32(void **state)
{
    static uint8_t noise[5000];
    struct crc32_table table;

    crc32_init(&table);
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = rand();
    for (size_t len = 0; len < sizeof(noise) - 16; len += 1 + len / 300)
        assert_int_equal(crc32_quickly(&table, noise + len % 16, len),
                         crc32(0, noise + len % 16, len));
}

static void test_packed(void **state)
{
    struct image im;

    linux_notes(&im);
    for (unsigned int i = 0; i < PACKERS; i++) {
        size_t size = packers[i].pack(im.bytes, sizeof(im.bytes));
        struct guest_image *image = parse(packed, size);

        assert_string_equal(guest_image_info(image)->packing, packers[i].name);
        assert_string_equal(guest_image_info(image)->guest_os, "linux");
        guest_image_close(image);
        /* Cut, or with a byte changed: an error or an image, never more. */
        for (size_t n = 0; n < size; n++) {
            if (!guest_image_parse(packed, n, &image, error))
                guest_image_close(image);
            packed[n] ^= 0x55;
            if (!guest_image_parse(packed, size, &image, error))
                guest_image_close(image);
            packed[n] ^= 0x55;
        }
    }
}

static void test_limit(void **state)
{
    static char zeroes[1 << 16];
    const char *packing;
    void *out;
    size_t size;

    for (unsigned int i = 0; i < PACKERS; i++) {
        size_t n = packers[i].pack(zeroes, sizeof(zeroes));

        assert_int_equal(guest_unpack(packed, n, 1000, &out, &size, &packing), -EFBIG);
        assert_int_equal(guest_unpack(packed, n, sizeof(zeroes) + 1, &out, &size, &packing), 0);
        assert_int_equal(size, sizeof(zeroes));
        free(out);
    }
}

/* A boot image with 1 setup sector whose payload has an offset of 64 bytes. */
static size_t boot_image(uint8_t *to, const void *payload, size_t size)
{
    uint32_t offset = 64, length = size;

    memset(to, 0, 1024 + 64);
    to[0x1f1] = 1;
    to[0x1fe] = 0x55;
    to[0x1ff] = 0xaa;
    memcpy(to + 0x202, "HdrS\x0f\x02", 6);
    memcpy(to + 0x248, &offset, 4);
    memcpy(to + 0x24c, &length, 4);
    memcpy(to + 1024 + 64, payload, size);
    return 1024 + 64 + size;
}

static void test_boot_image(void **state)
{
    static uint8_t file[16384];
    struct image im;

    linux_notes(&im);
    for (unsigned int i = 0; i < PACKERS; i++) {
        size_t size = packers[i].pack(im.bytes, sizeof(im.bytes));

        /* Linux appends the unpacked size. */
        memcpy(packed + size, "\0\4\0\0", 4);
        size = boot_image(file, packed, size + 4);
        struct guest_image *image = parse(file, size);

        assert_true(guest_image_info(image)->is_bzimage);
        assert_string_equal(guest_image_info(image)->packing, packers[i].name);
        guest_image_close(image);
        refused(file, size - 1, -EINVAL, "payload");
    }
    size_t size = boot_image(file, im.bytes, sizeof(im.bytes));
    struct guest_image *image = parse(file, size);

    assert_string_equal(guest_image_info(image)->packing, "none");
    guest_image_close(image);
    size = boot_image(file, "BZh91AY&SY and so on", 20);
    refused(file, size, -ENOEXEC, "packed in a way");
    file[0x206] = 7;
    refused(file, size, -ENOEXEC, "2.07");
}

static void test_files(void **state)
{
    char path[] = "/tmp/guest-image-XXXXXX";
    int fd = mkstemp(path);
    struct guest_image *image;
    struct image im;

    image_init(&im);
    assert_int_equal(write(fd, im.bytes, sizeof(im.bytes)), sizeof(im.bytes));
    assert_int_equal(guest_image_open(path, &image, error), 0);
    guest_image_close(image);
    assert_int_equal(ftruncate(fd, 10), 0);
    assert_int_equal(guest_image_open(path, &image, error), -ENOEXEC);
    assert_non_null(strstr(error, path));
    unlink(path);
    close(fd);
    assert_int_equal(guest_image_open(path, &image, error), -ENOENT);
    assert_non_null(strstr(error, "No such file"));
    assert_int_equal(guest_image_open("/", &image, NULL), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_bad_notes),
        cmocka_unit_test(test_legacy),
        cmocka_unit_test(test_not_kernels),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_boot_image),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
