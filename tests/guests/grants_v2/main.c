/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants, version 2: the change of version, status words of their own, parts of pages, grants
 * handed on, and the calls around tables: exchange of entries, mappings replaced.
 */
#include "../lib/guest.h"
#include "../lib/grant.h"

#define REF 40

static uint8_t *page, *other;
static grant_handle_t handle;

static long set_version(unsigned int version, unsigned int *now)
{
    struct gnttab_set_version arg = { .version = version };
    long rc = grant_table_op(GNTTABOP_set_version, &arg, 1);

    if (now)
        *now = arg.version;
    return rc;
}

static void check_versions(void)
{
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    unsigned int now;

    section("versions");
    EXPECT_EQ(grant_table_op(GNTTABOP_get_version, &get, 1), 0);
    EXPECT_EQ(get.version, 1);
    EXPECT_EQ(set_version(3, NULL), -XEN_EINVAL);
    EXPECT_EQ(set_version(0, NULL), -XEN_EINVAL);
    EXPECT_EQ(set_version(1, &now), 0);

    section("no change while a grant is mapped");
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    EXPECT_EQ(set_version(2, NULL), -XEN_EBUSY);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    if (set_version(2, &now))
        skip("the hypervisor has no version 2");
    EXPECT_EQ(now, 2);
    EXPECT_EQ(grant_table_op(GNTTABOP_get_version, &get, 1), 0);
    EXPECT_EQ(get.version, 2);
    EXPECT_EQ(GRANT_TABLE_V2[REF].hdr.flags, 0);
    EXPECT_EQ(GRANT_TABLE_V2[REF / 2].hdr.flags, 0);
}

static void map_status(void)
{
    static uint64_t frame;
    struct gnttab_get_status_frames get = { .nr_frames = 1, .dom = DOMID_SELF };

    section("status frames");
    set_xen_guest_handle(get.frame_list, &frame);
    EXPECT_EQ(grant_table_op(GNTTABOP_get_status_frames, &get, 1), 0);
    REQUIRE_EQ(get.status, GNTST_okay);
    REQUIRE_EQ(map_page(kernel_root(), GRANT_STATUS, frame << PAGE_SHIFT | PTE_RW), 0);
    get.nr_frames = 100000;
    EXPECT_EQ(grant_table_op(GNTTABOP_get_status_frames, &get, 1), 0);
    EXPECT(get.status < 0);
}

static void give(grant_ref_t ref, const void *what, unsigned int flags)
{
    GRANT_TABLE_V2[ref].full_page.hdr.domid = 0;
    GRANT_TABLE_V2[ref].full_page.frame = mfn_of(what);
    barrier();
    WRITE_ONCE(GRANT_TABLE_V2[ref].hdr.flags, flags);
}

static void check_mapping(void)
{
    section("map: the status word tells");
    *page = 0x51;
    give(REF, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    EXPECT_EQ(*GRANT_SPOT, 0x51);
    EXPECT_EQ(GRANT_STATUS[REF], GTF_reading | GTF_writing);
    EXPECT_EQ(GRANT_TABLE_V2[REF].hdr.flags, GTF_permit_access);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(GRANT_STATUS[REF], 0);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map | GNTMAP_readonly, &handle), GNTST_okay);
    EXPECT_EQ(GRANT_STATUS[REF], GTF_reading);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    give(REF, page, GTF_permit_access | GTF_readonly);
    EXPECT(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle) < 0);
    EXPECT_EQ(GRANT_STATUS[REF], 0);

    section("parts and grants handed on are not for mapping");
    give(REF + 1, page, GTF_permit_access | GTF_sub_page);
    EXPECT(grant_map(REF + 1, GRANT_SPOT, GNTMAP_host_map, &handle) < 0);
    give(REF + 1, page, GTF_transitive);
    EXPECT(grant_map(REF + 1, GRANT_SPOT, GNTMAP_host_map, &handle) < 0);
    EXPECT_EQ(GRANT_STATUS[REF + 1], 0);

    section("a frame number beyond all");
    give(REF + 1, page, GTF_permit_access);
    GRANT_TABLE_V2[REF + 1].full_page.frame = ~0UL;
    EXPECT(grant_map(REF + 1, GRANT_SPOT, GNTMAP_host_map, &handle) < 0);
    GRANT_TABLE_V2[REF + 1].full_page.frame = 1UL << 52;
    EXPECT(grant_map(REF + 1, GRANT_SPOT, GNTMAP_host_map, &handle) < 0);
    EXPECT_EQ(GRANT_STATUS[REF + 1], 0);
}

static int copy_from(grant_ref_t ref, unsigned int offset, unsigned int len)
{
    struct gnttab_copy op = {
        .source = { .u.ref = ref, .domid = 0, .offset = offset },
        .dest = { .u.gmfn = mfn_of(other), .domid = DOMID_SELF },
        .len = len, .flags = GNTCOPY_source_gref, .status = 99,
    };

    EXPECT_EQ(grant_table_op(GNTTABOP_copy, &op, 1), 0);
    return op.status;
}

static void check_parts(void)
{
    section("copy of a part");
    for (unsigned int i = 0; i < PAGE_SIZE; i++)
        page[i] = i;
    GRANT_TABLE_V2[REF + 2].sub_page.page_off = 256;
    GRANT_TABLE_V2[REF + 2].sub_page.length = 64;
    give(REF + 2, page, GTF_permit_access | GTF_readonly | GTF_sub_page);
    GRANT_TABLE_V2[REF + 2].sub_page.frame = mfn_of(page);
    EXPECT_EQ(copy_from(REF + 2, 256, 64), GNTST_okay);
    EXPECT_EQ(memcmp(page + 256, other, 64), 0);
    EXPECT(copy_from(REF + 2, 255, 2) < 0);
    EXPECT(copy_from(REF + 2, 256, 65) < 0);
    EXPECT(copy_from(REF + 2, 0, 64) < 0);
    EXPECT_EQ(GRANT_STATUS[REF + 2], 0);
}

