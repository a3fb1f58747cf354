/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The switch of serial input between us and dom0: three of its character in a row change the
 * reader and are eaten, fewer are input like any other; what is typed for dom0 waits in order.
 *
 * sources: xen/lib/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/machine.h"

#include "xen/common/console/input.c"

DEFINE_PER_CPU(uint32_t, softirq_pending);
unsigned long percpu_offset[MAX_CPUS];

static char to_keys[64];
static size_t to_keys_len;

unsigned long irq_save(void) { return 0; }
void irq_restore(unsigned long flags) { (void)flags; }
void ticket_wait(struct spinlock *lock, uint16_t ticket) { abort(); }
void key_typed(unsigned char key) { to_keys[to_keys_len++] = (char)key; }

static int start(void **state)
{
    (void)state;
    conswitch = (struct conswitch){ .code = 1 };
    to_keys_len = 0;
    queue_in = queue_out = 0;
    percpu_softirq_pending = 0;
    return 0;
}

static void type(const char *text)
{
    while (*text)
        console_input(*text++);
}

static void three_in_a_row_switch(void **state)
{
    (void)state;
    type("x\1\1\1y");
    assert_true(conswitch.to_dom0);
    assert_int_equal(to_keys_len, 1);
    char buf[8];
    assert_int_equal(input_take(buf, sizeof(buf)), 1);
    assert_int_equal(buf[0], 'y');
    assert_true(percpu_softirq_pending & (1u << SOFTIRQ_CONSOLE));
    assert_true(input_pending_virq());
    assert_false(input_pending_virq());
    type("\1\1\1h");
    assert_false(conswitch.to_dom0);
    assert_memory_equal(to_keys, "xh", 2);
}

static void fewer_are_input(void **state)
{
    (void)state;
    type("\1\1q\1z");
    assert_int_equal(to_keys_len, 5);
    assert_memory_equal(to_keys, "\1\1q\1z", 5);
    assert_false(conswitch.to_dom0);
}

static void backtick_never_switches(void **state)
{
    bool at_boot;
    (void)state;
    assert_int_equal(conswitch_parse("`", &conswitch, &at_boot), 0);
    assert_true(at_boot);
    type("\1\1\1\1");
    assert_int_equal(to_keys_len, 4);
    assert_false(conswitch.to_dom0);
}

static void option(void **state)
{
    bool at_boot;
    (void)state;
    assert_int_equal(conswitch_parse("bx", &conswitch, &at_boot), 0);
    assert_int_equal(conswitch.code, 2);
    assert_false(at_boot);
    assert_int_equal(conswitch_parse("O", &conswitch, &at_boot), 0);
    assert_int_equal(conswitch.code, 15);
    assert_int_equal(conswitch_parse("", &conswitch, &at_boot), -EINVAL);
    assert_int_equal(conswitch_parse("1", &conswitch, &at_boot), -EINVAL);
    assert_int_equal(conswitch.code, 15);
}

static void a_full_queue_drops_the_newest(void **state)
{
    (void)state;
    type("\1\1\1");
    for (unsigned int i = 0; i < QUEUE_SIZE + 10; i++)
        console_input((char)('a' + i % 26));
    char buf[QUEUE_SIZE + 10];
    assert_int_equal(input_take(buf, sizeof(buf)), QUEUE_SIZE);
    for (unsigned int i = 0; i < QUEUE_SIZE; i++)
        assert_int_equal(buf[i], 'a' + i % 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(three_in_a_row_switch, start),
        cmocka_unit_test_setup(fewer_are_input, start),
        cmocka_unit_test_setup(backtick_never_switches, start),
        cmocka_unit_test_setup(option, start),
        cmocka_unit_test_setup(a_full_queue_drops_the_newest, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
