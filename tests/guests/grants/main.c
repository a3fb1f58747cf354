/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants, version 1, made to oneself: mapping and unmapping, the bits that tell of it, what a
 * read-only grant allows, and everything that must be refused.
 *
 * A page under a live mapping must stay what and whose it is, whatever its owner does.
 */
#include "../lib/guest.h"
#include "../lib/grant.h"

#define REF 20
#define HOST (GNTMAP_host_map)

static uint8_t *page;
static grant_handle_t handle;

static void check_table(void)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };
    static xen_pfn_t frames[1];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1000000 };

    section("size");
    EXPECT_EQ(grant_table_op(GNTTABOP_query_size, &query, 1), 0);
    EXPECT_EQ(query.status, GNTST_okay);
    EXPECT(query.nr_frames >= GRANT_FRAMES);
    EXPECT(query.max_nr_frames >= query.nr_frames);
    query.dom = 1234;
    EXPECT_EQ(grant_table_op(GNTTABOP_query_size, &query, 1), 0);
    EXPECT_EQ(query.status, GNTST_bad_domain);

    section("too many frames, a list nowhere");
    set_xen_guest_handle(setup.frame_list, frames);
    EXPECT_ANY(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0, -XEN_EINVAL);
    setup.nr_frames = 1;
    set_xen_guest_handle(setup.frame_list, (void *)HYPERVISOR_VIRT_START);
    setup.status = 0;
    EXPECT_ANY(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0, -XEN_EFAULT);
    EXPECT(setup.status != GNTST_okay || grant_table_op(GNTTABOP_setup_table, &setup, 1) != 0);
}

static void check_mapping(void)
{
    section("map and unmap, writable");
    *page = 0x11;
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST, &handle), GNTST_okay);
    EXPECT_EQ(*GRANT_SPOT, 0x11);
    *GRANT_SPOT = 0x12;
    EXPECT_EQ(*page, 0x12);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access | GTF_reading | GTF_writing);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);
    EXPECT_EQ(TRAP_OF("mov (%0), %%al", :: "r"(GRANT_SPOT) : "rax").vector, X86_PF);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_bad_handle);

    section("read-only by choice");
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST | GNTMAP_readonly, &handle), GNTST_okay);
    EXPECT_EQ(*GRANT_SPOT, 0x12);
    EXPECT_EQ(TRAP_OF("movb $1, (%0)", :: "r"(GRANT_SPOT) : "memory").vector, X86_PF);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access | GTF_reading);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);

    section("read-only by grant");
    grant_give(REF, 0, page, GTF_permit_access | GTF_readonly);
    EXPECT(grant_map(REF, GRANT_SPOT, HOST, NULL) < 0);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access | GTF_readonly);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST | GNTMAP_readonly, &handle), GNTST_okay);
    EXPECT_EQ(*GRANT_SPOT, 0x12);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);

    section("several mappings of one grant");
    grant_handle_t second;

    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(map_page(kernel_root(), GRANT_SPOT + PAGE_SIZE, 0), 0);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST | GNTMAP_readonly, &handle), GNTST_okay);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT + PAGE_SIZE, HOST, &second), GNTST_okay);
    EXPECT(handle != second);
    GRANT_SPOT[PAGE_SIZE] = 0x13;
    EXPECT_EQ(*GRANT_SPOT, 0x13);
    EXPECT_EQ(grant_unmap(second, GRANT_SPOT + PAGE_SIZE), GNTST_okay);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access | GTF_reading);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);
}

/* The entry says that it was never used, while the TLB knows it. */
static void check_accessed(void)
{
    section("unmapped is unmapped, though the accessed bit was taken away");
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST, &handle), GNTST_okay);
    *GRANT_SPOT = 0x13;
    uint64_t entry = *pt_entry(kernel_root(), GRANT_SPOT, 1);
    EXPECT(entry & PTE_A);
    EXPECT_EQ(update_va_mapping(GRANT_SPOT, entry & ~PTE_A, UVMF_NONE), 0);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(TRAP_OF("mov (%0), %%al", :: "r"(GRANT_SPOT) : "rax").vector, X86_PF);
}

