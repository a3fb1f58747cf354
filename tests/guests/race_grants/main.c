/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs at the same grants: one maps, copies and unmaps, the other changes the entries, swaps
 * them, makes the pages tables and back, and unmaps where nothing is mapped.
 *
 * At the end no entry may say that it is in use, and the pages are plain memory.
 *
 * smp: 2
 * options: guest_loglvl=none
 * seconds: 60
 */
#include "../lib/guest.h"
#include "../lib/grant.h"

#define REFS  4
#define FIRST 20
#define STEPS 4000

static uint8_t *pages[REFS];
static volatile bool stop, started;
static volatile grant_handle_t shared_handle;
static unsigned long mapped, copied;

/* vCPU 1 is the granter. */
static void revoke(void *arg)
{
    struct gnttab_swap_grant_ref swap;

    started = true;
    for (unsigned int n = 0; !stop; n++) {
        grant_ref_t ref = FIRST + n % REFS;
        uint8_t *page = pages[n % REFS];

        switch (n % 5) {
        case 0:
            WRITE_ONCE(GRANT_TABLE[ref].flags, 0);
            break;
        case 1:
            GRANT_TABLE[ref].frame = n & 8 ? mfn_of(page) : hypervisor_mfn();
            WRITE_ONCE(GRANT_TABLE[ref].flags, GTF_permit_access | (n & 16 ? GTF_readonly : 0));
            break;
        case 2:
            swap.ref_a = ref;
            swap.ref_b = FIRST + (n + 1) % REFS;
            grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
            break;
        case 3:
            if (!page_remap(page, PTE_RO)) {
                if (!mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn_of(page)))
                    mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(page));
                page_remap(page, PTE_RW);
            }
            break;
        default: {
            struct gnttab_unmap_grant_ref unmap = {
                .host_addr = (uintptr_t)GRANT_SPOT + PAGE_SIZE, .handle = shared_handle,
            };

            /* With an address where it is not: refused, whatever the handle means by now. */
            if (n % 3 == 0)
                grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
            grant_give(ref, 0, page, GTF_permit_access);
        }
        }
    }
}

static void map_one(unsigned int n)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = (uintptr_t)GRANT_SPOT, .ref = FIRST + n % REFS,
        .flags = GNTMAP_host_map | (n & 1 ? GNTMAP_readonly : 0),
    };

    grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
    if (map.status != GNTST_okay)
        return;
    mapped++;
    shared_handle = map.handle;
    TRAP_OF("mov (%0), %%al", :: "r"(GRANT_SPOT) : "rax");

    struct gnttab_unmap_grant_ref unmap = {
        .host_addr = (uintptr_t)GRANT_SPOT, .handle = map.handle,
    };

    /* While the other's wrong unmap looks at the handle, this one may find it busy. */
    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end;) {
        REQUIRE_EQ(grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
        if (unmap.status == GNTST_okay)
            return;
    }
    FAIL("a mapping cannot be unmapped");
}

static void copy_one(unsigned int n, const void *to)
{
    struct gnttab_copy op = {
        .source = { .u.ref = FIRST + n % REFS, .domid = 0 },
        .dest = { .u.gmfn = mfn_of(to), .domid = DOMID_SELF },
        .len = 64, .flags = GNTCOPY_source_gref,
    };

    grant_table_op(GNTTABOP_copy, &op, 1);
    copied += op.status == GNTST_okay;
}

TEST("race_grants")
{
    uint8_t *to = page_alloc();

    grant_init();
    for (unsigned int i = 0; i < REFS; i++) {
        pages[i] = page_alloc();
        grant_give(FIRST + i, 0, pages[i], GTF_permit_access);
    }
    section("two at the same grants");
    vcpu_run(1, revoke, NULL);
    while (!started)
        cpu_relax();

    uint64_t end = time_now() + 5 * SECOND;

    for (unsigned int n = 0; n < STEPS && (n < 200 || time_now() < end); n++) {
        map_one(n);
        copy_one(n, to);
    }
    stop = true;
    vcpu_join(1);
    printf("  %lu mapped, %lu copied\n", mapped, copied);
    EXPECT(mapped > 0);

    section("nothing is in use");
    for (unsigned int i = 0; i < REFS; i++) {
        grant_handle_t handle;

        grant_give(FIRST + i, 0, pages[i], GTF_permit_access);
        REQUIRE_EQ(page_remap(pages[i], PTE_RW), 0);
        REQUIRE_EQ(grant_map(FIRST + i, GRANT_SPOT, GNTMAP_host_map, &handle), GNTST_okay);
        EXPECT_EQ(grant_unmap(handle, GRANT_SPOT), GNTST_okay);
        EXPECT_EQ(GRANT_TABLE[FIRST + i].flags, GTF_permit_access);
        /* No mapping holds it: it can be a table. */
        memset(pages[i], 0, PAGE_SIZE);
        EXPECT_EQ(table_pin(pages[i], 1), 0);
        EXPECT_EQ(table_unpin(pages[i]), 0);
    }
}
