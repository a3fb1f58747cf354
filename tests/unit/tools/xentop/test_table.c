/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentop's table byte for byte, of a made-up hypervisor and statistics in a folder.
 *
 * sources: tools/xentop/sample.c tools/xentop/format.c tools/libs/host/domain.c
 * sources: tools/libs/base/[a-z]*.c
 * flags: -Itools/xentop
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xs/xs.h>

#include "xentop.h"

static uint64_t cpu_time = 5000000000;
static char folder[] = "/tmp/xentop-XXXXXX";

/* ---- the hypervisor: Domain-0, and domain 3 that runs; the store knows its name ---- */

int xc_domain_list(struct xc *xc, uint32_t first, struct xen_domctl_getdomaininfo *info,
                   unsigned int *count)
{
    memset(info, 0, 2 * sizeof(*info));
    info[0].max_pages = UINT32_MAX;
    info[0].tot_pages = 256 * 512;
    info[0].flags = XEN_DOMINF_blocked;
    info[1].domain = 3;
    info[1].max_pages = 256 * 128;
    info[1].tot_pages = 256 * 64;
    info[1].flags = XEN_DOMINF_running;
    info[1].cpu_time = cpu_time;
    info[1].max_vcpu_id = 1;
    *count = 2;
    return 0;
}

int xc_physinfo(struct xc *xc, struct xen_sysctl_physinfo *info)
{
    *info = (struct xen_sysctl_physinfo){ .total_pages = 256 * 1024, .free_pages = 256 * 100,
                                          .nr_cpus = 2, .cpu_khz = 2000000 };
    return 0;
}

int xc_version(struct xc *xc) { return 4 << 16 | 17; }

int xc_version_extra(struct xc *xc, char *text, size_t size)
{
    snprintf(text, size, ".0-x");
    return 0;
}

int xc_vcpu_info(struct xc *xc, uint32_t domid, unsigned int vcpu,
                 struct xen_domctl_getvcpuinfo *info)
{
    *info = (struct xen_domctl_getvcpuinfo){ .cpu_time = (vcpu + 1) * 1000000000ull };
    return 0;
}

int xs_read(struct xs *xs, uint32_t tx, const char *path, char **value, size_t *len)
{
    if (strcmp(path, "/local/domain/3/name"))
        return -ENOENT;
    *value = strdup("a-long-name");
    return 0;
}

/* ---- statistics ---- */

static void put(const char *device, const char *file, const char *text)
{
    char path[256];
    const char *const parts[] = { "class", "class/net", "bus", "bus/xen-backend",
                                  "bus/xen-backend/devices" };

    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
        mkdir(path, 0700);
    }
    snprintf(path, sizeof(path), "%s/%s", folder, device);
    mkdir(path, 0700);
    strcat(path, "/statistics");
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/statistics/%s", folder, device, file);
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static int make_statistics(void **state)
{
    assert_non_null(mkdtemp(folder));
    put("class/net/vif3.0", "rx_bytes", "4096\n");
    put("class/net/vif3.0", "tx_bytes", "10240\n");
    put("class/net/vif3.0-emu", "rx_bytes", "999999\n");        /* another's */
    put("class/net/vif9.0", "rx_bytes", "999999\n");            /* of a domain that is gone */
    put("class/net/eth0", "rx_bytes", "999999\n");
    put("bus/xen-backend/devices/vbd-3-51712", "rd_req", "7\n");
    put("bus/xen-backend/devices/vbd-3-51712", "wr_sect", "nonsense\n");
    put("bus/xen-backend/devices/vbd-3-51728", "rd_req", "5\n");
    return 0;
}

static int remove_statistics(void **state)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

/* ---- tests ---- */

static void check_text(struct buffer *text, const char *wanted)
{
    assert_string_equal(buffer_string(text), wanted);
    buffer_clear(text);
}

static void test_rows(void **state)
{
    struct options o = { .delay = 1 };
    struct sample first, second;
    struct buffer text = { 0 };

    assert_int_equal(sample_take(NULL, (struct xs *)1, folder, true, &first), 0);
    cpu_time += 500000000;
    assert_int_equal(sample_take(NULL, (struct xs *)1, folder, true, &second), 0);
    second.when = first.when + 1;
    sample_compare(&second, &first);
    format_header(&text);
    check_text(&text, "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) "
               "VCPUS NETS NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT "
               "SSID\n");
    format_row(&text, &second, &second.rows[0], &o);
    check_text(&text, "  Domain-0 --b---          0    0.0     524288   50.0   no limit       n/a "
               "    1    0        0        0    0        0        0        0          0          0 "
               "   0\n");
    format_row(&text, &second, &second.rows[1], &o);
    check_text(&text, "a-long-nam -----r          5   50.0      65536    6.2     131072      12.5 "
               "    2    1        4       10    2        0       12        0          0          0 "
               "   0\n");
    sample_free(&first);
    sample_free(&second);
    buffer_free(&text);
}

static void test_more(void **state)
{
    struct options o = { .vcpus = true, .networks = true, .vbds = true, .full_names = true };
    struct buffer text = { 0 };
    struct sample s;

    assert_int_equal(sample_take(NULL, (struct xs *)1, folder, true, &s), 0);
    format_row(&text, &s, &s.rows[1], &o);
    const char *out = buffer_string(&text);

    assert_non_null(strstr(out, "a-long-name -----r"));
    assert_non_null(strstr(out, "\nVCPUs(sec):    0:          1s   1:          2s\n"));
    assert_non_null(strstr(out, "\nNet0 RX:    10240bytes        0pkts"));
    assert_non_null(strstr(out, "\nVBD BlkBack 51712 [ca: 0]  OO:        0   RD:        7"));
    assert_non_null(strstr(out, "\nVBD BlkBack 51728 [ca:10]  OO:        0   RD:        5"));
    buffer_clear(&text);
    format_summary(&text, &s);
    out = strchr(buffer_string(&text), '\n') + 1;
    assert_string_equal(out, "2 domains: 1 running, 1 blocked, 0 paused, 0 crashed, 0 dying, "
                        "0 shutdown\nMem: 1048576k total, 946176k used, 102400k free    "
                        "CPUs: 2 @ 2000MHz\n");
    sample_free(&s);
    buffer_free(&text);
}

static void test_sorting(void **state)
{
    struct sample s;

    assert_int_equal(sample_take(NULL, (struct xs *)1, folder, false, &s), 0);
    sort_rows(&s, 0);
    assert_int_equal(s.rows[0].domid, 0);       /* "Domain-0" before "a…" */
    sort_rows(&s, 2);
    assert_int_equal(s.rows[0].domid, 3);       /* who used most */
    sort_rows(&s, 4);
    assert_int_equal(s.rows[0].domid, 0);       /* who has most memory */
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_sorting),
    };

    return cmocka_run_group_tests(tests, make_statistics, remove_statistics);
}