static void check_entry_form(void)
{
    uint64_t *entry = pt_entry(kernel_root(), GRANT_SPOT, 1);
    void *where = (void *)maddr_of(entry);

    section("into an entry named by its machine address");
    REQUIRE_EQ(grant_map(REF, where, HOST | GNTMAP_contains_pte, &handle), GNTST_okay);
    EXPECT_EQ(*GRANT_SPOT, *page);
    EXPECT_EQ(grant_unmap(handle, where), GNTST_okay);
    EXPECT_EQ(*entry, 0);
    EXPECT(grant_map(REF, (void *)(hypervisor_mfn() << PAGE_SHIFT), HOST | GNTMAP_contains_pte,
                     NULL) < 0);
    EXPECT(grant_map(REF, (void *)maddr_of(page), HOST | GNTMAP_contains_pte, NULL) < 0);
    EXPECT(grant_map(REF, (void *)~7UL, HOST | GNTMAP_contains_pte, NULL) < 0);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);
}

static void check_device_map(void)
{
    struct gnttab_map_grant_ref map = { .flags = GNTMAP_device_map, .ref = REF };
    struct gnttab_unmap_grant_ref unmap = { 0 };

    section("for devices");
    EXPECT_EQ(grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    EXPECT_EQ(map.status, GNTST_okay);
    EXPECT_EQ(map.dev_bus_addr, maddr_of(page));
    unmap.handle = map.handle;
    unmap.dev_bus_addr = map.dev_bus_addr;
    EXPECT_EQ(grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    EXPECT_EQ(unmap.status, GNTST_okay);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);
}

static void check_refused_maps(void)
{
    section("maps that are refused leave no trace");
    EXPECT_EQ(grant_map(1u << 30, GRANT_SPOT, HOST, NULL), GNTST_bad_gntref);
    EXPECT_EQ(grant_map(~0u, GRANT_SPOT, HOST, NULL), GNTST_bad_gntref);
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);         /* empty */
    EXPECT(grant_map(REF, GRANT_SPOT, 0, NULL) < 0);                /* neither kind of mapping */
    grant_give(REF + 1, 5, page, GTF_permit_access);                /* not to us */
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);
    grant_give(REF + 1, 0, page, GTF_accept_transfer);
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);
    grant_give(REF + 1, 0, page, GTF_transitive);
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);
    EXPECT_EQ(GRANT_TABLE[REF + 1].flags, GTF_transitive);

    section("frames that are not ours to grant");
    grant_give(REF + 1, 0, page, GTF_permit_access);
    GRANT_TABLE[REF + 1].frame = hypervisor_mfn();
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);
    GRANT_TABLE[REF + 1].frame = ~0u;
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);
    GRANT_TABLE[REF + 1].frame = mfn_of(kernel_root());
    EXPECT(grant_map(REF + 1, GRANT_SPOT, HOST, NULL) < 0);
    EXPECT_EQ(GRANT_TABLE[REF + 1].flags, GTF_permit_access);

    section("addresses that have no entry");
    EXPECT(grant_map(REF, (void *)0x610000000000UL, HOST, NULL) < 0);
    EXPECT(grant_map(REF, (void *)HYPERVISOR_VIRT_START, HOST, NULL) < 0);
    EXPECT(grant_map(REF, (void *)(1UL << 63), HOST, NULL) < 0);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);

    section("a domain that is none");
    struct gnttab_map_grant_ref map = {
        .host_addr = (uintptr_t)GRANT_SPOT, .flags = HOST, .ref = REF, .dom = 1234,
    };

    EXPECT_EQ(grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    EXPECT_EQ(map.status, GNTST_bad_domain);
}

static void check_refused_unmaps(void)
{
    section("unmaps that are refused leave the mapping");
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST, &handle), GNTST_okay);
    EXPECT_EQ(grant_unmap(handle + 1000000, GRANT_SPOT), GNTST_bad_handle);
    EXPECT_EQ(grant_unmap(~0u, GRANT_SPOT), GNTST_bad_handle);
    EXPECT(grant_unmap(handle, GRANT_SPOT + PAGE_SIZE) < 0);
    EXPECT(grant_unmap(handle, kernel_root()) < 0);
    EXPECT(grant_unmap(handle, (void *)0x610000000000UL) < 0);
    EXPECT(grant_unmap(handle, (void *)HYPERVISOR_VIRT_START) < 0);
    EXPECT(GRANT_TABLE[REF].flags & GTF_writing);
    *GRANT_SPOT = 0x21;
    EXPECT_EQ(*page, 0x21);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);
}

/*
 * A page that is mapped twice, once writable: the handle of the writable mapping may not take the
 * read-only one away, or a mapping stays that can write and that nobody counts.
 */
