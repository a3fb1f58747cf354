/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a domain leaves behind in its memory nobody reads: pages given back and taken again at once,
 * by either call, pages exchanged, those of a domain that ended, crashed, or was destroyed while it
 * ran, and those that a balloon gives up in one domain and another takes, while idle processors
 * erase as fast as they can.
 *
 * smp: 2
 * options: dom0_mem=128M,max:1G dom0_max_vcpus=1 bootscrub=idle
 * seconds: 60
 */
#include "../lib/domain.h"

#define BATCH   512
#define PATTERN 0x5ec7e75ec7e75ec7

static xen_pfn_t frames[BATCH];
static uint64_t view[512] __attribute__((aligned(4096)));
static uint64_t secret[64][512] __attribute__((aligned(4096)));
static struct child child;
static volatile bool given;

/* What is taken at once, by batches. */
static xen_pfn_t kept[64][BATCH];
static unsigned long sizes[64];

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

/* By the one call and the other in turn; the numbers of guest frames are of no use here. */
static unsigned long take(unsigned long n)
{
    static unsigned int turn;
    struct xen_memory_reservation r = reservation(n);
    bool is_populate = turn++ % 2;

    for (unsigned long i = 0; i < n && is_populate; i++)
        frames[i] = i;
    long got = memory_op(is_populate ? XENMEM_populate_physmap : XENMEM_increase_reservation, &r);

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

static void keep_and_crash(void)
{
    keep_secret();
    shutdown(SHUTDOWN_crash);
}

static void keep_and_run(void)
{
    keep_secret();
    for (;;)
        barrier();
}

/* A balloon, blown up: what it took from the domain still holds the secret when it is given. */
static void keep_and_give(void)
{
    keep_secret();
    for (unsigned int i = 0; i < 64; i++)
        frames[i] = mfn_of(secret[i]);
    for (unsigned int i = 0; i < 64; i++)
        EXPECT_EQ(update_va_mapping(secret[i], 0, UVMF_INVLPG), 0);
    struct xen_memory_reservation r = reservation(64);

    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 64);
    given = true;
    for (;;)
        barrier();
}

/* All that is free is looked at, so all that was given up is among it; then it is free again. */
static void expect_no_secret(void)
{
    unsigned long taken = 0, n;
    unsigned int found = 0, batches = 0;

    while (batches < ARRAY_SIZE(kept) && (n = take(BATCH)) > 0) {
        for (unsigned long i = 0; i < n; i++) {
            found += read_and_fill(frames[i]);
            kept[batches][i] = frames[i];
        }
        sizes[batches++] = n;
        taken += n;
    }
    EXPECT(taken > 2000 && batches < ARRAY_SIZE(kept));
    EXPECT_EQ(found, 0);
    while (batches-- > 0) {
        memcpy(frames, kept[batches], sizes[batches] * sizeof(frames[0]));
        give(sizes[batches]);
    }
}

static void check_ended(const char *how, void (*function)(void))
{
    section(how);
    child_create(&child, 1);
    child_start(&child, function);
    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end;)
        if (*(const volatile uint64_t *)child_view(&child, secret[63] + 511) == PATTERN)
            break;
    EXPECT_EQ(*(const uint64_t *)child_view(&child, secret[7]), PATTERN);
    child_destroy(&child);
    expect_no_secret();
}

static void check_ballooned(void)
{
    section("that a balloon gave");
    child_create(&child, 1);
    child_start(&child, keep_and_give);
    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end;)
        if (*(const volatile bool *)child_view(&child, (const void *)&given))
            break;
    EXPECT(*(const volatile bool *)child_view(&child, (const void *)&given));
    expect_no_secret();
    child_destroy(&child);
}

TEST("erased")
{
    check_given_back();
    check_exchanged();
    check_ended("of a domain that ended", keep_secret);
    check_ended("of one that crashed", keep_and_crash);
    check_ended("of one that was destroyed while it ran", keep_and_run);
    check_ballooned();
}
