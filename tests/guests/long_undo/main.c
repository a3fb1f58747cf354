/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A big tree of page tables that turns out to be bad at its very last entry: by then every table
 * below it has been validated, and all of that must be given back.
 *
 * Validating lets events through; giving back must do so too, or a guest keeps a processor for as
 * long as its memory is large.  A timer ticks all the while; the longest time without it tells.
 *
 * qemu: -icount shift=0,sleep=off
 */
#include "../lib/guest.h"

#define TABLES 300

static uint8_t *shown;
static uint64_t *l3, *l2, *l1[TABLES];
static volatile uint64_t last_tick, longest, ticks;
static evtchn_port_t port;

static void next_tick(void)
{
    set_timer_op(time_now() + 50 * US);
}

static void tick(void)
{
    struct vcpu_info *info = vcpu_info();
    uint64_t now = time_now();

    xchg8(&info->evtchn_upcall_pending, 0);
    xchg64(&info->evtchn_pending_sel, 0);
    event_take(port);
    if (last_tick && now - last_tick > longest)
        longest = now - last_tick;
    last_tick = now;
    ticks++;
    next_tick();
}

static void start_ticking(void)
{
    long bound = event_bind_virq(VIRQ_TIMER, 0);

    REQUIRE(bound > 0);
    port = bound;
    event_hook = tick;
    event_unmask(port);
    upcalls_enable();
    next_tick();
}

static void make_tree(void)
{
    shown = page_alloc();
    l2 = page_alloc();
    l3 = page_alloc();
    for (unsigned int i = 0; i < TABLES; i++) {
        l1[i] = page_alloc();
        for (unsigned int k = 0; k < 512; k++)
            l1[i][k] = pte_of(shown, PTE_RO);
        REQUIRE_EQ(page_remap(l1[i], PTE_RO), 0);
        l2[i] = pte_of(l1[i], PTE_TAB);
    }
    l3[0] = pte_of(l2, PTE_TAB);
    l3[511] = hypervisor_mfn() << PAGE_SHIFT | PTE_TAB;
    REQUIRE_EQ(page_remap(l2, PTE_RO), 0);
    REQUIRE_EQ(page_remap(l3, PTE_RO), 0);
}

static void check_plain(void)
{
    section("nothing of it is a table any more");
    EXPECT_EQ(page_remap(l3, PTE_RW), 0);
    EXPECT_EQ(page_remap(l2, PTE_RW), 0);
    for (unsigned int i = 0; i < TABLES; i++)
        EXPECT_EQ(page_remap(l1[i], PTE_RW), 0);
}

TEST("long_undo")
{
    uint64_t start, spent;

    make_tree();
    start_ticking();
    section("a bad tree is pinned");
    for (unsigned int round = 0; round < 3; round++) {
        last_tick = longest = ticks = 0;
        start = time_now();
        EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L3_TABLE, mfn_of(l3)));
        spent = time_now() - start;
        printf("  %lu us, %lu ticks, at most %lu us apart\n", spent / US, ticks, longest / US);
        EXPECT(ticks > 10);
        EXPECT(longest < spent / 10);
    }
    upcalls_disable();
    check_plain();

    section("and a good one, put and taken");
    l3[511] = 0;
    REQUIRE_EQ(page_remap(l2, PTE_RO), 0);
    for (unsigned int i = 0; i < TABLES; i++)
        REQUIRE_EQ(page_remap(l1[i], PTE_RO), 0);
    EXPECT_EQ(table_pin(l3, 3), 0);
    EXPECT_EQ(table_unpin(l3), 0);
    check_plain();
}
