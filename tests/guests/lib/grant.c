/* SPDX-License-Identifier: GPL-2.0-only */
/* Grants to oneself. */
#include "guest.h"
#include "grant.h"

void grant_init(void)
{
    static xen_pfn_t frames[GRANT_FRAMES];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = GRANT_FRAMES };

    set_xen_guest_handle(setup.frame_list, frames);
    REQUIRE_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    REQUIRE_EQ(setup.status, GNTST_okay);
    for (unsigned int i = 0; i < GRANT_FRAMES; i++)
        REQUIRE_EQ(map_page(kernel_root(), (char *)GRANT_TABLE + i * PAGE_SIZE,
                            frames[i] << PAGE_SHIFT | PTE_RW), 0);
    REQUIRE_EQ(map_page(kernel_root(), GRANT_SPOT, 0), 0);
}

void grant_give(grant_ref_t ref, domid_t to, const void *page, unsigned int flags)
{
    GRANT_TABLE[ref].domid = to;
    GRANT_TABLE[ref].frame = mfn_of(page);
    barrier();
    WRITE_ONCE(GRANT_TABLE[ref].flags, flags);
}

int grant_map(grant_ref_t ref, const void *where, unsigned int flags, grant_handle_t *handle)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = (uintptr_t)where, .flags = flags, .ref = ref, .status = 99,
    };
    long rc;

    rc = grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
    EXPECT_EQ(rc, 0);
    if (handle)
        *handle = map.handle;
    return map.status;
}

int grant_unmap(grant_handle_t handle, const void *where)
{
    struct gnttab_unmap_grant_ref unmap = {
        .host_addr = (uintptr_t)where, .handle = handle, .status = 99,
    };

    EXPECT_EQ(grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    return unmap.status;
}
