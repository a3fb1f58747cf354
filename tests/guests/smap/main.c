/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SMAP: the hypervisor's own protection from guests' memory, which EFLAGS.AC switches off.
 *
 * A guest that sets AC must not switch it off for the hypervisor: exceptions, interrupts and NMIs
 * of such a guest are handled with AC clear, as assertions there check.  And the short ways of a
 * system call and of the iret call work under SMAP: under icount, where a tick of the TSC is an
 * instruction, they are counted.
 *
 * options: smap=yes
 * qemu: -icount shift=0,sleep=off
 */
#include "../lib/guest.h"

#define CALLS 200
#define FAST  700                       /* instructions; each fault would cost as many again */

static uint64_t user_word[1] __user_data;

USER_CODE_OF(user_syscall, "syscall; ud2");
USER_CODE_OF(user_set_ac,
             "pushfq; orq $0x40000, (%rsp); popfq; mov (%rdi), %rax; int3; ud2");
USER_CODE_OF(user_ac_syscall, "pushfq; orq $0x40000, (%rsp); popfq; syscall; ud2");
USER_CODE_OF(user_ac_spin,
             "pushfq; orq $0x40000, (%rsp); popfq; mov $2000000, %ecx; 1: dec %ecx; jnz 1b; ud2");

static void set_ac(bool on)
{
    uint64_t flags;

    asm volatile("pushfq; pop %0" : "=r"(flags));
    flags = on ? flags | EFLAGS_AC : flags & ~(uint64_t)EFLAGS_AC;
    asm volatile("push %0; popfq" :: "r"(flags) : "memory", "cc");
}

static bool ac_is_set(void)
{
    uint64_t flags;

    asm volatile("pushfq; pop %0" : "=r"(flags));
    return flags & EFLAGS_AC;
}

static void check_kernel(void)
{
    struct trap t;

    section("exceptions of a kernel with AC set");
    set_ac(true);
    t = TRAP_OF("ud2", :);
    EXPECT_EQ(t.vector, X86_UD);
    EXPECT(t.frame.rflags & EFLAGS_AC);
    set_ac(true);
    t = TRAP_OF("mov (%0), %%rax", :: "r"(0x10UL) : "rax", "memory");
    EXPECT_EQ(t.vector, X86_PF);
    set_ac(true);
    t = TRAP_OF("int3", :);
    EXPECT_EQ(t.vector, X86_BP);
    set_ac(true);
    t = TRAP_OF("mov %%cr4, %0", : "=r"((uint64_t){ 0 }));      /* emulated */
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT(ac_is_set());

    section("interrupts, an NMI and hypercalls");
    vcpu_op(VCPUOP_send_nmi, 0, NULL);
    time_spin(20 * MS);
    EXPECT(ac_is_set());
    EXPECT(xen_version(XENVER_version, NULL) > 0);
    EXPECT(ac_is_set());
    set_ac(false);
}

static void check_user(void)
{
    struct trap_frame frame = user_frame(user_set_ac);
    struct trap t;

    section("a program with AC set");
    frame.rdi = user_address(user_word);
    t = user_run(&frame);
    EXPECT_EQ(t.vector, X86_BP);
    EXPECT(t.frame.rflags & EFLAGS_AC);
    EXPECT(!ac_is_set());
    frame = user_frame(user_ac_syscall);
    t = user_run(&frame);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT(t.frame.rflags & EFLAGS_AC);
    EXPECT(!ac_is_set());
    frame = user_frame(user_ac_spin);
    EXPECT_EQ(user_run(&frame).vector, X86_UD);
}

static void check_fast(void)
{
    /* As Linux has it: others go the long way. */
    struct callback_register entry = { .type = CALLBACKTYPE_syscall,
                                       .flags = CALLBACKF_mask_events,
                                       .address = (unsigned long)syscall_entry };
    struct trap_frame frame = user_frame(user_syscall);
    uint64_t best = ~0UL;

    section("system calls are short");
    REQUIRE_EQ(callback_op(CALLBACKOP_register, &entry), 0);
    for (unsigned int i = 0; i < CALLS; i++) {
        uint64_t start = rdtsc();

        REQUIRE_EQ(user_run(&frame).vector, VECTOR_SYSCALL);
        uint64_t took = rdtsc() - start;

        if (took < best)
            best = took;
    }
    printf("  there and back: %lu instructions\n", best);
    if (on_tcg())
        EXPECT(best < FAST);
}

TEST("smap")
{
    if (cpuid(0, 0).a < 7 || !(cpuid(7, 0).b & 1u << 20))
        skip("the processor has no SMAP");
    user_init();
    check_kernel();
    check_user();
    check_fast();
}
