/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor walks a guest's tables to find an entry, while another vCPU takes a table out,
 * makes it plain memory and fills it with entries that lead nowhere.
 *
 * A walk that believes what it reads there ends in memory that is none.
 *
 * smp: 2
 * options: guest_loglvl=none
 * slow: yes
 * seconds: 90
 */
#include "../lib/guest.h"

#define SPOT ((uint8_t *)0x10000000000UL)

static uint64_t *l1, *l2, *l3;
static uint8_t *page;
static volatile bool stop, started;
static volatile unsigned long found, lost;

static void walk(void *arg)
{
    started = true;
    while (!stop) {
        if (update_va_mapping(SPOT, pte_of(page, PTE_RO), UVMF_NONE))
            lost++;
        else
            found++;
    }
}

/* Out of the tree, nonsense for a moment, and back. */
static void swap_out(unsigned int n)
{
    uint64_t *hook = &l3[table_index(SPOT, 3)], *inner = &l2[table_index(SPOT, 2)];

    if (pt_write(hook, 0) || page_remap(l2, PTE_RW))
        return;
    for (unsigned int i = 0; i < 200; i++) {
        WRITE_ONCE(*inner, n & 1 ? 0x000ffffffffff000UL | PTE_TAB : 0x000000fee0000000UL | PTE_TAB);
        cpu_relax();
    }
    WRITE_ONCE(*inner, pte_of(l1, PTE_TAB));
    REQUIRE_EQ(page_remap(l2, PTE_RO), 0);
    REQUIRE_EQ(pt_write(hook, pte_of(l2, PTE_TAB)), 0);
}

TEST("race_walk")
{
    uint64_t end;

    page = page_alloc();
    REQUIRE_EQ(map_page(kernel_root(), SPOT, pte_of(page, PTE_RO)), 0);
    l3 = table_of(*pt_entry(kernel_root(), SPOT, 4));
    l2 = table_of(*pt_entry(kernel_root(), SPOT, 3));
    l1 = table_of(*pt_entry(kernel_root(), SPOT, 2));
    /* It stays a table while its upper one is away. */
    REQUIRE_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), 0);

    section("a walk against a table that comes and goes");
    vcpu_run(1, walk, NULL);
    while (!started)
        cpu_relax();
    end = time_now() + 20 * SECOND;
    for (unsigned int n = 0; time_now() < end; n++)
        swap_out(n);
    stop = true;
    vcpu_join(1);
    printf("  found %lu, lost %lu\n", found, lost);
}
