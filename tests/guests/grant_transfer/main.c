/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages given away by transfer: refused unless the other side waits for one, and never a page that
 * is in use or not the caller's.
 */
#include "../lib/guest.h"
#include "../lib/grant.h"

static int transfer(unsigned long mfn, domid_t to, grant_ref_t ref)
{
    struct gnttab_transfer op = { .mfn = mfn, .domid = to, .ref = ref, .status = 99 };

    EXPECT_EQ(grant_table_op(GNTTABOP_transfer, &op, 1), 0);
    return op.status;
}

TEST("grant_transfer")
{
    uint8_t *page = page_alloc();

    grant_init();
    section("frames that are not ours, domains that are none");
    EXPECT(transfer(hypervisor_mfn(), 0, 20) < 0);
    EXPECT(transfer(~0UL, 0, 20) < 0);
    EXPECT(transfer(mfn_of(page), 1234, 20) < 0);

    section("an entry that does not wait");
    *page = 0x44;
    EXPECT(transfer(mfn_of(page), 0, 20) < 0);
    EXPECT(transfer(mfn_of(page), 0, 1u << 30) < 0);
    EXPECT_EQ(*page, 0x44);

    section("pages in use");
    GRANT_TABLE[21].domid = 0;
    GRANT_TABLE[21].frame = 0;
    GRANT_TABLE[21].flags = GTF_accept_transfer;
    EXPECT(transfer(mfn_of(kernel_root()), 0, 21) < 0);
    EXPECT(transfer(start_info->shared_info >> PAGE_SHIFT, 0, 21) < 0);
    EXPECT_EQ(GRANT_TABLE[21].flags, GTF_accept_transfer);

    section("to oneself: refused, or complete");
    uint8_t *gift = page_alloc();
    unsigned long mfn = mfn_of(gift);

    *gift = 0x66;
    REQUIRE_EQ(update_va_mapping(gift, 0, UVMF_INVLPG), 0);
    if (transfer(mfn, 0, 21) == GNTST_okay) {
        EXPECT_EQ(GRANT_TABLE[21].flags, GTF_accept_transfer | GTF_transfer_committed |
                  GTF_transfer_completed);
        REQUIRE_EQ(update_va_mapping(gift, (uint64_t)GRANT_TABLE[21].frame << PAGE_SHIFT | PTE_RW,
                                     UVMF_INVLPG), 0);
        EXPECT_EQ(*gift, 0x66);
    } else {
        EXPECT_EQ(page_remap(gift, PTE_RW), 0);
        EXPECT_EQ(*gift, 0x66);
    }
}
