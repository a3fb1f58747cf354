/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traps of the kernel: set_trap_table and the delivery of each exception with its error code, its
 * cr2 and all registers, of software interrupts as far as their privilege allows, and of traps that
 * mask upcalls.
 *
 * A failure means that a guest's exception handlers see another processor than the manual's.
 */
#include "../lib/guest.h"

#define NOWHERE     ((void *)0x600000000000UL)
#define NONCANONICAL 0x8000000000000000UL

static uint8_t data_page[PAGE_SIZE] __attribute__((aligned(4096)));

static void check_faults(void)
{
    struct trap t;

    section("#DE #BP #OF #UD");
    t = TRAP_OF("divl %0", :: "r"(0), "a"(1), "d"(0));
    EXPECT_EQ(t.vector, X86_DE);
    t = TRAP_OF("int3", :: "a"(0));
    EXPECT_EQ(t.vector, X86_BP);
    EXPECT_EQ(*(uint8_t *)(t.frame.rip - 1), 0xcc);
    t = TRAP_OF("int $4", :: "a"(0));
    EXPECT_EQ(t.vector, X86_OF);
    EXPECT_EQ(*(uint8_t *)(t.frame.rip - 2), 0xcd);
    t = TRAP_OF("ud2", :: "a"(0));
    EXPECT_EQ(t.vector, X86_UD);
    EXPECT_EQ(*(uint8_t *)t.frame.rip, 0x0f);

    section("#GP, #SS");
    t = TRAP_OF("mov (%0), %%al", :: "r"(NONCANONICAL) : "rax");
    EXPECT_EQ(t.vector, X86_GP);
    EXPECT_EQ(t.error, 0);
    t = TRAP_OF("push %%rbp; mov %0, %%rbp; mov (%%rbp), %%al; pop %%rbp", ::"r"(NONCANONICAL)
                : "rax");
    if (t.vector != X86_GP || !on_tcg())
        EXPECT_EQ(t.vector, X86_SS);
    t = TRAP_OF("mov %0, %%fs", :: "r"(0x1234 | 3));
    EXPECT_EQ(t.vector, X86_GP);
    EXPECT_EQ(t.error, 0x1234);

    section("a wild jump");
    t = TRAP_OF("jmp *%0", :: "r"(NOWHERE));
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error & ~PF_FETCH, 0);
    EXPECT_EQ(t.cr2, NOWHERE);
    EXPECT_EQ(t.frame.rip, NOWHERE);
}

static void check_page_faults(void)
{
    struct trap t;

    section("#PF: error codes and cr2");
    t = TRAP_OF("mov 5(%0), %%al", :: "r"(NOWHERE) : "rax");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error, 0);
    EXPECT_EQ(t.cr2, (char *)NOWHERE + 5);
    t = TRAP_OF("movb $1, (%0)", :: "r"(NOWHERE) : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error, PF_WRITE);

    REQUIRE_EQ(page_remap(data_page, PTE_RO), 0);
    t = TRAP_OF("movb $1, 9(%0)", :: "r"(data_page) : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error, PF_WRITE | PF_PRESENT);
    EXPECT_EQ(t.cr2, data_page + 9);
    t = TRAP_OF("jmp *%0", :: "r"(data_page));
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error, PF_FETCH | PF_PRESENT);
    REQUIRE_EQ(page_remap(data_page, PTE_RW), 0);

    section("#PF in the hypervisor's part of the address space");
    t = TRAP_OF("mov (%0), %%al", :: "r"(HYPERVISOR_VIRT_END - PAGE_SIZE) : "rax");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.cr2, HYPERVISOR_VIRT_END - PAGE_SIZE);
    t = TRAP_OF("movb $0, (%0)", :: "r"(MACH2PHYS_VIRT_START) : "memory");
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT(t.error & PF_WRITE);
}

static struct trap_frame seen;

static bool note_frame(struct trap_frame *frame, uint64_t cr2)
{
    if (frame->vector != X86_BP)
        return false;
    seen = *frame;
    return true;
}

static void check_frame(void)
{
    section("all registers there and back");
    trap_hook = note_frame;

    uint64_t rcx = 0x1111222233334444, flags = 0;
    register uint64_t r11 asm("r11") = 0x5555666677778888;

    asm volatile("stc; int3; pushfq; pop %[flags]"
                 : "+c"(rcx), "+r"(r11), [flags] "=a"(flags) : "d"(0xdddd), "S"(0x5151) : "memory");

    uint64_t r11_after = r11;

    trap_hook = NULL;
    EXPECT_EQ(rcx, 0x1111222233334444);
    EXPECT_EQ(r11_after, 0x5555666677778888);
    EXPECT(flags & EFLAGS_CF);
    EXPECT_EQ(seen.rcx, 0x1111222233334444);
    EXPECT_EQ(seen.r11, 0x5555666677778888);
    EXPECT_EQ(seen.rdx, 0xdddd);
    EXPECT_EQ(seen.rsi, 0x5151);
    EXPECT_EQ(seen.cs & 3, 0);
    EXPECT_EQ(seen.cs & 0xfffc, FLAT_KERNEL_CS & 0xfffc);
    EXPECT_EQ(seen.ss & 0xfffc, FLAT_KERNEL_SS & 0xfffc);
    EXPECT_EQ(seen.rsp & ~(VCPU_BLOCK_SIZE - 1UL), current());
}

