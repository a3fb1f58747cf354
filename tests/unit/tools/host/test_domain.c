/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains as text: states, UUIDs, the list that grows.
 *
 * sources: tools/libs/host/domain.c tools/libs/base/[a-z]*.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <host/host.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/sched.h>
#include <xs/xs.h>

/* ---- a hypervisor with that many domains, a store that knows one name ---- */

static unsigned int domains;

int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count)
{
    unsigned int n = domains < *count ? domains : *count;

    memset(info, 0, n * sizeof(*info));
    for (unsigned int i = 0; i < n; i++) {
        info[i].domain = first + i;
        info[i].tot_pages = 256 * 100;
        info[i].cpu_time = 1500000000;
    }
    *count = n;
    return 0;
}

int xs_read(struct xs *xs, uint32_t tx, const char *path, char **value, size_t *len)
{
    if (strcmp(path, "/local/domain/1/name"))
        return -ENOENT;
    *value = strdup("web");
    return 0;
}

static const char *state_of(uint32_t flags)
{
    static char text[HOST_STATE_SIZE];

    host_state_text(flags, text);
    return text;
}

static void test_states(void **state)
{
    uint32_t down = XEN_DOMINF_shutdown;

    assert_string_equal(state_of(0), "------");
    assert_string_equal(state_of(XEN_DOMINF_running), "r-----");
    assert_string_equal(state_of(XEN_DOMINF_blocked | XEN_DOMINF_paused), "-bp---");
    assert_string_equal(state_of(down), "---s--");
    /* A crash is told as a crash only. */
    assert_string_equal(state_of(down | SHUTDOWN_crash << XEN_DOMINF_shutdownshift), "----c-");
    assert_string_equal(state_of(XEN_DOMINF_dying | down), "---s-d");
    assert_int_equal(host_shutdown_reason(down | 1 << XEN_DOMINF_shutdownshift), SHUTDOWN_reboot);
}

static void test_uuids(void **state)
{
    uint8_t uuid[16];
    char text[37];

    assert_true(host_uuid_parse("01234567-89ab-cdef-0123-456789abcdef", uuid));
    assert_int_equal(uuid[0], 0x01);
    assert_int_equal(uuid[15], 0xef);
    host_uuid_text(uuid, text);
    assert_string_equal(text, "01234567-89ab-cdef-0123-456789abcdef");
    assert_true(host_uuid_parse("0123456789abcdef0123456789ABCDEF", uuid));
    assert_false(host_uuid_parse("", uuid));
    assert_false(host_uuid_parse("0123", uuid));
    assert_false(host_uuid_parse("01234567-89ab-cdef-0123-456789abcdeg", uuid));
    assert_false(host_uuid_parse("01234567-89ab-cdef-0123-456789abcdef0", uuid));
}

static void test_list(void **state)
{
    static const unsigned int counts[] = { 0, 1, 63, 64, 65, 1000 };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct sxp *s;

        domains = counts[i];
        assert_int_equal(host_domains(NULL, (struct xs *)1, &s), 0);
        assert_int_equal(s->count, counts[i] + 1);
        if (counts[i] > 1) {
            assert_string_equal(sxp_value(s->item[2], "name"), "web");
            assert_string_equal(sxp_value(s->item[2], "memory"), "100");
            assert_string_equal(sxp_value(s->item[1], "name"), "Domain-0");
            assert_string_equal(sxp_value(s->item[2], "state"), "------");
        }
        sxp_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_uuids),
        cmocka_unit_test(test_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
