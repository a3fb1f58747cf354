/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmuext_op: pinning, roots, flushes, copying; and each of them misused.
 */
#include "../lib/guest.h"

static struct mmuext_op ops[16];
static unsigned int done;

static void check_pins(void)
{
    uint64_t *table = page_alloc(), *user = page_alloc();

    section("pin and unpin an empty table of each level");
    for (unsigned int level = 1; level <= 4; level++) {
        EXPECT_EQ(table_pin(table, level), 0);
        EXPECT_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE + level - 1, mfn_of(table)), -XEN_EINVAL);
        EXPECT_ERROR(page_remap(table, PTE_RW));
        EXPECT_EQ(table_unpin(table), 0);
        EXPECT_EQ(table_unpin(table), -XEN_EINVAL);
        /* Without its pin the page may be anything again. */
        EXPECT_EQ(page_remap(table, PTE_RW), 0);
        table[511] = 0;
        memset(table, 0, PAGE_SIZE);
    }

    section("pin a table that is mapped writable");
    for (unsigned int level = 1; level <= 4; level++)
        EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L1_TABLE + level - 1, mfn_of(table)));

    section("pin and unpin what is no frame of ours");
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L1_TABLE, ~0UL));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L4_TABLE, 1UL << 40));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_PIN_L1_TABLE, hypervisor_mfn()));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_UNPIN_TABLE, hypervisor_mfn()));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_UNPIN_TABLE, ~0UL));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(user)));

    section("unpin a table in use: it stays a table");
    EXPECT_EQ(table_pin(table, 1), 0);
    EXPECT_EQ(table_pin(user, 2), 0);
    EXPECT_EQ(pt_write(&user[3], pte_of(table, PTE_TAB)), 0);
    EXPECT_EQ(table_unpin(table), 0);
    EXPECT_ERROR(page_remap(table, PTE_RW));
    EXPECT_EQ(table_unpin(user), 0);
    EXPECT_EQ(page_remap(table, PTE_RW), 0);
    EXPECT_EQ(page_remap(user, PTE_RW), 0);
    page_free(table);
    page_free(user);
}

static void check_roots(void)
{
    unsigned long old = mfn_of(kernel_root());
    uint64_t *copy = page_alloc(), *user = table_alloc();

    section("another root for the kernel");
    memcpy(copy, kernel_root(), PAGE_SIZE);
    EXPECT_EQ(table_pin(copy, 4), 0);
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn_of(copy)), 0);
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn_of(copy)), 0);
    /* It is in use, with or without its pin. */
    EXPECT_EQ(table_unpin(copy), 0);
    EXPECT_ERROR(page_remap(copy, PTE_RW));
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, old), 0);
    EXPECT_EQ(page_remap(copy, PTE_RW), 0);

    section("roots that are none");
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_BASEPTR, ~0UL));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_BASEPTR, hypervisor_mfn()));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn_of(page_alloc())));

    section("a root for user mode, and none");
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, mfn_of(user)), 0);
    EXPECT_ERROR(page_remap(user, PTE_RW));
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, mfn_of(user)), 0);
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    EXPECT_EQ(page_remap(user, PTE_RW), 0);
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, ~0UL));
    EXPECT_ERROR(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, hypervisor_mfn()));
}

