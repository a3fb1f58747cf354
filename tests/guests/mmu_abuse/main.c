/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attempts to get hold of memory through page tables.
 *
 * The one promise of paravirtual paging: no guest ever has a writable mapping of a live page table,
 * of a descriptor table, or of memory that is not its own.  Each attempt must be refused and leave
 * everything as it was; a success here is a way to own the machine.
 *
 * options: guest_loglvl=none
 */
#include "../lib/guest.h"

#define SPOT ((uint8_t *)0x10000000000UL)

static struct mmu_update update;
static uint8_t *page;
static uint64_t *entry;         /* of SPOT; holds the page, read-only */
static uint64_t *l1, *l2, *l3, *root;

static void unchanged(void)
{
    EXPECT_EQ(pt_read(entry), pte_of(page, PTE_RO));
    EXPECT_EQ(*SPOT, 0x5a);
}

#define REFUSED(call) (EXPECT_ERROR(call), unchanged())

static void setup(void)
{
    root = kernel_root();
    page = page_alloc();
    *page = 0x5a;
    REQUIRE_EQ(map_page(root, SPOT, pte_of(page, PTE_RO)), 0);
    entry = pt_entry(root, SPOT, 1);
    l1 = (uint64_t *)((uintptr_t)entry & PAGE_MASK);
    l2 = (uint64_t *)((uintptr_t)pt_entry(root, SPOT, 2) & PAGE_MASK);
    l3 = (uint64_t *)((uintptr_t)pt_entry(root, SPOT, 3) & PAGE_MASK);
    unchanged();
}

/* Frames that the hypervisor shares with this domain on purpose: shared_info, the grant table. */
static bool is_shared(unsigned long mfn)
{
    static xen_pfn_t frames[64];
    static uint32_t n;

    if (!n) {
        struct gnttab_query_size query = { .dom = DOMID_SELF };
        struct gnttab_setup_table setup = { .dom = DOMID_SELF };

        REQUIRE_EQ(grant_table_op(GNTTABOP_query_size, &query, 1), 0);
        n = query.nr_frames;
        REQUIRE(n > 0 && n <= ARRAY_SIZE(frames));
        setup.nr_frames = n;
        set_xen_guest_handle(setup.frame_list, frames);
        REQUIRE_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    }
    for (unsigned int i = 0; i < n; i++)
        if (frames[i] == mfn)
            return true;
    return mfn == start_info->shared_info >> PAGE_SHIFT;
}

static void check_foreign_frames(void)
{
    unsigned long max = memory_op(XENMEM_maximum_ram_page, NULL);
    unsigned long xen = hypervisor_mfn();

    section("frames of the hypervisor");
    REFUSED(pt_write(entry, xen << PAGE_SHIFT | PTE_RW));
    for (unsigned long mfn = xen & ~511UL; mfn < (xen & ~511UL) + 512; mfn += 37)
        REFUSED(pt_write(entry, mfn << PAGE_SHIFT | PTE_RW));

    section("frames of nobody, and beyond memory");
    REFUSED(pt_write(entry, PTE_MFN | PTE_RW));
    REFUSED(pt_write(entry, 1UL << 51 | PTE_RW));
    REFUSED(update_va_mapping(SPOT, PTE_MFN | PTE_RW, UVMF_INVLPG));

    section("every frame of the machine: never one that is neither ours nor a device's");
    unsigned long taken = 0;

    for (unsigned long mfn = 0x100; mfn < max; mfn += 3) {
        unsigned long pfn = mfn_to_pfn(mfn);
        bool ours = pfn < start_info->nr_pages && pfn_to_mfn(pfn) == mfn;

        /* What the firmware keeps is dom0's to read, and lies in the first and last MiB. */
        if (ours || mfn + 0x100 > max || is_shared(mfn))
            continue;
        if (!pt_write(entry, mfn << PAGE_SHIFT | PTE_RW)) {
            if (!taken++)
                printf("  first: mfn %lx\n", mfn);
            REQUIRE_EQ(pt_write(entry, pte_of(page, PTE_RO)), 0);
        }
    }
    EXPECT_EQ(taken, 0);

    section("bits that are reserved");
    for (unsigned int bit = 46; bit < 52; bit++)
        REFUSED(pt_write(entry, pte_of(page, PTE_RO) | 1UL << bit));

    section("the local APIC");
    REFUSED(pt_write(entry, 0xfee00UL << PAGE_SHIFT | PTE_RW));
}

