/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies by grant: between frames and grants, within bounds; each bad argument has its status, and
 * then nothing is written.
 */
#include "../lib/guest.h"
#include "../lib/grant.h"

#define REF 30

static uint8_t *from, *to;
static struct gnttab_copy op;

static int copy(void)
{
    op.status = 99;
    EXPECT_EQ(grant_table_op(GNTTABOP_copy, &op, 1), 0);
    return op.status;
}

/* From the first page's frame to the second's. */
static void reset(void)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        from[i] = i * 3;
        to[i] = 0;
    }
    op = (struct gnttab_copy){
        .source = { .u.gmfn = mfn_of(from), .domid = DOMID_SELF },
        .dest = { .u.gmfn = mfn_of(to), .domid = DOMID_SELF },
        .len = PAGE_SIZE,
    };
}

static bool untouched(void)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i++)
        if (to[i])
            return false;
    return true;
}

static void check_copies(void)
{
    section("frame to frame");
    reset();
    EXPECT_EQ(copy(), GNTST_okay);
    EXPECT_EQ(memcmp(from, to, PAGE_SIZE), 0);

    section("a part, at offsets");
    reset();
    op.source.offset = 100;
    op.dest.offset = 1000;
    op.len = 50;
    EXPECT_EQ(copy(), GNTST_okay);
    EXPECT_EQ(memcmp(from + 100, to + 1000, 50), 0);
    EXPECT_EQ(to[999], 0);
    EXPECT_EQ(to[1050], 0);

    section("from a grant, to a grant");
    reset();
    grant_give(REF, 0, from, GTF_permit_access | GTF_readonly);
    op.source.u.ref = REF;
    op.source.domid = 0;
    op.flags = GNTCOPY_source_gref;
    EXPECT_EQ(copy(), GNTST_okay);
    EXPECT_EQ(memcmp(from, to, PAGE_SIZE), 0);
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access | GTF_readonly);
    reset();
    grant_give(REF + 1, 0, to, GTF_permit_access);
    op.source.u.ref = REF;
    op.source.domid = 0;
    op.dest.u.ref = REF + 1;
    op.dest.domid = 0;
    op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    EXPECT_EQ(copy(), GNTST_okay);
    EXPECT_EQ(memcmp(from, to, PAGE_SIZE), 0);
    EXPECT_EQ(GRANT_TABLE[REF + 1].flags, GTF_permit_access);
}

#define REFUSED(change) \
    do { reset(); change; EXPECT(copy() < 0); EXPECT(untouched()); } while (0)

static void check_refusals(void)
{
    section("beyond a page");
    REFUSED(op.source.offset = 1);
    REFUSED(op.dest.offset = 1);
    REFUSED((op.source.offset = PAGE_SIZE, op.len = 1));
    REFUSED((op.dest.offset = 0xffff, op.len = 0xffff));

    section("frames that are not ours");
    REFUSED(op.dest.u.gmfn = hypervisor_mfn());
    REFUSED(op.source.u.gmfn = hypervisor_mfn());
    REFUSED(op.source.u.gmfn = ~0UL);
    REFUSED(op.dest.u.gmfn = ~0UL);
    REFUSED(op.dest.u.gmfn = mfn_of(kernel_root()));

    section("grants that do not allow it");
    REFUSED((op.flags = GNTCOPY_dest_gref, op.dest.u.ref = REF, op.dest.domid = 0));
    EXPECT_EQ(GRANT_TABLE[REF].flags, GTF_permit_access | GTF_readonly);
    REFUSED((op.flags = GNTCOPY_source_gref, op.source.u.ref = 1u << 30, op.source.domid = 0));
    REFUSED((op.flags = GNTCOPY_source_gref, op.source.u.ref = REF + 5, op.source.domid = 0));
    grant_give(REF + 6, 9, from, GTF_permit_access);
    REFUSED((op.flags = GNTCOPY_source_gref, op.source.u.ref = REF + 6, op.source.domid = 0));
    grant_give(REF + 7, 0, from, GTF_permit_access);
    GRANT_TABLE[REF + 7].frame = hypervisor_mfn();
    REFUSED((op.flags = GNTCOPY_source_gref, op.source.u.ref = REF + 7, op.source.domid = 0));

    section("domains that are none");
    REFUSED(op.source.domid = 1234);
    REFUSED(op.dest.domid = 1234);
}

TEST("grant_copy")
{
    static struct gnttab_copy many[100];

    from = page_alloc();
    to = page_alloc();
    grant_init();
    check_copies();
    check_refusals();

    section("many in one call");
    reset();
    for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
        many[i] = op;
        many[i].source.offset = many[i].dest.offset = i * 10;
        many[i].len = 10;
    }
    many[50].len = 0xffff;
    EXPECT_EQ(grant_table_op(GNTTABOP_copy, many, ARRAY_SIZE(many)), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
        EXPECT_EQ(many[i].status == GNTST_okay, i != 50);
        EXPECT_EQ(!memcmp(from + i * 10, to + i * 10, 10), i != 50);
    }
}