static void check_exchanged_places(void)
{
    uint8_t *other = GRANT_SPOT + PAGE_SIZE;
    grant_handle_t reader;

    section("unmapping one mapping by the handle of another");
    memset(page, 0, PAGE_SIZE);
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST, &handle), GNTST_okay);
    REQUIRE_EQ(grant_map(REF, other, HOST | GNTMAP_readonly, &reader), GNTST_okay);
    EXPECT(grant_unmap(handle, other) < 0);
    EXPECT(grant_unmap(reader, GRANT_SPOT) < 0);
    EXPECT_EQ(page_remap(page, PTE_RO), 0);
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(page)));
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(grant_unmap(reader, other), GNTST_okay);
    EXPECT_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(page)), 0);
    EXPECT_EQ(table_unpin(page), 0);
    EXPECT_EQ(page_remap(page, PTE_RW), 0);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access);
}

/* The granter writes its table and does with its page what it likes; nothing may come of it. */
static void check_abuse_by_granter(void)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    static xen_pfn_t frame;

    section("the granter changes the entry under a mapping");
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST, &handle), GNTST_okay);
    GRANT_TABLE[REF].flags = 0;
    GRANT_TABLE[REF].domid = 7;
    GRANT_TABLE[REF].frame = hypervisor_mfn();
    *GRANT_SPOT = 0x31;
    EXPECT_EQ(*page, 0x31);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);

    section("the granter makes the page a page table under a mapping");
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, HOST, &handle), GNTST_okay);
    memset(page, 0, PAGE_SIZE);
    EXPECT_ERROR(table_pin(page, 1));
    EXPECT_EQ(page_remap(page, PTE_RW), 0);

    section("the granter gives the page away under a mapping");
    frame = mfn_of(page);
    set_xen_guest_handle(r.extent_start, &frame);
    REQUIRE_EQ(update_va_mapping(page, 0, UVMF_INVLPG), 0);
    EXPECT_ANY(memory_op(XENMEM_decrease_reservation, &r), 0, 1);
    *GRANT_SPOT = 0x32;
    EXPECT_EQ(*GRANT_SPOT, 0x32);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    page = page_alloc();
}

static void check_calls(void)
{
    static struct gnttab_map_grant_ref maps[64];

    section("operations that are none, arguments nowhere");
    EXPECT_EQ(grant_table_op(99, maps, 1), -XEN_ENOSYS);
    for (unsigned int op = 0; op <= GNTTABOP_cache_flush; op++)
        EXPECT_ERROR(grant_table_op(op, (void *)HYPERVISOR_VIRT_START, 1));
    EXPECT_EQ(grant_table_op(GNTTABOP_map_grant_ref, (void *)0x600000000000UL, 1), -XEN_EFAULT);
    EXPECT_EQ(grant_table_op(GNTTABOP_map_grant_ref, (void *)-16UL, 2), -XEN_EFAULT);
    EXPECT_EQ(grant_table_op(GNTTABOP_map_grant_ref, maps, 0), 0);
    EXPECT_ERROR(grant_table_op(GNTTABOP_map_grant_ref, maps, ~0u));

    section("a list with each its status");
    page = page_alloc();
    grant_give(REF + 4, 0, page, GTF_permit_access);
    for (unsigned int i = 0; i < ARRAY_SIZE(maps); i++) {
        maps[i] = (struct gnttab_map_grant_ref){
            .flags = GNTMAP_device_map, .ref = i % 2 ? REF + 4 : 1u << 30,
        };
    }
    EXPECT_EQ(grant_table_op(GNTTABOP_map_grant_ref, maps, ARRAY_SIZE(maps)), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(maps); i++)
        EXPECT_EQ(maps[i].status, i % 2 ? GNTST_okay : GNTST_bad_gntref);
    for (unsigned int i = 1; i < ARRAY_SIZE(maps); i += 2) {
        struct gnttab_unmap_grant_ref unmap = {
            .handle = maps[i].handle, .dev_bus_addr = maps[i].dev_bus_addr,
        };

        EXPECT_EQ(grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
        EXPECT_EQ(unmap.status, GNTST_okay);
    }
    EXPECT_EQ(GRANT_TABLE[REF + 4].flags, GTF_permit_access);
}

TEST("grants")
{
    page = page_alloc();
    grant_init();
    check_table();
    check_mapping();
    check_accessed();
    check_entry_form();
    check_device_map();
    check_refused_maps();
    check_refused_unmaps();
    check_exchanged_places();
    check_abuse_by_granter();
    check_calls();
}
