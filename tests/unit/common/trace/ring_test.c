/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU's ring of trace records, with a reader that takes as much as it likes when it likes: each
 * record arrives once, in order and whole, or is counted as lost; nothing is written outside of the
 * ring, also when the reader writes nonsense into its head.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/common/trace/ring.c"

#define GUARD 64
#define BYTES 4096

static uint8_t memory[GUARD + BYTES + GUARD] aligned(64);
static struct trace_ring ring;
static uint64_t now;

static int setup(void **state)
{
    (void)state;
    memset(memory, 0xa5, sizeof(memory));
    ring_init(&ring, memory + GUARD, BYTES);
    now = 1000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < GUARD; i++) {
        assert_int_equal(memory[i], 0xa5);
        assert_int_equal(memory[GUARD + BYTES + i], 0xa5);
    }
    return 0;
}

static bool put(uint32_t event, unsigned int words, uint32_t first)
{
    uint32_t data[TRACE_EXTRA_MAX];

    for (unsigned int i = 0; i < words; i++)
        data[i] = first + i;
    const struct trace_record rec = { .event = event, .vcpu = 3 << 16 | 7, .ticks = now++,
                                      .words = words, .data = data };
    return ring_put(&ring, &rec);
}

/* ---- The reader ---- */

struct seen { uint32_t event; uint64_t stamp; unsigned int words; uint32_t data[7]; };

static uint32_t size_of_data(void) { return BYTES - sizeof(struct t_buf); }

/* The next record but padding; it lies in one piece. */
static bool take(struct seen *s)
{
    struct t_buf *head = (struct t_buf *)(memory + GUARD);

    while (head->cons != head->prod) {
        uint32_t at = head->cons % size_of_data(), word;
        const uint8_t *p = (const uint8_t *)(head + 1) + at;
        memcpy(&word, p, 4);
        bool stamped = TRC_HD_INCLUDES_CYCLE_COUNT(word);
        *s = (struct seen){ .event = TRC_HD_TO_EVENT(word), .words = TRC_HD_EXTRA(word) };
        uint32_t bytes = 4 + (stamped ? 8 : 0) + 4 * s->words;
        assert_true(at + bytes <= size_of_data());
        if (stamped)
            memcpy(&s->stamp, p + 4, 8);
        memcpy(s->data, p + (stamped ? 12 : 4), 4 * s->words);
        head->cons = (head->cons + bytes) % (2 * size_of_data());
        if (s->event != TRC_TRACE_WRAP_BUFFER)
            return true;
    }
    return false;
}

static void one_record(void **state)
{
    struct seen s;

    (void)state;
    assert_false(take(&s));
    assert_false(put(TRC_SCHED_WAKE, 2, 40));
    assert_true(take(&s));
    assert_int_equal(s.event, TRC_SCHED_WAKE);
    assert_int_equal(s.words, 2);
    assert_int_equal(s.stamp, 1000);
    assert_int_equal(s.data[0], 40);
    assert_int_equal(s.data[1], 41);
    assert_false(take(&s));
}

static void random_traffic(void **state)
{
    uint32_t sent = 0, expected = 0;
    uint64_t lost = 0;
    struct seen s;

    (void)state;
    srandom(1);
    for (unsigned int i = 0; i < 300000; i++) {
        unsigned int words = 1 + (unsigned int)random() % TRACE_EXTRA_MAX;
        put(TRC_PV_TRAP + words, words, sent++);
        /* In phases the reader keeps up, or does not. */
        unsigned int eager = i / 5000 % 3 == 2 ? 1 : 4;
        for (unsigned int n = (unsigned int)random() % eager; n && take(&s); n--) {
            if (s.event == TRC_LOST_RECORDS) {
                assert_int_equal(s.words, 4);
                assert_true(s.data[0] > 0);
                assert_int_equal(s.data[1], 3 << 16 | 7);
                assert_int_equal(s.data[2] | (uint64_t)s.data[3] << 32, 1000 + expected);
                expected += s.data[0];
                lost += s.data[0];
                continue;
            }
            assert_int_equal(s.data[0], expected);
            assert_int_equal(s.stamp, 1000 + expected);
            assert_int_equal(s.words, s.event - TRC_PV_TRAP);
            expected++;
        }
    }
    assert_true(lost > 1000);
    assert_true(expected > 100000);
}

/* Once for each time that the ring gets half full. */
static void high_water(void **state)
{
    unsigned int told = 0, puts = 0;
    struct seen s;

    (void)state;
    for (; puts < 300; puts++)
        told += put(TRC_SCHED_WAKE, 2, 0);
    assert_int_equal(told, 1);
    while (take(&s))
        ;
    for (puts = 0; puts < 300; puts++)
        told += put(TRC_SCHED_WAKE, 2, 0);
    assert_int_equal(told, 2);
}

static void lying_reader(void **state)
{
    struct t_buf *head = (struct t_buf *)(memory + GUARD);

    (void)state;
    srandom(2);
    for (unsigned int i = 0; i < 200000; i++) {
        switch (random() % 4) {
        case 0: head->cons = (uint32_t)random() * 2; break;
        case 1: head->cons = (uint32_t)random() % (2 * size_of_data() + 64); break;
        case 2: head->prod = (uint32_t)random(); break;
        default: head->cons = ring.prod;
        }
        put(TRC_SCHED_WAKE, (unsigned int)random() % (TRACE_EXTRA_MAX + 1), i);
        assert_true(ring.prod < 2 * size_of_data());
    }
}

/* It gets nothing while it lies, and all again when it does not. */
static void reader_repents(void **state)
{
    struct t_buf *head = (struct t_buf *)(memory + GUARD);
    struct seen s;

    (void)state;
    head->cons = 2 * size_of_data();
    for (unsigned int i = 0; i < 5; i++)
        put(TRC_SCHED_WAKE, 1, i);
    assert_int_equal(head->prod, 0);
    head->cons = head->prod;
    put(TRC_SCHED_WAKE, 1, 5);
    assert_true(take(&s));
    assert_int_equal(s.event, TRC_LOST_RECORDS);
    assert_int_equal(s.data[0], 5);
    assert_true(take(&s));
    assert_int_equal(s.data[0], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_record, setup, teardown),
        cmocka_unit_test_setup_teardown(random_traffic, setup, teardown),
        cmocka_unit_test_setup_teardown(high_water, setup, teardown),
        cmocka_unit_test_setup_teardown(lying_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(reader_repents, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