static void check_writable_tables(void)
{
    void *tables[] = { l1, l2, l3, root };

    section("writable mappings of live tables");
    for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
        REFUSED(pt_write(entry, pte_of(tables[i], PTE_RW)));
        REFUSED(update_va_mapping(SPOT, pte_of(tables[i], PTE_RW), UVMF_INVLPG));
        EXPECT_ERROR(page_remap(tables[i], PTE_RW));
        /* Of the lowest level a write may be emulated. */
        if (tables[i] != l1)
            EXPECT_EQ(TRAP_OF("lock orq $0, (%0)", :: "r"(tables[i]) : "memory").vector, X86_PF);
    }

    section("a table that is mapped writable somewhere");
    uint8_t *fresh = page_alloc();

    EXPECT_ERROR(pt_write(&l2[77], pte_of(fresh, PTE_TAB)));
    EXPECT_EQ(l2[77], 0);
    EXPECT_ERROR(pt_write(&l3[77], pte_of(fresh, PTE_TAB)));
    EXPECT_ERROR(pt_write(&root[77], pte_of(fresh, PTE_TAB)));
    for (unsigned int level = 1; level <= 4; level++)
        EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L1_TABLE + level - 1, mfn_of(fresh)));
    page_free(fresh);
}

static void check_confusion(void)
{
    uint64_t *garbage = page_alloc();

    section("a page as a table of the wrong level");
    EXPECT_ERROR(pt_write(&l3[77], pte_of(l1, PTE_TAB)));
    EXPECT_ERROR(pt_write(&root[77], pte_of(l1, PTE_TAB)));
    EXPECT_ERROR(pt_write(&root[77], pte_of(l2, PTE_TAB)));
    EXPECT_ERROR(pt_write(&l2[77], pte_of(l3, PTE_TAB)));
    EXPECT_ERROR(pt_write(&l2[77], pte_of(root, PTE_TAB)));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L2_TABLE, mfn_of(l1)));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L4_TABLE, mfn_of(l1)));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(root)));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn_of(l1)));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, mfn_of(l2)));

    section("a table with one bad entry");
    garbage[511] = hypervisor_mfn() << PAGE_SHIFT | PTE_RW;
    for (unsigned int level = 1; level <= 4; level++) {
        EXPECT_ERROR(table_pin(garbage, level));
        /* Nothing of the attempt is left: it can be written again. */
        EXPECT_EQ(page_remap(garbage, PTE_RW), 0);
    }
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn_of(garbage)));

    section("a table whose last entry maps itself writable");
    garbage[511] = pte_of(garbage, PTE_RW);
    EXPECT_ERROR(table_pin(garbage, 1));
    EXPECT_EQ(page_remap(garbage, PTE_RW), 0);
    garbage[511] = pte_of(garbage, PTE_TAB);
    EXPECT_ERROR(table_pin(garbage, 2));
    EXPECT_EQ(page_remap(garbage, PTE_RW), 0);
    EXPECT_ERROR(table_pin(garbage, 3));
    EXPECT_EQ(page_remap(garbage, PTE_RW), 0);
    EXPECT_ERROR(table_pin(garbage, 4));
    EXPECT_EQ(page_remap(garbage, PTE_RW), 0);
    garbage[511] = 0;
    page_free(garbage);
    unchanged();
}

static void check_large_pages(void)
{
    section("large pages");
    EXPECT_ERROR(pt_write(&l2[77], PTE_TAB | PTE_PSE));
    EXPECT_ERROR(pt_write(&l2[77], (mfn_of(page) & ~511UL) << PAGE_SHIFT | PTE_TAB | PTE_PSE));
    EXPECT_ERROR(pt_write(&l3[77], PTE_TAB | PTE_PSE));
    EXPECT_ERROR(pt_write(&root[77], PTE_TAB | PTE_PSE));
    EXPECT_EQ(l2[77], 0);
}

