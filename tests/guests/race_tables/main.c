/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs at the same page tables: one pins, unpins, links and unlinks tables and turns them into
 * plain memory full of nonsense, while the other writes their entries by every way there is.
 *
 * Most of the calls fail. What matters is that the hypervisor lives, that no table is ever
 * writable, and that at the end all can be taken apart and every page is plain memory again.
 *
 * smp: 2
 * options: guest_loglvl=none
 * seconds: 60
 */
#include "../lib/guest.h"

#define SPOT  ((uint8_t *)0x10000000000UL)
#define STEPS 3000

static uint64_t *root, *l1, *l2, *l3;
static uint8_t *page;
static volatile bool stop, started;
static volatile unsigned long writes, refused;

static void count(long rc)
{
    if (rc)
        refused++;
    else
        writes++;
}

/* vCPU 1: entries by mmu_update, by update_va_mapping, by writing; pins and copies too. */
static void attack(void *arg)
{
    struct mmu_update updates[8];
    unsigned int done;

    started = true;
    for (unsigned int n = 0; !stop; n++) {
        uint64_t value = n & 1 ? pte_of(page, PTE_RO) : 0;

        count(update_va_mapping(SPOT + (n % 512) * PAGE_SIZE, value, UVMF_INVLPG | UVMF_ALL));
        count(pt_write(&l1[n % 512], n & 2 ? pte_of(page, PTE_RW) : 0));
        count(pt_write(&l2[n % 512], n & 4 ? pte_of(l1, PTE_TAB) : 0));
        for (unsigned int i = 0; i < 8; i++) {
            updates[i].ptr = maddr_of(i & 1 ? &l1[n % 512] : &l2[n % 512]);
            updates[i].val = i & 2 ? 0 : pte_of(i & 1 ? (void *)page : (void *)l1, PTE_RO);
        }
        count(mmu_update(updates, 8, &done, DOMID_SELF));
        count(mmuext_mfn(MMUEXT_PIN_L1_TABLE + n % 4, mfn_of(l1)));
        count(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(l1)));
        count(mmuext(MMUEXT_CLEAR_PAGE, mfn_of(n & 1 ? l1 : l2), 0));
        TRAP_OF("movq %1, (%0)", :: "r"(&l1[n % 512]), "r"(value) : "memory");
        TRAP_OF("lock orq %1, (%0)", :: "r"(SPOT + (n % 512) * PAGE_SIZE), "r"(1UL) : "memory");
    }
}

/* Plain memory for a moment, full of entries that nobody may have. */
static void scribble(uint64_t *table)
{
    if (page_remap(table, PTE_RW))
        return;
    for (unsigned int i = 0; i < 512; i++) {
        uint64_t nonsense = i % 3 ? ~0UL << 1 | PTE_P : 0x7ff0000000UL | PTE_TAB;

        /* The other vCPU may take it as a table again at any time: then this faults. */
        if (TRAP_OF("movq %1, (%0)", :: "r"(&table[i]), "r"(nonsense) : "memory").vector != NO_TRAP)
            return;
    }
}

static void restore(uint64_t *table)
{
    if (page_remap(table, PTE_RW))
        return;
    for (unsigned int i = 0; i < 512; i++)
        if (TRAP_OF("movq $0, (%0)", :: "r"(&table[i]) : "memory").vector != NO_TRAP)
            return;
    page_remap(table, PTE_RO);
}

static void churn(void)
{
    uint64_t end = time_now() + 5 * SECOND;

    for (unsigned int n = 0; n < STEPS && (n < 200 || time_now() < end); n++) {
        switch (n % 8) {
        case 0:
            page_remap(l1, PTE_RO);
            page_remap(l2, PTE_RO);
            mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(l1));
            mmuext_mfn(MMUEXT_PIN_L2_TABLE, mfn_of(l2));
            break;
        case 1:
            pt_write(&l3[table_index(SPOT, 3)], pte_of(l2, PTE_TAB));
            pt_write(&l2[table_index(SPOT, 2)], pte_of(l1, PTE_TAB));
            break;
        case 3:
            pt_write(&l3[table_index(SPOT, 3)], 0);
            mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
            mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(l2));
            scribble(l2);
            break;
        case 4:
            restore(l2);
            mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(l1));
            scribble(l1);
            break;
        case 5:
            restore(l1);
            break;
        case 6:
            page_remap(l1, n & 8 ? PTE_RW : PTE_RO);
            break;
        default:
            pt_write(&l1[n % 512], pte_of(page, PTE_RW));
            mmuext(MMUEXT_INVLPG_ALL, (unsigned long)SPOT, 0);
        }
    }
}

/* Alone again: everything comes apart. */
static void take_apart(void)
{
    section("apart again");
    EXPECT_EQ(pt_write(&l3[table_index(SPOT, 3)], 0), 0);
    mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(l2));
    mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(l1));
    mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
    EXPECT_EQ(page_remap(l2, PTE_RW), 0);
    EXPECT_EQ(page_remap(l1, PTE_RW), 0);
    memset(l1, 0x5a, PAGE_SIZE);
    memset(l2, 0x5a, PAGE_SIZE);
    EXPECT_EQ(page_remap(page, PTE_RO), 0);
    memset(l1, 0, PAGE_SIZE);
    EXPECT_EQ(table_pin(l1, 1), 0);
    EXPECT_EQ(table_unpin(l1), 0);
    /* Nobody maps the page writable any more, so it can be a table. */
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
}

TEST("race_tables")
{
    root = kernel_root();
    page = page_alloc();
    l1 = table_alloc();
    l2 = table_alloc();
    l3 = table_alloc();
    REQUIRE_EQ(pt_write(&root[table_index(SPOT, 4)], pte_of(l3, PTE_TAB)), 0);
    REQUIRE_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);

    section("two at the same tables");
    vcpu_run(1, attack, NULL);
    while (!started)
        cpu_relax();
    churn();
    stop = true;
    vcpu_join(1);
    printf("  the other: %lu done, %lu refused\n", writes, refused);
    take_apart();
}
