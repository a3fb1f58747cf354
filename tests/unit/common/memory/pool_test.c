/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small objects: they do not overlap, are aligned, keep their contents, and their pages return to
 * the heap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/common/memory/pool.c"

static unsigned int pages_out;
static uint32_t next_frame = 1 << 10;
static uint32_t recycled[4096];
static unsigned int nr_recycled;

void *alloc_pages(unsigned int order, unsigned int flags)
{
    (void)flags;
    uint32_t nr;
    if (order == 0 && nr_recycled) {
        nr = recycled[--nr_recycled];
    } else {
        next_frame = (next_frame + (1u << order) - 1) & ~((1u << order) - 1);
        nr = next_frame;
        next_frame += 1u << order;
    }
    pages_out += 1u << order;
    *mfn_to_frame(mfn_of(nr)) = (struct frame){ .count = FRAME_ALLOCATED };
    return mfn_to_virt(mfn_of(nr));
}

void heap_free(struct frame *f, unsigned int order)
{
    if (order == 0)
        recycled[nr_recycled++] = (uint32_t)mfn_nr(frame_to_mfn(f));
    pages_out -= 1u << order;
}

void free_pages(void *p, unsigned int order) { heap_free(virt_to_frame(p), order); }

static void test_random(void **state)
{
    (void)state;
    static struct { uint8_t *p; size_t size; uint8_t fill; } held[2000];
    unsigned int nr = 0;
    srand(3);
    for (int step = 0; step < 200000; step++) {
        if (nr < ARRAY_SIZE(held) && rand() % 2) {
            size_t size = rand() % 20 ? 1 + (size_t)rand() % 600 : 1 + (size_t)rand() % 20000;
            uint8_t *p = pool_zalloc(size);
            assert_int_equal((uintptr_t)p % 16, 0);
            bool power = size <= 4096 && (size & (size - 1)) == 0;
            assert_true(!power || (uintptr_t)p % size == 0);
            for (size_t i = 0; i < size; i += 1 + size / 16)
                assert_int_equal(p[i], 0);
            held[nr].p = p;
            held[nr].size = size;
            held[nr].fill = (uint8_t)rand();
            memset(p, held[nr].fill, size);
            nr++;
        } else if (nr) {
            unsigned int i = (unsigned)rand() % nr;
            for (size_t k = 0; k < held[i].size; k++)
                assert_int_equal(held[i].p[k], held[i].fill);
            pool_free(held[i].p);
            held[i] = held[--nr];
        }
    }
    while (nr)
        pool_free(held[--nr].p);
    assert_true(pages_out <= CLASSES);
    assert_int_equal(fake_locks_held, 0);
}

static void test_misuse(void **state)
{
    (void)state;
    char *p = pool_alloc(100), *q = pool_alloc(100);
    pool_free(p);
    assert_true(fake_panics(pool_free(p)));
    classes[class_of(100)].lock.owner = 0;
    assert_true(fake_panics(pool_free(q + 8)));
    assert_null(pool_zalloc_array(1ul << 40, 1ul << 40));
    assert_null(pool_alloc(1ul << 60));
    pool_free(NULL);
    pool_free(q);
}

int main(void)
{
    fake_machine_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random), cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