/* The root's slots 256 to 271 are the hypervisor's; whatever is written, they stay. */
static void check_reserved_slots(void)
{
    uint64_t *fresh = page_alloc();
    uint64_t before[16];
    unsigned int changed = 0;

    section("the hypervisor's slots in the loaded root");
    memcpy(before, root + 256, sizeof(before));
    for (unsigned int i = 256; i < 272; i++) {
        EXPECT_ERROR(pt_write(&root[i], pte_of(l3, PTE_TAB)));
        EXPECT_ERROR(pt_write(&root[i], 0));
    }
    EXPECT_EQ(memcmp(before, root + 256, sizeof(before)), 0);

    section("and in one that is made with something there");
    for (unsigned int i = 256; i < 272; i++)
        fresh[i] = pte_of(l3, PTE_TAB);
    if (!table_pin(fresh, 4)) {
        for (unsigned int i = 256; i < 272; i++)
            changed += pt_read(&fresh[i]) == pte_of(l3, PTE_TAB);
        EXPECT_EQ(changed, 0);
        EXPECT_EQ(table_unpin(fresh), 0);
    }
    EXPECT_EQ(page_remap(fresh, PTE_RW), 0);
    page_free(fresh);
}

static void check_linear(void)
{
    section("a root in itself: at most readable");
    EXPECT_ERROR(pt_write(&root[100], pte_of(root, PTE_TAB)));

    long rc = pt_write(&root[100], pte_of(root, PTE_TAB & ~PTE_W));

    if (!rc) {
        uint64_t *linear = (uint64_t *)(100UL << 39 | 100UL << 30 | 100UL << 21 | 100UL << 12);

        EXPECT_EQ(linear[100] & PTE_MFN, root[100] & PTE_MFN);
        EXPECT_EQ(TRAP_OF("lock orq $0, (%0)", :: "r"(linear) : "memory").vector, X86_PF);
        EXPECT_EQ(pt_write(&root[100], 0), 0);
    }
}

static void check_requests(void)
{
    section("addresses of requests");
    update.val = 0;
    update.ptr = maddr_of(entry) + 4;
    REFUSED(mmu_update(&update, 1, NULL, DOMID_SELF));
    update.ptr = PTE_MFN | (1UL << 60);
    REFUSED(mmu_update(&update, 1, NULL, DOMID_SELF));
    update.ptr = hypervisor_mfn() << PAGE_SHIFT;
    REFUSED(mmu_update(&update, 1, NULL, DOMID_SELF));
    update.ptr = 0xb8UL << PAGE_SHIFT;
    REFUSED(mmu_update(&update, 1, NULL, DOMID_SELF));
    /* The machine-to-physical entry of a frame of somebody else. */
    update.ptr = hypervisor_mfn() << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
    REFUSED(mmu_update(&update, 1, NULL, DOMID_SELF));
    update.ptr = PTE_MFN | MMU_MACHPHYS_UPDATE;
    REFUSED(mmu_update(&update, 1, NULL, DOMID_SELF));

    section("domains that are none");
    update.ptr = maddr_of(entry);
    update.val = pte_of(page, PTE_RO);
    EXPECT_ERROR(mmu_update(&update, 1, NULL, 1234));
    EXPECT_ERROR(mmu_update(&update, 1, NULL, DOMID_INVALID));
    EXPECT_ERROR(mmu_update(&update, 1, NULL, DOMID_IDLE));
    EXPECT_ERROR(mmu_update(&update, 1, NULL, DOMID_SELF | 1235u << 16));
    EXPECT_ERROR(mmuext_op(&update, 1, NULL, 1234));

    section("requests that cannot be read, counts that cannot be written");
    EXPECT_EQ(mmu_update((void *)0x600000000000UL, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    EXPECT_EQ(mmu_update((void *)HYPERVISOR_VIRT_START, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    EXPECT_EQ(mmu_update((void *)(HYPERVISOR_VIRT_START - 8), 1, NULL, DOMID_SELF), -XEN_EFAULT);
    EXPECT_EQ(mmu_update((void *)-8UL, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    unchanged();
}

TEST("mmu_abuse")
{
    setup();
    check_foreign_frames();
    check_writable_tables();
    check_confusion();
    check_large_pages();
    check_reserved_slots();
    check_linear();
    check_requests();
    unchanged();
}
