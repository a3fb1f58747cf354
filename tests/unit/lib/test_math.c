/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic, lists and sorting.
 *
 * sources: xen/lib/sort.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <lib/list.h>
#include <lib/math.h>
#include <lib/sort.h>
#include <lib/string.h>

static void rounding(void **state)
{
    for (uint64_t unit = 1; unit < 20; unit++) {
        for (uint64_t n = 0; n < 100; n++) {
            uint64_t down = 0;
            while (down + unit <= n)
                down += unit;
            uint64_t up = down == n ? n : down + unit;
            assert_int_equal(round_down(n, unit), down);
            assert_int_equal(round_up(n, unit), up);
            assert_int_equal(div_round_up(n, unit), up / unit);
            assert_int_equal(is_aligned(n, unit), down == n);
        }
    }
    assert_int_equal(div_round_up(UINT64_MAX, 4096), UINT64_MAX / 4096 + 1);
}

static void powers(void **state)
{
    for (unsigned int i = 0; i < 64; i++) {
        uint64_t n = 1ull << i;
        assert_int_equal(ilog2(n), i);
        assert_int_equal(ilog2(n | 1), i);
        assert_int_equal(ilog2_up(n), i);
        assert_true(is_pow2(n));
        assert_int_equal(is_pow2(n | 1), i == 0);
        assert_int_equal(count_bits(n - 1), i);
    }
    assert_false(is_pow2(0));
    assert_int_equal(ilog2_up(0), 0);
    assert_int_equal(ilog2_up(5), 3);
    assert_int_equal(count_bits(UINT64_MAX), 64);
}

static void choices(void **state)
{
    int once = 0;

    assert_int_equal(min(once++, 5), 0);
    assert_int_equal(once, 1);
    assert_int_equal(max(min(3, 4), max(1, min(9, 2))), 3);
    assert_int_equal(clamp(7, 0, 5), 5);
    assert_int_equal(clamp(-7, 0, 5), 0);
    assert_int_equal(min_t(unsigned int, -1, 5), 5);
}

static void wide_products(void **state)
{
    for (int i = 0; i < 10000; i++) {
        uint64_t a = (uint64_t)random() << 33 ^ (uint64_t)random() << (random() % 32);
        uint64_t b = (uint64_t)random() << (random() % 34);
        uint64_t c = 1 + ((uint64_t)random() << (random() % 33));
        unsigned __int128 exact = (unsigned __int128)a * b / c;
        assert_true(muldiv64(a, b, c) == (exact > UINT64_MAX ? UINT64_MAX : (uint64_t)exact));
        unsigned int shift = (unsigned int)(random() % 64);
        assert_true(mul_u64_u32_shr(a, (uint32_t)b, shift) ==
                    (uint64_t)((unsigned __int128)a * (uint32_t)b >> shift));
    }
}

struct item {
    int value;
    struct list_head link;
};

static void check_list(const struct list_head *head, const char *expected)
{
    const struct item *i;
    char text[16] = "", back[16] = "";
    size_t n = 0, m = strlen(expected);

    list_for_each_entry(i, head, link)
        text[n++] = (char)('0' + i->value);
    assert_string_equal(text, expected);
    list_for_each_entry_reverse(i, head, link)
        back[--m] = (char)('0' + i->value);
    assert_string_equal(back, expected);
}

static void lists(void **state)
{
    struct item items[6];
    struct item *i, *next;
    LIST_HEAD(head);
    LIST_HEAD(other);

    assert_true(list_empty(&head));
    assert_null(list_first_entry_or_null(&head, struct item, link));
    for (int k = 0; k < 6; k++) {
        items[k].value = k;
        list_add_tail(&items[k].link, k < 4 ? &head : &other);
    }
    check_list(&head, "0123");
    list_move(&items[2].link, &head);
    list_move_tail(&items[0].link, &head);
    check_list(&head, "2130");
    list_splice_init(&other, &head);
    check_list(&head, "452130");
    assert_true(list_empty(&other));
    list_splice_init(&other, &head);
    assert_ptr_equal(list_first_entry(&head, struct item, link), &items[4]);
    assert_ptr_equal(list_last_entry(&head, struct item, link), &items[0]);
    assert_ptr_equal(list_prev_entry(&items[0], link), &items[3]);
    list_for_each_entry_safe(i, next, &head, link) {
        if (i->value % 2 == 0)
            list_del(&i->link);
    }
    check_list(&head, "513");
    assert_null(items[0].link.next);
    list_del_init(&items[5].link);
    assert_true(list_empty(&items[5].link));
    list_add(&items[0].link, &items[1].link);
    check_list(&head, "103");
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void sorting(void **state)
{
    int ours[200], theirs[200];

    for (size_t n = 0; n < 200; n++) {
        for (size_t i = 0; i < n; i++)
            ours[i] = theirs[i] = rand() % 50;
        sort(ours, n, sizeof(ours[0]), compare_ints);
        qsort(theirs, n, sizeof(theirs[0]), compare_ints);
        assert_memory_equal(ours, theirs, n * sizeof(ours[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding),
        cmocka_unit_test(powers),
        cmocka_unit_test(choices),
        cmocka_unit_test(wide_products),
        cmocka_unit_test(lists),
        cmocka_unit_test(sorting),
    };
    return cmocka_run_group_tests_name("math", tests, NULL, NULL);
}
