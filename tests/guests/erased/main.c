/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a domain leaves behind in its memory nobody reads: pages given back and taken again at once,
 * pages exchanged, and those of a domain that was destroyed, while idle processors erase as fast as
 * they can.
 *
 * smp: 2
 * options: dom0_mem=128M,max:1G dom0_max_vcpus=1 bootscrub=idle
 */
#include "../lib/domain.h"

#define BATCH   512
#define PATTERN 0x5ec7e75ec7e75ec7

static xen_pfn_t frames[BATCH];
static uint64_t view[512] __attribute__((aligned(4096)));
static uint64_t secret[64][512] __attribute__((aligned(4096)));
static struct child child;

static struct xen_memory_reservation reservation(unsigned long n)
{
    struct xen_memory_reservation r = { .nr_extents = n, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, frames);
    return r;
}

/* Words of the frame that hold the pattern; then they do. */
static unsigned int read_and_fill(xen_pfn_t mfn)
{
    unsigned int found = 0;

    REQUIRE_EQ(update_va_mapping(view, mfn << PAGE_SHIFT | PTE_RW, UVMF_INVLPG), 0);
    for (unsigned int i = 0; i < 512; i++)
        found += view[i] == PATTERN;
    for (unsigned int i = 0; i < 512; i++)
        view[i] = PATTERN;
    return found;
}

static unsigned long take(unsigned long n)
{
    struct xen_memory_reservation r = reservation(n);
    long got = memory_op(XENMEM_increase_reservation, &r);

    return got > 0 ? got : 0;
}

static void give(unsigned long n)
{
    struct xen_memory_reservation r = reservation(n);

    REQUIRE_EQ(update_va_mapping(view, 0, UVMF_INVLPG), 0);
    REQUIRE_EQ(memory_op(XENMEM_decrease_reservation, &r), n);
}

static void check_given_back(void)
{
    unsigned int found = 0;

    section("given back and taken again");
    for (unsigned int round = 0; round < 40; round++) {
        unsigned long n = take(1 + round * 37 % BATCH);

        REQUIRE(n > 0);
        for (unsigned long i = 0; i < n; i++)
            found += read_and_fill(frames[i]);
        give(n);
        if (round % 3 == 0)
            time_spin(200 * US);                /* the idle processor has begun to erase */
    }
    EXPECT_EQ(found, 0);
}

static void check_exchanged(void)
{
    static xen_pfn_t out[64];
    unsigned int found = 0;

    section("exchanged");
    REQUIRE_EQ(take(64), 64);
    for (unsigned int round = 0; round < 20; round++) {
        struct xen_memory_exchange x = { .in = reservation(64), .out = reservation(64) };

        for (unsigned int i = 0; i < 64; i++)
            found += read_and_fill(frames[i]);
        REQUIRE_EQ(update_va_mapping(view, 0, UVMF_INVLPG), 0);
        set_xen_guest_handle(x.out.extent_start, out);
        REQUIRE_EQ(memory_op(XENMEM_exchange, &x), 0);
        memcpy(frames, out, sizeof(out));
    }
    EXPECT_EQ(found, 0);
    give(64);
}

static void keep_secret(void)
{
    for (unsigned int i = 0; i < sizeof(secret) / 8; i++)
        ((uint64_t *)secret)[i] = PATTERN;
}

/* All that is free is looked at, so its pages are among them. */
static void check_destroyed(void)
{
    unsigned long taken = 0, n;
    unsigned int found = 0;

    section("of a domain that is gone");
    child_create(&child, 1);
    child_start(&child, keep_secret);
    EXPECT(child_wait(&child));
    EXPECT_EQ(*(const uint64_t *)child_view(&child, secret[7]), PATTERN);
    child_destroy(&child);
    while ((n = take(BATCH)) > 0 && taken < 200000) {
        for (unsigned long i = 0; i < n; i++)
            found += read_and_fill(frames[i]);
        taken += n;
    }
    EXPECT(taken > 2000);
    EXPECT_EQ(found, 0);
}

TEST("erased")
{
    check_given_back();
    check_exchanged();
    check_destroyed();
}
