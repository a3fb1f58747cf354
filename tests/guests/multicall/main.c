/* SPDX-License-Identifier: GPL-2.0-only */
/* multicall: many calls in one, each with its result; lists that are bad, and calls in calls. */
#include "../lib/guest.h"

#define CALL(number, ...) \
    (struct multicall_entry){ .op = __HYPERVISOR_##number, .args = { __VA_ARGS__ }, .result = 77 }

static struct multicall_entry calls[1000];

static void check_results(void)
{
    static struct xen_feature_info info;
    struct evtchn_send send = { .port = 4000 };

    section("each its result");
    calls[0] = CALL(xen_version, XENVER_version, 0);
    calls[1] = CALL(xen_version, XENVER_get_features, (unsigned long)&info);
    calls[2] = CALL(event_channel_op, EVTCHNOP_send, (unsigned long)&send);
    calls[3] = CALL(xen_version, XENVER_pagesize, 0);
    calls[4] = (struct multicall_entry){ .op = 60 };
    calls[5] = (struct multicall_entry){ .op = ~0UL };
    EXPECT_EQ(multicall(calls, 6), 0);
    EXPECT_EQ(calls[0].result, xen_version(XENVER_version, NULL));
    EXPECT_EQ(calls[1].result, 0);
    EXPECT(info.submap);
    EXPECT_EQ(calls[2].result, -XEN_EINVAL);
    EXPECT_EQ(calls[3].result, PAGE_SIZE);
    EXPECT_EQ(calls[4].result, -XEN_ENOSYS);
    EXPECT_EQ(calls[5].result, -XEN_ENOSYS);

    section("none");
    EXPECT_EQ(multicall(calls, 0), 0);
    EXPECT_EQ(multicall(NULL, 0), 0);

    section("a thousand");
    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
        calls[i] = CALL(xen_version, XENVER_pagesize, 0);
    EXPECT_EQ(multicall(calls, ARRAY_SIZE(calls)), 0);

    unsigned int good = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
        good += calls[i].result == PAGE_SIZE;
    EXPECT_EQ(good, ARRAY_SIZE(calls));
}

static void check_long_calls(void)
{
    static struct mmu_update updates[512];
    static unsigned int done[8];
    uint8_t *page = page_alloc();
    void *spot = (void *)0x10000000000UL;

    section("long calls within");
    REQUIRE_EQ(map_page(kernel_root(), spot, 0), 0);
    for (unsigned int i = 0; i < 512; i++) {
        updates[i].ptr = maddr_of(pt_entry(kernel_root(), spot, 1) + i);
        updates[i].val = pte_of(page, PTE_RO);
    }
    for (unsigned int i = 0; i < 8; i++)
        calls[i] = CALL(mmu_update, (unsigned long)updates, 512, (unsigned long)&done[i],
                        DOMID_SELF);
    EXPECT_EQ(multicall(calls, 8), 0);
    for (unsigned int i = 0; i < 8; i++) {
        EXPECT_EQ(calls[i].result, 0);
        EXPECT_EQ(done[i], 512);
    }
}

static void check_nesting(void)
{
    static struct multicall_entry inner[2];

    section("a list in a list");
    inner[0] = CALL(xen_version, XENVER_pagesize, 0);
    calls[0] = CALL(multicall, (unsigned long)inner, 1);
    calls[1] = CALL(xen_version, XENVER_pagesize, 0);
    EXPECT_EQ(multicall(calls, 2), 0);
    EXPECT_EQ(calls[0].result, -XEN_EINVAL);
    EXPECT_EQ(inner[0].result, 77);
    EXPECT_EQ(calls[1].result, PAGE_SIZE);

    section("a list that calls itself");
    calls[0] = CALL(multicall, (unsigned long)calls, 2);
    EXPECT_EQ(multicall(calls, 2), 0);
    EXPECT_EQ(calls[0].result, -XEN_EINVAL);
}

static void check_bad_lists(void)
{
    struct multicall_entry *edge = page_alloc();

    section("lists that cannot be read or written");
    EXPECT_EQ(multicall((void *)HYPERVISOR_VIRT_START, 1), -XEN_EFAULT);
    EXPECT_EQ(multicall((void *)0x600000000000UL, 1), -XEN_EFAULT);
    EXPECT_EQ(multicall((void *)-64UL, 2), -XEN_EFAULT);
    EXPECT_EQ(multicall((void *)(1UL << 63), 1), -XEN_EFAULT);
    edge[0] = CALL(xen_version, XENVER_pagesize, 0);
    REQUIRE_EQ(page_remap(edge, PTE_RO), 0);
    EXPECT_EQ(multicall(edge, 1), -XEN_EFAULT);
    EXPECT_EQ(edge[0].result, 77);
}

TEST("multicall")
{
    check_results();
    check_long_calls();
    check_nesting();
    check_bad_lists();
}
