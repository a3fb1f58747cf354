/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Range sets against an array of bools; memory that runs out must leave them as they were.
 *
 * sources: xen/lib/rangeset.c xen/lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include <lib/errno.h>
#include <lib/rangeset.h>
#include <lib/string.h>

#define NUMBERS 80

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

struct walk {
    const bool *in;
    unsigned long next;     /* the least number that the next range may begin with */
};

static int visit(void *context, unsigned long first, unsigned long last)
{
    struct walk *w = context;

    assert_true(first >= w->next && first <= last);
    for (unsigned long i = w->next; i < first; i++)
        assert_false(w->in[i]);
    for (unsigned long i = first; i <= last; i++)
        assert_true(w->in[i]);
    w->next = last + 2;     /* else it would have been joined */
    assert_true(last + 1 >= NUMBERS || !w->in[last + 1]);
    return 0;
}

static void random_life(void **state)
{
    struct rangeset *set = rangeset_create(&memory);
    bool in[NUMBERS] = { false };

    for (int round = 0; round < 20000; round++) {
        unsigned long a = (unsigned long)(rand() % NUMBERS), b = (unsigned long)(rand() % NUMBERS);
        unsigned long first = a < b ? a : b, last = a < b ? b : a;
        bool adds = rand() % 2 == 0;
        last = rand() % 2 == 0 ? last : first;
        allowance = rand() % 8 == 0 ? 0 : -1;
        int rc = adds ? rangeset_add(set, first, last) : rangeset_remove(set, first, last);
        assert_true(rc == 0 || (rc == -ENOMEM && allowance == 0));
        if (rc == 0)
            memset(in + first, adds, last - first + 1);
        struct walk w = { in, 0 };
        rangeset_for_each(set, visit, &w);
        for (unsigned long i = w.next; i < NUMBERS; i++)
            assert_false(in[i]);
        bool all = true, any = false;
        for (unsigned long i = first; i <= last; i++) {
            all = all && in[i];
            any = any || in[i];
        }
        assert_int_equal(rangeset_contains(set, first, last), all);
        assert_int_equal(rangeset_overlaps(set, first, last), any);
        assert_int_equal(rangeset_has(set, first), in[first]);
    }
    rangeset_destroy(set);
    assert_int_equal(live, 0);
}

static void ends_of_the_line(void **state)
{
    struct rangeset set;
    char text[64];

    allowance = -1;
    rangeset_init(&set, &memory);
    assert_true(rangeset_is_empty(&set));
    assert_int_equal(rangeset_add(&set, 5, 4), -EINVAL);
    assert_int_equal(rangeset_remove(&set, 5, 4), -EINVAL);
    assert_int_equal(rangeset_add(&set, ~0ul, ~0ul), 0);
    assert_int_equal(rangeset_add(&set, 0, 0), 0);
    assert_false(rangeset_contains(&set, 0, ~0ul));
    assert_int_equal(rangeset_add(&set, 0, ~0ul), 0);
    assert_true(rangeset_contains(&set, 0, ~0ul));
    assert_int_equal(rangeset_remove(&set, 16, ~0ul - 16), 0);
    assert_int_equal(rangeset_remove(&set, 3, 3), 0);
    rangeset_print(text, sizeof(text), &set, true);
    assert_string_equal(text, "0-2,4-f,fffffffffffffff0-ffffffffffffffff");
    assert_int_equal(rangeset_print(text, 4, &set, true), 41);
    assert_string_equal(text, "0-2");
    rangeset_clear(&set);
    assert_true(rangeset_is_empty(&set));
    assert_false(rangeset_overlaps(&set, 0, ~0ul));
    assert_int_equal(live, 0);
    rangeset_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_life),
        cmocka_unit_test(ends_of_the_line),
    };
    srand(1);
    return cmocka_run_group_tests_name("rangeset", tests, NULL, NULL);
}
