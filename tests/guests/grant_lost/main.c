/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mapper that overwrites the entry of a grant's mapping, or changes its rights, instead of
 * unmapping the grant.
 *
 * The hypervisor may end such a domain; or let it live, with the grant in use for ever. It must not
 * lose count, nor let the mapper write what was granted for reading.
 *
 * expect: either
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"
#include "../lib/grant.h"

TEST("grant_lost")
{
    uint8_t *page = page_alloc();
    grant_handle_t handle;
    uint64_t *entry;

    grant_init();
    entry = pt_entry(kernel_root(), GRANT_SPOT, 1);

    section("an entry cleared under a mapping");
    grant_give(20, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(20, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    EXPECT_EQ(pt_write(entry, 0), 0);
    EXPECT(GRANT_TABLE[20].flags & GTF_reading);
    grant_unmap(handle, GRANT_SPOT);

    section("whatever became of that, the place can be used again");
    EXPECT_EQ(pt_write(entry, 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)GRANT_SPOT, 0), 0);
    page = page_alloc();
    grant_give(22, 0, page, GTF_permit_access);
    REQUIRE_EQ(grant_map(22, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
    EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);

    section("the page is still whose it was");
    EXPECT_EQ(page_remap(page, PTE_RW), 0);
}
