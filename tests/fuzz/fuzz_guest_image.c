/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel images as libguest reads them: packed or not, with notes; then the layout of a domain.
 *
 * sources: tools/libs/guest/error.c tools/libs/guest/image/file.c tools/libs/guest/image/unpack.c
 * sources: tools/libs/guest/image/elf.c tools/libs/guest/image/notes.c
 * sources: tools/libs/guest/image/image.c tools/libs/guest/pv_layout.c
 * sources: tools/libs/guest/pv_tables.c
 * sources: tools/libs/guest/image/xz.c tools/libs/guest/image/crc32.c
 * sources: xen/lib/xz.c xen/lib/lzma.c xen/lib/crc.c
 * flags: -lz -llzma -lzstd -llz4 -lsodium
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <guest/guest.h>
#include <guest/pv.h>

#define PAGES 65536ull

/* What was planned lies inside the domain's memory, and its tables where they are filled. */
static void check(const struct pv_layout *l)
{
    uint64_t ramdisk_end = l->ramdisk_pfn + pages_of(l->ramdisk_size);

    if (l->kernel_pages > PAGES || ramdisk_end > PAGES || l->p2m_pfn + l->p2m_pages > PAGES ||
        l->stack_pfn >= PAGES || l->l4_pfn + l->table_pages != l->stack_pfn ||
        l->range.end <= l->range.start)
        abort();
    uint64_t sum = l->range.count[1] + l->range.count[2] + l->range.count[3];

    if (sum + 1 > l->table_pages || (l->range.end - l->range.start) >> PAGE_SHIFT > PAGES)
        abort();
    if (!l->p2m_is_elsewhere)
        return;
    const struct pv_range *r = &l->p2m_range;

    if (r->tables_pfn + r->count[1] + r->count[2] + r->count[3] > PAGES)
        abort();
}

/* Filling them stays inside the tables, as the sanitizer sees. */
static void fill(const struct pv_layout *l)
{
    xen_pfn_t *p2m = calloc(PAGES, sizeof(*p2m));
    uint64_t sum = l->range.count[1] + l->range.count[2] + l->range.count[3];
    uint64_t *tables = malloc(sum * 4096), *l4 = calloc(1, 4096);

    pv_tables_fill(&l->range, tables, l4, p2m, l->l4_pfn, l->l4_pfn + l->table_pages);
    free(p2m);
    free(tables);
    free(l4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[GUEST_ERROR_SIZE];
    struct guest_image *image;
    struct pv_layout l = { 0 };

    if (guest_image_parse(data, size, &image, error))
        return 0;
    const struct guest_image_info *info = guest_image_info(image);

    if (!pv_layout_plan(info, PAGES, size % 3 * 5000, &l, error)) {
        check(&l);
        fill(&l);
    }
    guest_image_close(image);
    return 0;
}
