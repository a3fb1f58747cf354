/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bitmaps against an array of bools, with lengths around the borders of words.
 *
 * sources: xen/lib/bitmap.c xen/lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <lib/bitmap.h>
#include <lib/math.h>
#include <lib/string.h>

#define BITS 200

static const unsigned long lengths[] = { 1, 2, 63, 64, 65, 127, 128, 129, 192, 200 };

static void load(unsigned long *map, bool *flags, unsigned long bits)
{
    memset(map, rand() & 1 ? 0xff : 0, BITS_TO_LONGS(BITS) * sizeof(*map));
    int density = rand() % 5;
    for (unsigned long i = 0; i < bits; i++) {
        flags[i] = density == 0 ? false : density == 4 ? true : rand() % 4 < density;
        bitmap_assign(map, i, flags[i]);
    }
}

static void finds_and_counts(void **state)
{
    DECLARE_BITMAP(map, BITS);
    bool flags[BITS];

    for (int round = 0; round < 300; round++) {
        unsigned long bits = lengths[round % (int)ARRAY_SIZE(lengths)];
        load(map, flags, bits);
        unsigned long weight = 0;
        for (unsigned long start = 0; start <= bits; start++) {
            unsigned long set = start, zero = start;
            while (set < bits && !flags[set])
                set++;
            while (zero < bits && flags[zero])
                zero++;
            assert_int_equal(bitmap_find_next(map, bits, start), set);
            assert_int_equal(bitmap_find_next_zero(map, bits, start), zero);
            weight += start < bits && flags[start];
        }
        assert_int_equal(bitmap_weight(map, bits), weight);
        assert_int_equal(bitmap_is_empty(map, bits), weight == 0);
        assert_int_equal(bitmap_is_full(map, bits), weight == bits);
        unsigned int bit;
        bitmap_for_each(bit, map, bits) {
            assert_true(flags[bit]);
            weight--;
        }
        assert_int_equal(weight, 0);
    }
}

static void ranges(void **state)
{
    for (unsigned long first = 0; first < 130; first++) {
        for (unsigned long count = 0; first + count <= 140; count++) {
            DECLARE_BITMAP(map, BITS);
            bitmap_zero(map, BITS);
            bitmap_set_range(map, first, count);
            assert_int_equal(bitmap_weight(map, BITS), count);
            assert_true(count == 0 || (bitmap_test(map, first) &&
                                       bitmap_test(map, first + count - 1)));
            bitmap_fill(map, BITS);
            bitmap_clear_range(map, first, count);
            assert_int_equal(bitmap_weight(map, BITS), BITS - count);
        }
    }
}

static void combinations(void **state)
{
    DECLARE_BITMAP(a, BITS);
    DECLARE_BITMAP(b, BITS);
    DECLARE_BITMAP(c, BITS);
    bool in_a[BITS], in_b[BITS];

    for (int round = 0; round < 300; round++) {
        unsigned long bits = lengths[round % (int)ARRAY_SIZE(lengths)];
        load(a, in_a, bits);
        load(b, in_b, bits);
        bool equal = true, intersects = false, subset = true;
        for (unsigned long i = 0; i < bits; i++) {
            equal = equal && in_a[i] == in_b[i];
            intersects = intersects || (in_a[i] && in_b[i]);
            subset = subset && (!in_a[i] || in_b[i]);
        }
        assert_int_equal(bitmap_equal(a, b, bits), equal);
        assert_int_equal(bitmap_intersects(a, b, bits), intersects);
        assert_int_equal(bitmap_is_subset(a, b, bits), subset);
        for (unsigned long i = 0; i < bits; i++) {
            bitmap_and(c, a, b, bits);
            assert_int_equal(bitmap_test(c, i), in_a[i] && in_b[i]);
            bitmap_or(c, a, b, bits);
            assert_int_equal(bitmap_test(c, i), in_a[i] || in_b[i]);
            bitmap_andnot(c, a, b, bits);
            assert_int_equal(bitmap_test(c, i), in_a[i] && !in_b[i]);
        }
        bitmap_copy(c, a, bits);
        assert_true(bitmap_equal(a, c, bits));
    }
}

static void prints(void **state)
{
    DECLARE_BITMAP(map, BITS);
    char buf[64];

    bitmap_zero(map, BITS);
    assert_int_equal(bitmap_print_list(buf, sizeof(buf), map, BITS), 0);
    assert_string_equal(buf, "");
    bitmap_set_range(map, 0, 4);
    bitmap_set(map, 5);
    bitmap_set_range(map, 62, 138);
    assert_int_equal(bitmap_print_list(buf, sizeof(buf), map, BITS), 12);
    assert_string_equal(buf, "0-3,5,62-199");
    assert_int_equal(bitmap_print_list(buf, 6, map, BITS), 12);
    assert_string_equal(buf, "0-3,5");
    assert_false(bitmap_test_and_set(map, 7));
    assert_true(bitmap_test_and_set(map, 7));
    assert_true(bitmap_test_and_clear(map, 7));
    assert_false(bitmap_test(map, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_counts),
        cmocka_unit_test(ranges),
        cmocka_unit_test(combinations),
        cmocka_unit_test(prints),
    };
    srand(1);
    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