static void check_flushes(void)
{
    static unsigned long vcpus[2] = { 1 };
    static const unsigned long addresses[] = {
        0, VIRT_BASE, HYPERVISOR_VIRT_START, 1UL << 63, ~0UL,
    };

    section("flushes");
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (unsigned long)vcpus), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
        EXPECT_EQ(mmuext(MMUEXT_INVLPG_LOCAL, addresses[i], 0), 0);
        EXPECT_EQ(mmuext(MMUEXT_INVLPG_ALL, addresses[i], 0), 0);
        EXPECT_EQ(mmuext(MMUEXT_INVLPG_MULTI, addresses[i], (unsigned long)vcpus), 0);
    }
    EXPECT_ERROR(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 0x600000000000UL));
    EXPECT_ERROR(mmuext(MMUEXT_INVLPG_MULTI, 0, HYPERVISOR_VIRT_START));
    EXPECT_EQ(mmuext(MMUEXT_FLUSH_CACHE, 0, 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
}

static void check_copies(void)
{
    uint8_t *a = page_alloc(), *b = page_alloc();

    section("clear and copy");
    memset(a, 0x11, PAGE_SIZE);
    memset(b, 0x22, PAGE_SIZE);
    EXPECT_EQ(mmuext(MMUEXT_COPY_PAGE, mfn_of(a), mfn_of(b)), 0);
    EXPECT_EQ(memcmp(a, b, PAGE_SIZE), 0);
    EXPECT_EQ(mmuext(MMUEXT_CLEAR_PAGE, mfn_of(a), 0), 0);
    EXPECT_EQ(a[0] | a[PAGE_SIZE - 1], 0);

    section("onto a page table, onto and from what is not ours");
    EXPECT_ERROR(mmuext(MMUEXT_CLEAR_PAGE, mfn_of(kernel_root()), 0));
    EXPECT_ERROR(mmuext(MMUEXT_COPY_PAGE, mfn_of(kernel_root()), mfn_of(b)));
    EXPECT_ERROR(mmuext(MMUEXT_CLEAR_PAGE, hypervisor_mfn(), 0));
    EXPECT_ERROR(mmuext(MMUEXT_COPY_PAGE, hypervisor_mfn(), mfn_of(b)));
    EXPECT_ERROR(mmuext(MMUEXT_COPY_PAGE, mfn_of(a), hypervisor_mfn()));
    EXPECT_ERROR(mmuext(MMUEXT_CLEAR_PAGE, ~0UL, 0));
    EXPECT_ERROR(mmuext(MMUEXT_COPY_PAGE, mfn_of(a), ~0UL));
    EXPECT_EQ(a[0] | a[PAGE_SIZE - 1], 0);
}

static void check_lists(void)
{
    section("lists and their count");
    for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
        ops[i].cmd = MMUEXT_TLB_FLUSH_LOCAL;
    done = 99;
    EXPECT_EQ(mmuext_op(ops, 0, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 0);
    EXPECT_EQ(mmuext_op(ops, ARRAY_SIZE(ops), &done, DOMID_SELF), 0);
    EXPECT_EQ(done, ARRAY_SIZE(ops));
    ops[5].cmd = MMUEXT_UNPIN_TABLE;
    ops[5].arg1.mfn = ~0UL;
    EXPECT_ERROR(mmuext_op(ops, ARRAY_SIZE(ops), &done, DOMID_SELF));
    EXPECT_EQ(done, 5);

    section("commands that are none");
    EXPECT_EQ(mmuext(14, 0, 0), -XEN_ENOSYS);
    EXPECT_EQ(mmuext(20000, 0, 0), -XEN_ENOSYS);
    EXPECT_ERROR(mmuext(MMUEXT_MARK_SUPER, mfn_of(page_alloc()), 0));

    section("lists that cannot be read");
    EXPECT_EQ(mmuext_op((void *)0x600000000000UL, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    EXPECT_EQ(mmuext_op((void *)HYPERVISOR_VIRT_START, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    EXPECT_EQ(mmuext_op((void *)-16UL, 1, NULL, DOMID_SELF), -XEN_EFAULT);
}

static void check_ldt(void)
{
    section("SET_LDT: shape of its arguments");
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, VIRT_BASE + 1, 1), -XEN_EINVAL);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, VIRT_BASE, 8193), -XEN_EINVAL);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, HYPERVISOR_VIRT_START, 1), -XEN_EINVAL);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
}

TEST("mmuext")
{
    check_pins();
    check_roots();
    check_flushes();
    check_copies();
    check_lists();
    check_ldt();
}
