/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's VCPUs: where they run, what they used, where they may run.
 */
#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <xc/xc.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xs/xs.h>

#include "host.h"

#define MAP_SIZE 512

static bool has_cpu(const uint8_t *map, unsigned int cpu)
{
    return cpu < MAP_SIZE * 8 && map[cpu / 8] & (1 << cpu % 8);
}

/* "any cpu", "no cpus", "0-2,4". */
static void affinity_text(const uint8_t *map, unsigned int cpus, struct buffer *out)
{
    unsigned int set = 0;

    for (unsigned int c = 0; c < cpus; c++)
        set += has_cpu(map, c);
    if (!set || set == cpus) {
        buffer_puts(out, set ? "any cpu" : "no cpus");
        return;
    }
    for (unsigned int c = 0; c < cpus; c++) {
        unsigned int first = c;

        if (!has_cpu(map, c))
            continue;
        while (c + 1 < cpus && has_cpu(map, c + 1))
            c++;
        buffer_printf(out, out->len ? ",%u" : "%u", first);
        if (c > first)
            buffer_printf(out, "-%u", c);
    }
}

static struct sxp *vcpu_to_sxp(struct xc *xc, uint32_t domid, unsigned int number,
                               unsigned int cpus)
{
    struct xen_domctl_getvcpuinfo info;
    uint8_t map[MAP_SIZE] = { 0 };
    struct buffer text = { 0 };

    if (xc_vcpu_info(xc, domid, number, &info))
        return NULL;
    struct sxp *s = sxp_list("vcpu");

    sxp_add_pairf(s, "number", "%u", number);
    sxp_add_pairf(s, "online", "%u", info.online);
    sxp_add_pairf(s, "blocked", "%u", info.blocked);
    sxp_add_pairf(s, "running", "%u", info.running);
    sxp_add_pairf(s, "cpu", "%u", info.cpu);
    sxp_add_pairf(s, "cpu_time", "%.9f", info.cpu_time / 1e9);
    if (!xc_vcpu_get_affinity(xc, domid, number, map, NULL, sizeof(map))) {
        affinity_text(map, cpus, &text);
        sxp_add_pair(s, "affinity", buffer_string(&text));
    }
    buffer_free(&text);
    return s;
}

int host_vcpus(struct xc *xc, struct xs *xs, uint32_t domid, struct sxp **out)
{
    struct xen_domctl_getdomaininfo info;
    struct xen_sysctl_physinfo machine;
    int rc = xc_domain_info(xc, domid, &info);

    if (!rc)
        rc = xc_physinfo(xc, &machine);
    if (rc)
        return rc;
    char *name = host_domain_name(xs, domid);
    struct sxp *s = sxp_list("domain");

    sxp_add_pairf(s, "domid", "%u", domid);
    sxp_add_pair(s, "name", name);
    free(name);
    for (unsigned int i = 0; i <= info.max_vcpu_id && i < 0x2000; i++) {
        struct sxp *vcpu = vcpu_to_sxp(xc, domid, i, machine.max_cpu_id + 1);

        if (vcpu)
            sxp_add(s, vcpu);
    }
    *out = s;
    return 0;
}
