/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables byte for byte, as scripts cut them; the order of domains; uptimes.
 *
 * sources: tools/xm/print.c tools/libs/base/[a-z]*.c
 * flags: -Itools/xm
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xm.h"

static struct sxp *parse(const char *text)
{
    char error[100];
    struct sxp *s = sxp_parse(text, strlen(text), NULL, error, sizeof(error));

    assert_non_null(s);
    return s;
}

/* What print says about the expression. */
static char *printed(void (*print)(const struct sxp *s), const char *text)
{
    struct sxp *s = parse(text);
    FILE *kept = stdout;
    size_t size;
    char *out;

    stdout = open_memstream(&out, &size);
    print(s);
    fclose(stdout);
    stdout = kept;
    sxp_free(s);
    return out;
}

static void assert_printed(void (*print)(const struct sxp *s), const char *text, const char *line)
{
    char *out = printed(print, text);

    assert_string_equal(out, line);
    free(out);
}

static void header(const struct sxp *s)
{
    print_domain_header();
}

static void test_list(void **state)
{
    assert_printed(header, "()",
                   "Name                                        ID   Mem VCPUs      State"
                   "   Time(s)\n");
    assert_printed(print_domain,
                   "(domain (domid 0) (name Domain-0) (memory 1024) (online_vcpus 2) (vcpus 4) "
                   "(state r-----) (cpu_time 63.94))",
                   "Domain-0                                     0  1024     2     r-----"
                   "     63.9\n");
    /* Not running: no id, no state, the configured VCPUs. */
    assert_printed(print_domain, "(domain (name web) (memory 128) (vcpus 3))",
                   "web                                              128     3           "
                   "      0.0\n");
}

static void test_vcpus(void **state)
{
    assert_printed(print_vcpus,
                   "(domain (domid 3) (name web) (vcpu (number 0) (online 1) (running 1) (cpu 1) "
                   "(cpu_time 2.5) (affinity 0-1)) (vcpu (number 1) (online 0) (cpu_time 0)))",
                   "web                                  3     0     1   r--       2.5 0-1\n"
                   "web                                  3     1     -   --p       0.0 any cpu\n");
    assert_printed(print_vcpus, "(domain (name off) (vcpu (number 0)))",
                   "off                                        0                   0.0 any cpu\n");
}

static void test_uptime(void **state)
{
    char text[64];

    format_uptime(0, false, text, sizeof(text));
    assert_string_equal(text, " 0:00:00");
    format_uptime(3725, false, text, sizeof(text));
    assert_string_equal(text, " 1:02:05");
    format_uptime(86400 + 60, false, text, sizeof(text));
    assert_string_equal(text, "1 day,  0:01:00");
    format_uptime(12 * 86400 + 11 * 3600, true, text, sizeof(text));
    assert_string_equal(text, "12 days, 11:00");
}

static void test_order(void **state)
{
    struct sxp *s = parse("(domains (domain (name b)) (domain (name Domain-0)) (domain (name a)))");

    sort_domains(s);
    assert_string_equal(sxp_value(s->item[1], "name"), "Domain-0");
    assert_string_equal(sxp_value(s->item[2], "name"), "a");
    assert_string_equal(sxp_value(s->item[3], "name"), "b");
    sxp_free(s);
    s = parse("(domains)");
    sort_domains(s);
    sxp_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_vcpus),
        cmocka_unit_test(test_uptime),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
