/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writable page tables: with the assist on, a write to a page table that is mapped read-only is
 * checked and done as if by mmu_update; whatever instruction it is.  What mmu_update would refuse
 * is a page fault.
 */
#include "../lib/guest.h"

#define SPOT ((uint8_t *)0x10000000000UL)

static uint8_t *page, *other;
static uint64_t *entry;

static void check_instructions(void)
{
    uint64_t ro = pte_of(page, PTE_RO), rw = pte_of(page, PTE_RW), old;
    struct trap t;
    bool equal;

    section("mov");
    t = TRAP_OF("movq %1, (%0)", :: "r"(entry), "r"(rw) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), rw);
    REQUIRE_EQ(mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)SPOT, 0), 0);
    *SPOT = 0x31;
    EXPECT_EQ(*page, 0x31);

    section("xchg");
    old = ro;
    t = TRAP_OF("xchg %1, (%2)", : "=m"(*entry), "+r"(old) : "r"(entry) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(old & ~(PTE_A | PTE_D | PTE_G), rw & ~(PTE_A | PTE_D | PTE_G));
    EXPECT_EQ(pt_read(entry), ro);

    section("cmpxchg, equal and not");
    old = *entry;
    t = TRAP_OF("lock cmpxchg %[value], (%[at]); sete %[equal]",
                : "+a"(old), [equal] "=&q"(equal) : [at] "r"(entry), [value] "r"(rw) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT(equal);
    EXPECT_EQ(pt_read(entry), rw);
    old = 0x1234;
    t = TRAP_OF("lock cmpxchg %[value], (%[at]); sete %[equal]",
                : "+a"(old), [equal] "=&q"(equal) : [at] "r"(entry), [value] "r"(ro) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT(!equal);
    EXPECT_EQ(old & ~PTE_G, rw);
    EXPECT_EQ(pt_read(entry), rw);

    section("and, or, xor, add");
    t = TRAP_OF("lock andq %1, (%0)", :: "r"(entry), "r"(~PTE_W) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), rw & ~PTE_W);
    t = TRAP_OF("orq %1, (%0)", :: "r"(entry), "r"(PTE_W) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), rw);
    t = TRAP_OF("xorq %1, (%0)", :: "r"(entry), "r"(PTE_W) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), rw & ~PTE_W);
    t = TRAP_OF("addq %1, (%0)", :: "r"(entry), "r"(PTE_W) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), rw);

    section("btr, bts");
    bool carry;

    t = TRAP_OF("lock btrq %[bit], (%[at]); setc %[carry]",
                : [carry] "=&q"(carry) : [at] "r"(entry), [bit] "i"(1) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT(carry);
    EXPECT_EQ(pt_read(entry), rw & ~PTE_W);
    t = TRAP_OF("lock btsq %[bit], (%[at]); setc %[carry]",
                : [carry] "=&q"(carry) : [at] "r"(entry), [bit] "r"(1UL) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT(!carry);
    EXPECT_EQ(pt_read(entry), rw);

    section("halves and bytes");
    t = TRAP_OF("movl %1, (%0)", :: "r"(entry), "r"((uint32_t)ro) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry) & 0xffffffff, ro & 0xffffffff);
    t = TRAP_OF("movl %1, 4(%0)", :: "r"(entry), "r"((uint32_t)(ro >> 32)) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), ro);

    section("movs, stos");
    void *to = entry;
    const void *from = &rw;

    t = TRAP_OF("movsq", : "+D"(to), "+S"(from) :: "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), rw);
    EXPECT_EQ(to, entry + 1);
    to = entry;
    t = TRAP_OF("stosq", : "+D"(to) : "a"(ro) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), ro);
}

static void check_clear(void)
{
    struct trap t;

    section("absent entries, and back");
    t = TRAP_OF("movq $0, (%0)", :: "r"(entry) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), 0);
    t = TRAP_OF("movq %1, (%0)", :: "r"(entry), "r"(0xf00UL) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), 0xf00);
    t = TRAP_OF("movq %1, (%0)", :: "r"(entry), "r"(pte_of(other, PTE_RO)) : "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(pt_read(entry), pte_of(other, PTE_RO));
}

static void refused(uint64_t value)
{
    uint64_t before = pt_read(entry);
    struct trap t;

    t = TRAP_OF("movq %1, (%0)", :: "r"(entry), "r"(value) : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.cr2, entry);
    EXPECT_EQ(t.error, PF_WRITE | PF_PRESENT);
    EXPECT_EQ(pt_read(entry), before);
}

static void check_refusals(void)
{
    struct trap t;

    section("values that mmu_update refuses");
    refused(hypervisor_mfn() << PAGE_SHIFT | PTE_RW);
    refused(pte_of(entry, PTE_RW));
    refused(pte_of(kernel_root(), PTE_RW));
    refused(PTE_MFN | PTE_RW);

    section("a write across the end of an entry, and of the table");
    uint64_t before = entry[1];

    t = TRAP_OF("movq %1, 4(%0)", :: "r"(entry), "r"(-1L) : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(entry[1], before);

    section("tables of higher levels");
    uint64_t *l2 = pt_entry(kernel_root(), SPOT, 2);

    t = TRAP_OF("movq %1, (%0)", :: "r"(l2 + 1), "r"(hypervisor_mfn() << PAGE_SHIFT | PTE_TAB)
                : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(l2[1], 0);

    section("a page that is read-only and no table");
    REQUIRE_EQ(page_remap(other, PTE_RO), 0);
    t = TRAP_OF("movq $1, (%0)", :: "r"(other) : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    REQUIRE_EQ(page_remap(other, PTE_RW), 0);
}

TEST("ptwr")
{
    page = page_alloc();
    other = page_alloc();
    REQUIRE_EQ(map_page(kernel_root(), SPOT, pte_of(page, PTE_RO)), 0);
    entry = pt_entry(kernel_root(), SPOT, 1);

    REQUIRE_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    check_instructions();
    check_clear();
    check_refusals();
}