static void check_upcall_mask(void)
{
    section("IF is the upcall mask");
    trap_hook = note_frame;
    vcpu_info()->evtchn_upcall_mask = 1;
    asm volatile("int3" ::: "memory");
    EXPECT(!(seen.rflags & EFLAGS_IF));
    EXPECT_EQ(seen.cs >> 32 & 0xff, 1);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 1);
    vcpu_info()->evtchn_upcall_mask = 0;
    asm volatile("int3" ::: "memory");
    EXPECT(seen.rflags & EFLAGS_IF);
    EXPECT_EQ(seen.cs >> 32 & 0xff, 0);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    trap_hook = NULL;
}

static unsigned int mask_in_handler;

static bool note_mask(struct trap_frame *frame, uint64_t cr2)
{
    mask_in_handler = vcpu_info()->evtchn_upcall_mask;
    return frame->vector == X86_BP;
}

static struct trap_info one[2];

static long set_one(unsigned int vector, unsigned int flags)
{
    one[0] = trap_table()[vector];
    one[0].flags = flags;
    return set_trap_table(one);
}

static void check_masking_gate(void)
{
    section("a gate that masks upcalls");
    trap_hook = note_mask;
    asm volatile("int3" ::: "memory");
    EXPECT_EQ(mask_in_handler, 0);
    EXPECT_EQ(set_one(X86_BP, 4 | 3), 0);
    asm volatile("int3" ::: "memory");
    EXPECT_EQ(mask_in_handler, 1);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    trap_hook = NULL;
    vcpu_info()->evtchn_upcall_mask = 1;
    EXPECT_EQ(set_trap_table(trap_table()), 0);
}

static void check_software_interrupts(void)
{
    struct trap t;

    section("INT 0x80");
    t = TRAP_OF("int $0x80", :: "a"(0));
    EXPECT_EQ(t.vector, 0x80);
    EXPECT_EQ(*(uint8_t *)(t.frame.rip - 2), 0xcd);

    section("INT n by privilege");
    /* QEMU's interpreter doubles the vector in the error code, and 0x8a is open anyway. */
    EXPECT_EQ(set_one(0x45, 3), 0);
    t = TRAP_OF("int $0x45", :: "a"(0));
    if (on_tcg())
        EXPECT_ANY(t.vector, 0x45, 0x8a);
    else
        EXPECT_EQ(t.vector, 0x45);
    EXPECT_EQ(*(uint8_t *)(t.frame.rip - 2), 0xcd);

    /* The kernel itself is in ring 1 for this purpose: a gate of level 0 refuses it. */
    EXPECT_EQ(set_one(0x22, 0), 0);
    t = TRAP_OF("int $0x22", :: "a"(0));
    EXPECT_EQ(t.vector, X86_GP);
    EXPECT_ANY(t.error, 0x22 * 8 + 2, on_tcg() ? 0x22 * 16 + 2 : 0x22 * 8 + 2);
    EXPECT_EQ(*(uint8_t *)t.frame.rip, 0xcd);
}

static void check_table_errors(void)
{
    section("bad tables");
    EXPECT_EQ(set_trap_table(NOWHERE), -XEN_EFAULT);
    EXPECT_EQ(set_trap_table((void *)HYPERVISOR_VIRT_END - PAGE_SIZE), -XEN_EFAULT);
    EXPECT_EQ(set_trap_table((void *)NONCANONICAL), -XEN_EFAULT);
    one[0] = trap_table()[X86_BP];
    one[0].address = NONCANONICAL;
    EXPECT_EQ(set_trap_table(one), -XEN_EINVAL);
    /* A kernel selector of ring 0 is raised to what a guest can have, not obeyed. */
    one[0] = trap_table()[X86_BP];
    one[0].cs = FLAT_KERNEL_CS & ~3;
    EXPECT_EQ(set_trap_table(one), 0);
    struct trap t = TRAP_OF("int3", :: "a"(0));
    EXPECT_EQ(t.vector, X86_BP);
    EXPECT_EQ(set_trap_table(trap_table()), 0);
}

static unsigned int depth;

static bool nest(struct trap_frame *frame, uint64_t cr2)
{
    if (frame->vector != X86_BP)
        return false;
    if (++depth < 20)
        asm volatile("int3" ::: "memory");
    return true;
}

TEST("traps")
{
    check_faults();
    check_page_faults();
    check_frame();
    check_upcall_mask();
    check_masking_gate();
    check_software_interrupts();
    check_table_errors();

    section("traps within traps");
    trap_hook = nest;
    asm volatile("int3" ::: "memory");
    trap_hook = NULL;
    EXPECT_EQ(depth, 20);
}
