/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxc in one page: the hypervisor's version, and every domain with its memory and VCPUs.
 *
 *     cc example.c $(pkg-config --cflags --libs xenith-xc)
 */
#include <stdio.h>
#include <string.h>

#include <xc/xc.h>
#include <xen/domctl.h>

#define BATCH 16

static int list(struct xc *xc)
{
    struct xen_domctl_getdomaininfo info[BATCH];
    unsigned int count = BATCH;

    for (uint32_t first = 0; ; first = info[count - 1].domain + 1u, count = BATCH) {
        int rc = xc_domain_list(xc, first, info, &count);

        if (rc || !count)
            return rc;
        for (unsigned int i = 0; i < count; i++)
            printf("domain %u: %llu pages, %u vcpus\n", info[i].domain,
                   (unsigned long long)info[i].tot_pages, info[i].nr_online_vcpus);
    }
}

int main(void)
{
    struct xc *xc;
    int rc = xc_open(&xc);

    if (rc) {
        fprintf(stderr, "no hypervisor here: %s\n", strerror(-rc));
        return 1;
    }
    int version = xc_version(xc);

    printf("hypervisor %d.%d\n", version >> 16, version & 0xffff);
    rc = list(xc);
    if (rc)
        fprintf(stderr, "its domains: %s\n", strerror(-rc));
    xc_close(xc);
    return rc != 0;
}
