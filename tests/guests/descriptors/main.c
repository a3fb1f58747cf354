/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables: a guest's own GDT entries and LDT, in pages it can then no longer write, with
 * descriptors that give no rights: no system descriptors, no gates, no ring 0.
 */
#include "../lib/guest.h"

#define CODE64    0x00affb000000ffffUL
#define CODE64_R0 0x00af9b000000ffffUL
#define DATA      0x00cff3000000ffffUL
#define DATA_R0   0x00cf93000000ffffUL
#define TSS       0x0000890000000067UL
#define TSS_BUSY  0x00008b0000000067UL
#define LDT       0x0000820000000fffUL
#define CALL_GATE 0x0000ec00e0080000UL     /* to the hypervisor's code */
#define INT_GATE  0x0000ee00e0080000UL
#define TASK_GATE 0x0000e50000080000UL

static uint64_t *gdt, *ldt;
static unsigned long frames[16];

/* Access rights of a selector as the processor sees them; 0 if it has none, or none to be found. */
static uint32_t lar(uint16_t selector)
{
    uint32_t rights = 0;
    bool ok = false;
    struct trap t = TRAP_OF("lar %[sel], %[rights]; setz %[ok]",
                            : [rights] "+r"(rights), [ok] "+q"(ok) : [sel] "r"((uint32_t)selector));

    return ok && t.vector == NO_TRAP ? rights : 0;
}

static struct trap load_fs(uint16_t selector)
{
    struct trap t = TRAP_OF("mov %0, %%fs", :: "r"((uint32_t)selector));

    asm volatile("mov %0, %%fs" :: "r"(0));
    return t;
}

static void check_gdt(void)
{
    section("a GDT of one page");
    gdt[1] = DATA;
    gdt[2] = CODE64;
    frames[0] = mfn_of(gdt);
    EXPECT_ERROR(set_gdt(frames, 512));                         /* still writable */
    REQUIRE_EQ(page_remap(gdt, PTE_RO), 0);
    EXPECT_EQ(set_gdt(frames, 512), 0);
    EXPECT_EQ(load_fs(1 << 3 | 3).vector, NO_TRAP);
    EXPECT_EQ(load_fs(3 << 3 | 3).vector, X86_GP);
    EXPECT_EQ(lar(1 << 3 | 3) >> 8 & 0xff, 0xf3);
    EXPECT_EQ(lar(2 << 3 | 3) >> 8 & 0xfb, 0xfb);
    /* The hypervisor's part, for every guest. */
    EXPECT(lar(FLAT_KERNEL_CS64));
    EXPECT(lar(FLAT_KERNEL_SS64));

    section("code runs in a segment of one's own");
    struct trap t =
        TRAP_OF("pushq %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: mov %%cs, %%eax; "
                "pushq %1; lea 2f(%%rip), %%rax; push %%rax; lretq; 2:",
                ::"i"(2 << 3 | 3), "i"(FLAT_KERNEL_CS64)
                : "rax");
    EXPECT_EQ(t.vector, NO_TRAP);

    section("its page stays read-only while it is the GDT");
    EXPECT_ERROR(page_remap(gdt, PTE_RW));
    EXPECT_EQ(set_gdt(frames, 0), 0);
    EXPECT_EQ(page_remap(gdt, PTE_RW), 0);
    EXPECT_EQ(load_fs(1 << 3 | 3).vector, X86_GP);
}

static void check_bad_gdts(void)
{
    section("tables too long, frames that are none");
    EXPECT_EQ(set_gdt(frames, FIRST_RESERVED_GDT_ENTRY + 1), -XEN_EINVAL);
    EXPECT_EQ(set_gdt(frames, 65536), -XEN_EINVAL);
    EXPECT_EQ(set_gdt(frames, ~0u), -XEN_EINVAL);
    EXPECT_EQ(set_gdt((void *)HYPERVISOR_VIRT_START, 512), -XEN_EFAULT);
    EXPECT_EQ(set_gdt((void *)0x600000000000UL, 512), -XEN_EFAULT);
    frames[0] = hypervisor_mfn();
    EXPECT_ERROR(set_gdt(frames, 512));
    frames[0] = ~0UL;
    EXPECT_ERROR(set_gdt(frames, 512));
    frames[0] = mfn_of(kernel_root());
    EXPECT_ERROR(set_gdt(frames, 512));
}

static void check_forged_gdt(void)
{
    static const uint64_t forged[] = { TSS, TSS_BUSY, LDT, CALL_GATE, INT_GATE, TASK_GATE };

    section("descriptors that give rights, in a page that is to become the GDT");
    frames[0] = mfn_of(gdt);
    for (unsigned int i = 0; i < ARRAY_SIZE(forged); i++) {
        REQUIRE_EQ(page_remap(gdt, PTE_RW), 0);
        gdt[5] = forged[i];
        REQUIRE_EQ(page_remap(gdt, PTE_RO), 0);
        EXPECT_ERROR(set_gdt(frames, 512));
    }

    section("ring 0 is refused or becomes the guest's ring");
    REQUIRE_EQ(page_remap(gdt, PTE_RW), 0);
    gdt[5] = CODE64_R0;
    gdt[6] = DATA_R0;
    REQUIRE_EQ(page_remap(gdt, PTE_RO), 0);
    if (!set_gdt(frames, 512)) {
        EXPECT_EQ(gdt[5] >> 45 & 3, 3);
        EXPECT_EQ(gdt[6] >> 45 & 3, 3);
        EXPECT_EQ(set_gdt(frames, 0), 0);
    }
    REQUIRE_EQ(page_remap(gdt, PTE_RW), 0);
    gdt[5] = gdt[6] = 0;
}

