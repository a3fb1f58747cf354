/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_update and update_va_mapping as a well-behaved kernel uses them: entries of every level, in
 * batches, with the count of those done; preserved accessed and dirty bits; the machine-to-physical
 * table; device memory.
 */
#include "../lib/guest.h"

#define SPOT ((uint8_t *)0x10000000000UL)

static struct mmu_update updates[600];
static unsigned int done;

static void flush(const void *va)
{
    REQUIRE_EQ(mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)va, 0), 0);
}

static void check_levels(void)
{
    uint8_t *page = page_alloc(), *l1 = table_alloc(), *l2 = table_alloc(), *l3 = table_alloc();
    uint64_t *root = kernel_root();

    section("a tree from the leaves up");
    page[7] = 0x77;
    EXPECT_EQ(table_pin(l1, 1), 0);
    EXPECT_EQ(pt_write(l1, pte_of(page, PTE_RW)), 0);
    EXPECT_EQ(table_pin(l2, 2), 0);
    EXPECT_EQ(pt_write(l2, pte_of(l1, PTE_TAB)), 0);
    EXPECT_EQ(table_pin(l3, 3), 0);
    EXPECT_EQ(pt_write(l3, pte_of(l2, PTE_TAB)), 0);
    EXPECT_EQ(pt_write(&root[table_index(SPOT, 4)], pte_of(l3, PTE_TAB)), 0);
    EXPECT_EQ(SPOT[7], 0x77);
    SPOT[8] = 0x88;
    EXPECT_EQ(page[8], 0x88);

    section("and taken apart from the root down");
    EXPECT_EQ(pt_write(&root[table_index(SPOT, 4)], 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    EXPECT_EQ(TRAP_OF("mov (%0), %%al", :: "r"(SPOT) : "rax").vector, X86_PF);
    EXPECT_EQ(table_unpin(l3), 0);
    EXPECT_EQ(table_unpin(l2), 0);
    EXPECT_EQ(table_unpin(l1), 0);
    table_free(l1);
    table_free(l2);
    table_free(l3);
    page_free(page);
}

static void check_entry_bits(void)
{
    uint8_t *page = page_alloc();
    uint64_t *entry;

    section("bits of an entry");
    REQUIRE_EQ(map_page(kernel_root(), SPOT, pte_of(page, PTE_RO)), 0);
    entry = pt_entry(kernel_root(), SPOT, 1);
    EXPECT_EQ(pt_write(entry, pte_of(page, PTE_RW | PTE_AVL)), 0);
    EXPECT_EQ(*entry & PTE_AVL, PTE_AVL);
    EXPECT_EQ((*entry & PTE_MFN) >> PAGE_SHIFT, mfn_of(page));

    section("an absent entry holds anything");
    EXPECT_EQ(pt_write(entry, ~1UL), 0);
    EXPECT_EQ(*entry, ~1UL);
    EXPECT_EQ(pt_write(entry, 0), 0);

    section("accessed and dirty bits preserved");
    EXPECT_EQ(pt_write(entry, pte_of(page, PTE_P | PTE_W | PTE_U)), 0);
    flush(SPOT);
    *SPOT = 1;
    EXPECT_EQ(*entry & (PTE_A | PTE_D), PTE_A | PTE_D);
    updates[0].ptr = maddr_of(entry) | MMU_PT_UPDATE_PRESERVE_AD;
    updates[0].val = pte_of(page, PTE_P | PTE_U);
    EXPECT_EQ(mmu_update(updates, 1, NULL, DOMID_SELF), 0);
    EXPECT_EQ(*entry & (PTE_A | PTE_D | PTE_W), PTE_A | PTE_D);
    EXPECT_EQ(pt_write(entry, pte_of(page, PTE_P | PTE_U)), 0);
    EXPECT_EQ(*entry & (PTE_A | PTE_D | PTE_W), 0);

    section("untranslated update");
    updates[0].ptr = maddr_of(entry) | MMU_PT_UPDATE_NO_TRANSLATE;
    updates[0].val = pte_of(page, PTE_RW);
    EXPECT_EQ(mmu_update(updates, 1, NULL, DOMID_SELF), 0);
    flush(SPOT);
    *SPOT = 2;
    EXPECT_EQ(*page, 2);
    EXPECT_EQ(pt_write(entry, 0), 0);
    flush(SPOT);
    page_free(page);
}

static void check_batches(void)
{
    uint8_t *page = page_alloc();
    uint64_t *table, *entry;
    unsigned int wrong = 0;

    section("batches and their count");
    REQUIRE_EQ(map_page(kernel_root(), SPOT, pte_of(page, PTE_RO)), 0);
    entry = pt_entry(kernel_root(), SPOT, 1);
    table = (uint64_t *)((uintptr_t)entry & PAGE_MASK);
    for (unsigned int i = 0; i < ARRAY_SIZE(updates); i++) {
        updates[i].ptr = maddr_of(&table[i % 512]);
        updates[i].val = pte_of(page, PTE_RO);
    }
    done = 1;
    EXPECT_EQ(mmu_update(updates, 0, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 0);
    EXPECT_EQ(mmu_update(updates, ARRAY_SIZE(updates), &done, DOMID_SELF), 0);
    EXPECT_EQ(done, ARRAY_SIZE(updates));
    for (unsigned int i = 0; i < 512; i++)
        wrong += pt_read(&table[i]) != pte_of(page, PTE_RO);
    EXPECT_EQ(wrong, 0);

    section("a batch that fails in its middle");
    for (unsigned int i = 0; i < 512; i++)
        updates[i].val = 0;
    updates[300].val = hypervisor_mfn() << PAGE_SHIFT | PTE_RO | PTE_W;
    updates[300].ptr = maddr_of(&table[300]);
    EXPECT_ERROR(mmu_update(updates, 512, &done, DOMID_SELF));
    EXPECT_EQ(done, 300);
    EXPECT_EQ(pt_read(&table[299]), 0);
    EXPECT_EQ(pt_read(&table[300]), pte_of(page, PTE_RO));
    EXPECT_EQ(pt_read(&table[301]), pte_of(page, PTE_RO));
    updates[300].val = 0;
    EXPECT_EQ(mmu_update(updates, 512, NULL, DOMID_SELF), 0);
    for (unsigned int i = 0; i < 512; i++)
        wrong += table[i] != 0;
    EXPECT_EQ(wrong, 0);
    page_free(page);
}

static void check_machphys(void)
{
    uint8_t *page = page_alloc();
    unsigned long mfn = mfn_of(page), pfn = pfn_of(page);

    section("machine-to-physical table");
    updates[0].ptr = mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
    updates[0].val = 0x12345;
    EXPECT_EQ(mmu_update(updates, 1, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(mfn_to_pfn(mfn), 0x12345);
    updates[0].val = pfn;
    EXPECT_EQ(mmu_update(updates, 1, &done, DOMID_SELF), 0);
    EXPECT_EQ(mfn_to_pfn(mfn), pfn);
    page_free(page);
}

static void check_update_va_mapping(void)
{
    static const unsigned long flags[] = {
        UVMF_NONE, UVMF_TLB_FLUSH | UVMF_LOCAL, UVMF_TLB_FLUSH | UVMF_ALL, UVMF_INVLPG | UVMF_LOCAL,
        UVMF_INVLPG | UVMF_ALL,
    };
    static unsigned long vcpus = 1;
    uint8_t *page = page_alloc(), *other = page_alloc();

    section("update_va_mapping with each kind of flush");
    REQUIRE_EQ(map_page(kernel_root(), SPOT, pte_of(page, PTE_RW)), 0);
    flush(SPOT);
    for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
        *page = 2 * i;
        *other = 2 * i + 1;
        EXPECT_EQ(update_va_mapping(SPOT, pte_of(page, PTE_RW), flags[i]), 0);
        if (flags[i])
            EXPECT_EQ(READ_ONCE(*SPOT), 2 * i);
        EXPECT_EQ(update_va_mapping(SPOT, pte_of(other, PTE_RW), flags[i]), 0);
        if (flags[i])
            EXPECT_EQ(READ_ONCE(*SPOT), 2 * i + 1);
    }
    EXPECT_EQ(update_va_mapping(SPOT, pte_of(page, PTE_RW), UVMF_INVLPG | (unsigned long)&vcpus),
              0);
    EXPECT_EQ(READ_ONCE(*SPOT), *page);
    EXPECT_EQ(
        update_va_mapping(SPOT, pte_of(other, PTE_RW), UVMF_TLB_FLUSH | (unsigned long)&vcpus), 0);
    EXPECT_EQ(READ_ONCE(*SPOT), *other);

    section("update_va_mapping_otherdomain on oneself");
    EXPECT_EQ(HYPERCALL_4(update_va_mapping_otherdomain, SPOT, pte_of(page, PTE_RW),
                          UVMF_INVLPG | UVMF_ALL, DOMID_SELF), 0);
    EXPECT_EQ(READ_ONCE(*SPOT), *page);

    section("where there is no table, and in the hole");
    EXPECT_ERROR(update_va_mapping((void *)0x610000000000UL, 0, 0));
    EXPECT_ERROR(update_va_mapping((void *)HYPERVISOR_VIRT_START, 0, 0));
    EXPECT_ERROR(update_va_mapping((void *)(HYPERVISOR_VIRT_END - PAGE_SIZE), 0, 0));
    EXPECT_ERROR(update_va_mapping((void *)(1UL << 63), 0, 0));
    EXPECT_EQ(update_va_mapping(SPOT, 0, UVMF_INVLPG), 0);
    page_free(page);
    page_free(other);
}

static void check_device_memory(void)
{
    section("device memory, as dom0 may");
    updates[0].ptr = maddr_of(pt_entry(kernel_root(), SPOT, 1));
    updates[0].val = 0xb8UL << PAGE_SHIFT | PTE_RW | PTE_PCD | PTE_PWT;
    EXPECT_EQ(mmu_update(updates, 1, NULL, DOMID_IO), 0);
    EXPECT_EQ(pt_write_maddr(updates[0].ptr, 0), 0);
    EXPECT_EQ(mmu_update(updates, 1, NULL, DOMID_SELF), 0);
    EXPECT_EQ(pt_write_maddr(updates[0].ptr, 0), 0);

    section("memory below 1 MiB is the firmware's; Linux looks there from 512 KiB on");
    for (uint64_t mfn = 0x80; mfn < 0x100; mfn++)
        EXPECT_EQ(update_va_mapping(SPOT, mfn << PAGE_SHIFT | PTE_RO, UVMF_INVLPG), 0);
    EXPECT_EQ(update_va_mapping(SPOT, 0, UVMF_INVLPG), 0);
}

TEST("mmu_update")
{
    check_levels();
    check_entry_bits();
    check_batches();
    check_machphys();
    check_update_va_mapping();
    check_device_memory();
}