static void check_transitive(void)
{
    section("copy of a grant that is handed on");
    give(REF + 3, page, GTF_permit_access | GTF_readonly);
    GRANT_TABLE_V2[REF + 4].transitive.trans_domid = 0;
    GRANT_TABLE_V2[REF + 4].transitive.gref = REF + 3;
    GRANT_TABLE_V2[REF + 4].hdr.domid = 0;
    barrier();
    GRANT_TABLE_V2[REF + 4].hdr.flags = GTF_transitive | GTF_readonly;
    memset(other, 0, PAGE_SIZE);
    /* To the same domain it may be refused; it may not copy anything else. */
    if (copy_from(REF + 4, 0, 64) == GNTST_okay)
        EXPECT_EQ(memcmp(page, other, 64), 0);

    section("and of one that is handed on in a circle");
    GRANT_TABLE_V2[REF + 4].transitive.gref = REF + 4;
    EXPECT(copy_from(REF + 4, 0, 64) < 0);
    EXPECT_EQ(GRANT_STATUS[REF + 4], 0);
}

static void check_swap(void)
{
    struct gnttab_swap_grant_ref swap = { .ref_a = REF, .ref_b = REF + 5 };

    section("exchange of entries");
    give(REF, page, GTF_permit_access | GTF_readonly);
    GRANT_TABLE_V2[REF + 5].hdr.flags = 0;
    EXPECT_EQ(grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1), 0);
    EXPECT_EQ(swap.status, GNTST_okay);
    EXPECT_EQ(GRANT_TABLE_V2[REF].hdr.flags, 0);
    EXPECT_EQ(GRANT_TABLE_V2[REF + 5].hdr.flags, GTF_permit_access | GTF_readonly);
    EXPECT_EQ(GRANT_TABLE_V2[REF + 5].full_page.frame, mfn_of(page));
    swap.ref_a = 1u << 30;
    EXPECT_EQ(grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1), 0);
    EXPECT_EQ(swap.status, GNTST_bad_gntref);

    section("not while mapped");
    give(REF, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    swap.ref_a = REF;
    swap.ref_b = REF + 6;
    EXPECT_EQ(grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1), 0);
    EXPECT(swap.status < 0);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
}

static void check_replace(void)
{
    struct gnttab_unmap_and_replace op;
    uint8_t *next = GRANT_SPOT + PAGE_SIZE;

    section("unmap and replace");
    *other = 0x71;
    *page = 0x72;
    give(REF, page, GTF_permit_access);
    REQUIRE_EQ(map_page(kernel_root(), next, pte_of(other, PTE_RW)), 0);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    op = (struct gnttab_unmap_and_replace){
        .host_addr = (uintptr_t)GRANT_SPOT, .new_addr = (uintptr_t)next, .handle = handle,
    };
    EXPECT_EQ(grant_table_op(GNTTABOP_unmap_and_replace, &op, 1), 0);
    EXPECT_EQ(op.status, GNTST_okay);
    EXPECT_EQ(*GRANT_SPOT, 0x71);
    EXPECT_EQ(GRANT_STATUS[REF], 0);
    EXPECT_EQ(TRAP_OF("mov (%0), %%al", :: "r"(next) : "rax").vector, X86_PF);
    EXPECT_EQ(pt_write(pt_entry(kernel_root(), GRANT_SPOT, 1), 0), 0);

    section("replaced at the wrong place: the mapping that was to move is gone, and holds nothing");
    struct xen_memory_domain self = { .domid = DOMID_SELF };
    xen_pfn_t frame = mfn_of(other);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    long before = memory_op(XENMEM_current_reservation, &self);

    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    REQUIRE_EQ(map_page(kernel_root(), next, pte_of(other, PTE_RW)), 0);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    op.handle = handle;
    op.host_addr = op.new_addr;
    EXPECT_EQ(grant_table_op(GNTTABOP_unmap_and_replace, &op, 1), 0);
    EXPECT(op.status < 0);
    op.host_addr = (uintptr_t)GRANT_SPOT + 2 * PAGE_SIZE;
    EXPECT_EQ(grant_table_op(GNTTABOP_unmap_and_replace, &op, 1), 0);
    EXPECT(op.status < 0);
    EXPECT_EQ(*GRANT_SPOT, 0x72);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
    EXPECT_EQ(pt_write(pt_entry(kernel_root(), next, 1), 0), 0);
    EXPECT_EQ(update_va_mapping(other, 0, UVMF_INVLPG), 0);
    set_xen_guest_handle(r.extent_start, &frame);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &self), before - 1);
}

TEST("grants_v2")
{
    page = page_alloc();
    other = page_alloc();
    grant_init();
    check_versions();
    map_status();
    check_mapping();
    check_parts();
    check_transitive();
    check_swap();
    check_replace();

    section("back to version 1");
    EXPECT_EQ(pt_write(pt_entry(kernel_root(), GRANT_STATUS, 1), 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    EXPECT_EQ(set_version(1, NULL), 0);
    EXPECT_EQ(GRANT_TABLE[REF].flags, 0);
    grant_give(REF, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(REF, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
}
