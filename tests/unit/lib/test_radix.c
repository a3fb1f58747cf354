/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sparse arrays against a plain list of pairs; no node may be left when the last entry goes.
 *
 * sources: xen/lib/radix.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <lib/errno.h>
#include <lib/math.h>
#include <lib/radix.h>

static int allowance = -1;  /* allocations that still succeed; negative: all do */
static int live;

static void *take(size_t size)
{
    if (allowance == 0)
        return NULL;
    allowance -= allowance > 0;
    live++;
    return malloc(size);
}

static void give(void *memory)
{
    live--;
    free(memory);
}

static const struct lib_allocator memory = { take, give };

static const uint64_t indices[] = {
    0, 1, 63, 64, 65, 127, 4095, 4096, 4097, 262143, 262144, 0xffffffff, 0x100000000, 1ull << 59,
    (1ull << 60) - 1, 1ull << 60, 1ull << 63, UINT64_MAX - 64, UINT64_MAX - 1, UINT64_MAX,
};
#define COUNT ((int)ARRAY_SIZE(indices))

static int entry[ARRAY_SIZE(indices)];

static void check(const struct radix_tree *tree, const bool *in)
{
    uint64_t at = 0;
    bool is_over = false;

    for (int i = 0; i < COUNT; i++) {
        assert_ptr_equal(radix_lookup(tree, indices[i]), in[i] ? &entry[i] : NULL);
        uint64_t from = indices[i];
        int wanted = i;
        while (wanted < COUNT && !in[wanted])
            wanted++;
        const int *found = radix_next(tree, &from);
        assert_ptr_equal(found, wanted < COUNT ? &entry[wanted] : NULL);
        assert_true(wanted == COUNT || from == indices[wanted]);
        if (in[i]) {
            assert_false(is_over);
            assert_ptr_equal(radix_next(tree, &at), &entry[i]);
            is_over = ++at == 0;
        }
    }
}

static void random_life(void **state)
{
    struct radix_tree tree;
    bool in[ARRAY_SIZE(indices)] = { false };

    radix_init(&tree, &memory);
    for (int round = 0; round < 20000; round++) {
        int i = rand() % (rand() % 2 ? COUNT : 12);
        allowance = rand() % 4 == 0 ? rand() % 5 : -1;
        if (rand() % 2 == 0) {
            int before = live;
            int rc = radix_insert(&tree, indices[i], &entry[i]);
            assert_true(rc == (in[i] ? -EEXIST : 0) || rc == -ENOMEM);
            /* Levels that were added for it may stay if others are below them. */
            assert_true(rc != -ENOMEM || live == before || tree.root != NULL);
            in[i] = in[i] || rc == 0;
        } else {
            assert_ptr_equal(radix_delete(&tree, indices[i]), in[i] ? &entry[i] : NULL);
            in[i] = false;
        }
        check(&tree, in);
        bool any = false;
        for (int k = 0; k < COUNT; k++)
            any = any || in[k];
        assert_true(any == (live > 0));
    }
    radix_clear(&tree, NULL);
    assert_int_equal(live, 0);
}

static int dropped;

static void drop(void *e)
{
    ++*(int *)e;
    dropped++;
}

static void clearing(void **state)
{
    struct radix_tree tree;

    allowance = -1;
    radix_init(&tree, &memory);
    radix_clear(&tree, drop);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(radix_insert(&tree, indices[i], &entry[i]), 0);
    assert_int_equal(radix_insert(&tree, 5, NULL), -EINVAL);
    radix_clear(&tree, drop);
    assert_int_equal(dropped, COUNT);
    assert_int_equal(live, 0);
    assert_null(radix_lookup(&tree, 0));
    assert_int_equal(radix_insert(&tree, 7, &entry[0]), 0);
    radix_clear(&tree, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_life),
        cmocka_unit_test(clearing),
    };
    srand(1);
    return cmocka_run_group_tests_name("radix", tests, NULL, NULL);
}