static void check_update(void)
{
    static const uint64_t forged[] = {
        TSS, TSS_BUSY, LDT, CALL_GATE, INT_GATE, TASK_GATE,
    };
    uint64_t *plain = page_alloc();

    section("update_descriptor");
    REQUIRE_EQ(page_remap(gdt, PTE_RO), 0);
    frames[0] = mfn_of(gdt);
    REQUIRE_EQ(set_gdt(frames, 512), 0);
    EXPECT_EQ(update_descriptor(maddr_of(&gdt[7]), DATA), 0);
    EXPECT_EQ(gdt[7] & ~(1UL << 40), DATA & ~(1UL << 40));
    EXPECT_EQ(load_fs(7 << 3 | 3).vector, NO_TRAP);
    EXPECT_EQ(update_descriptor(maddr_of(&gdt[7]), 0), 0);
    EXPECT_EQ(load_fs(7 << 3 | 3).vector, X86_GP);
    for (unsigned int i = 0; i < ARRAY_SIZE(forged); i++) {
        EXPECT_ERROR(update_descriptor(maddr_of(&gdt[7]), forged[i]));
        EXPECT_EQ(gdt[7], 0);
    }
    if (!update_descriptor(maddr_of(&gdt[7]), CODE64_R0))
        EXPECT_EQ(gdt[7] >> 45 & 3, 3);

    section("where it may write");
    EXPECT_ERROR(update_descriptor(maddr_of(&gdt[7]) + 4, DATA));
    EXPECT_ERROR(update_descriptor(hypervisor_mfn() << PAGE_SHIFT, DATA));
    EXPECT_ERROR(update_descriptor(maddr_of(kernel_root()), DATA));
    EXPECT_ERROR(update_descriptor(~7UL, DATA));
    if (!update_descriptor(maddr_of(plain), DATA))
        EXPECT_EQ(*plain & ~(1UL << 40), DATA & ~(1UL << 40));
    EXPECT_EQ(set_gdt(frames, 0), 0);
    EXPECT_EQ(page_remap(gdt, PTE_RW), 0);
}

/* Wherever the hypervisor has its view of our tables: we see faults, plain ones. */
static void check_windows(void)
{
    section("the hypervisor's view of them is not ours to touch");
    for (unsigned int slot = 1; slot < 16; slot++) {
        for (unsigned int page = 0; page < 34; page += 2) {
            uint64_t at = HYPERVISOR_VIRT_START + ((uint64_t)slot << 39) + page * PAGE_SIZE;
            struct trap t = TRAP_OF("mov (%0), %%rax", :: "r"(at) : "rax");

            EXPECT_EQ(t.vector, X86_PF);
            EXPECT_EQ(t.cr2, at);
            t = TRAP_OF("mov %%rax, (%0)", :: "r"(at) : "memory");
            EXPECT_EQ(t.vector, X86_PF);
        }
    }
}

static void check_ldt(void)
{
    section("an LDT");
    ldt[0] = DATA;
    ldt[1] = CODE64;
    REQUIRE_EQ(page_remap(ldt, PTE_RO), 0);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, (unsigned long)ldt, 512), 0);
    EXPECT_EQ(load_fs(0 << 3 | 7).vector, NO_TRAP);
    EXPECT_EQ(lar(1 << 3 | 7) >> 8 & 0xfb, 0xfb);
    EXPECT_EQ(load_fs(5 << 3 | 7).vector, X86_GP);

    section("its page stays read-only while it is in use");
    EXPECT_ERROR(page_remap(ldt, PTE_RW));

    section("a change is seen");
    EXPECT_EQ(update_descriptor(maddr_of(&ldt[5]), DATA), 0);
    EXPECT_EQ(load_fs(5 << 3 | 7).vector, NO_TRAP);

    check_windows();

    section("gone");
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    EXPECT_EQ(load_fs(0 << 3 | 7).vector, X86_GP);
    EXPECT_EQ(page_remap(ldt, PTE_RW), 0);
}

static void check_bad_ldts(void)
{
    struct trap t;

    section("an LDT with a gate in it");
    ldt[3] = CALL_GATE;
    REQUIRE_EQ(page_remap(ldt, PTE_RO), 0);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, (unsigned long)ldt, 512), 0);
    t = load_fs(0 << 3 | 7);
    EXPECT_ANY(t.vector, X86_GP, X86_PF);
    EXPECT_EQ(lar(3 << 3 | 7), 0);

    section("an LDT in pages that are not there, or writable");
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0x600000000000UL, 512), 0);
    t = load_fs(0 << 3 | 7);
    EXPECT_ANY(t.vector, X86_GP, X86_PF);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    REQUIRE_EQ(page_remap(ldt, PTE_RW), 0);
    ldt[3] = 0;
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, (unsigned long)ldt, 512), 0);
    t = load_fs(0 << 3 | 7);
    if (t.vector == NO_TRAP)
        EXPECT_EQ(TRAP_OF("movq $0, (%0)", :: "r"(ldt + 9) : "memory").vector, X86_PF);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
}

TEST("descriptors")
{
    gdt = page_alloc();
    ldt = page_alloc();
    check_gdt();
    check_bad_gdts();
    check_forged_gdt();
    check_update();
    check_ldt();
    check_bad_ldts();
}
