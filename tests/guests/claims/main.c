/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims: memory promised to a domain that is being built is nobody else's, is told to the
 * toolstack, shrinks as the domain takes pages, and is free again when the domain goes.  Two
 * builders that start at the same time cannot both be promised what is enough for one.
 *
 * options: dom0_mem=64M,max:1G
 */
#include "../lib/domain.h"
#include <public/sysctl.h>

static struct child a, b;
static struct xen_sysctl op;
static xen_pfn_t frames[1024];

static void physinfo(void)
{
    op.cmd = XEN_SYSCTL_physinfo;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    REQUIRE_EQ(HYPERCALL_1(sysctl, &op), 0);
}

static unsigned long claimed(void)
{
    physinfo();
    return op.u.physinfo.outstanding_pages;
}

static unsigned long free_pages(void)
{
    physinfo();
    return op.u.physinfo.free_pages;
}

static long claim(const struct child *c, unsigned long pages)
{
    struct xen_memory_reservation r = { .nr_extents = pages, .domid = c->id };

    return memory_op(XENMEM_claim_pages, &r);
}

static long take(domid_t id, unsigned long n)
{
    struct xen_memory_reservation r = { .nr_extents = n, .domid = id };

    for (unsigned long i = 0; i < n; i++)
        frames[i] = i;
    set_xen_guest_handle(r.extent_start, frames);
    return memory_op(XENMEM_populate_physmap, &r);
}

static unsigned long outstanding(const struct child *c)
{
    REQUIRE_EQ(domctl(XEN_DOMCTL_getdomaininfo, c->id), 0);
    return domctl_args.u.getdomaininfo.outstanding_pages;
}

static void set_limit(const struct child *c, unsigned long pages)
{
    domctl_args.u.max_mem.max_memkb = pages * 4;
    REQUIRE_EQ(domctl(XEN_DOMCTL_max_mem, c->id), 0);
}

TEST("claims")
{
    child_create(&a, 1);
    child_create(&b, 1);
    set_limit(&a, 1 << 20);
    set_limit(&b, 1 << 20);

    section("what is claimed is told");
    unsigned long free = free_pages();

    EXPECT_EQ(claimed(), 0);
    EXPECT_EQ(claim(&a, 1000), 0);
    EXPECT_EQ(claimed(), 1000);
    EXPECT_EQ(outstanding(&a), 1000);
    EXPECT(free_pages() + 16 > free);           /* but for what the hypervisor itself may need */
    EXPECT_EQ(claim(&a, 2000), -XEN_EINVAL);
    EXPECT_EQ(take(a.id, 300), 300);
    EXPECT_EQ(claimed(), 700);
    EXPECT_EQ(outstanding(&a), 700);
    EXPECT_EQ(claim(&a, 0), 0);
    EXPECT_EQ(claimed(), 0);

    section("two builders, memory for one");
    free = free_pages();
    EXPECT_EQ(claim(&a, 300 + free - 500), 0);
    EXPECT_EQ(claim(&b, 600), -XEN_ENOMEM);
    EXPECT_EQ(claim(&b, 400), 0);
    EXPECT_EQ(claimed(), free - 100);

    long n = take(DOMID_SELF, 200);

    EXPECT(n > 0 && n <= 100);                  /* the rest is promised */
    EXPECT_EQ(take(DOMID_SELF, 1), 0);
    n = take(b.id, 1000);
    EXPECT(n >= 400 && n < 416);
    EXPECT_EQ(take(b.id, 1), 0);
    EXPECT_EQ(take(a.id, 1024), 1024);
    EXPECT_EQ(outstanding(&a), free - 500 - 1024);

    section("a claim ends with its domain");
    child_destroy(&a);
    EXPECT_EQ(claimed(), 0);
    EXPECT_EQ(take(DOMID_SELF, 1), 1);

    section("claims that make no sense");
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = b.id, .extent_order = 1 };

    EXPECT_EQ(memory_op(XENMEM_claim_pages, &r), -XEN_EINVAL);
    r = (struct xen_memory_reservation){ .nr_extents = 1, .domid = 4711 };
    EXPECT_EQ(memory_op(XENMEM_claim_pages, &r), -XEN_ESRCH);
    EXPECT_EQ(claim(&b, ~0UL), -XEN_EINVAL);
    set_limit(&b, 600);
    EXPECT_EQ(claim(&b, 601), -XEN_EINVAL);
    child_destroy(&b);
}
