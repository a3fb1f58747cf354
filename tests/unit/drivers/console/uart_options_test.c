/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What com1= may say.
 *
 * sources: xen/lib/parse.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xen/drivers/console/uart_options.c"

static const struct uart_config fresh = { .io_base = 0x3f8, .irq = 4 };

static void fields_from_the_left(void **state)
{
    struct uart_config c = fresh;
    (void)state;
    assert_int_equal(uart_parse("115200", &c), 0);
    assert_true(c.wanted && c.baud == 115200 && c.base_baud == 115200 && c.line == UART_LINE_8N1);
    assert_true(c.io_base == 0x3f8 && c.irq == 4);
    assert_int_equal(uart_parse("9600/1843200,7e2,0x2f8,3", &c), 0);
    assert_true(c.baud == 9600 && c.base_baud == 1843200 && c.io_base == 0x2f8 && c.irq == 3);
    assert_int_equal(c.line, 2 | 4 | 0x18);
}

static void empty_fields_keep_what_was(void **state)
{
    struct uart_config c = fresh;
    (void)state;
    assert_int_equal(uart_parse("auto,,,0", &c), 0);
    assert_true(c.wanted && c.baud == UART_BAUD_AUTO && c.io_base == 0x3f8 && c.irq == 0);
    c = fresh;
    assert_int_equal(uart_parse("", &c), 0);
    assert_true(c.wanted && c.baud == UART_BAUD_AUTO);
}

static void nonsense_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "fast", "0", "115200/0", "115200/9600", "115200,9n1", "115200,8x1", "115200,8n3",
        "115200,8n", "115200,8n1,0", "115200,8n1,0x10000", "115200,8n1,0x3f8,16",
        "115200,8n1,0x3f8,4,1", "1152oo", "/115200",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct uart_config c = fresh;
        assert_int_equal(uart_parse(wrong[i], &c), -EINVAL);
        assert_memory_equal(&c, &fresh, sizeof(c));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_from_the_left),
        cmocka_unit_test(empty_fields_keep_what_was),
        cmocka_unit_test(nonsense_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
