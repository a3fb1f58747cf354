/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User mode of a 64-bit guest: into it by the iret call, out of it by SYSCALL, software interrupts
 * and exceptions.
 *
 * User mode has page tables of its own, a GS base of its own, and no right to anything: what it
 * does reaches its kernel, with the registers as they were, on the stack that stack_switch named.
 */
#include "../lib/guest.h"

static uint64_t user_words[64] __user_data = { 0x1234 };
static uint64_t kernel_words[2] = { 0xabcd };

USER_CODE_OF(user_syscall, "syscall; ud2");
USER_CODE_OF(user_int80, "int $0x80; ud2");
USER_CODE_OF(user_int3, "int3");
USER_CODE_OF(user_ud2, "ud2");
USER_CODE_OF(user_read, "mov (%rdi), %rax; syscall");
USER_CODE_OF(user_write, "mov %rax, (%rdi); syscall");
USER_CODE_OF(user_gs, "mov %gs:0, %rax; syscall");
USER_CODE_OF(user_fs, "mov %fs:0, %rax; syscall");
USER_CODE_OF(user_cli, "cli; syscall");
USER_CODE_OF(user_out, "out %al, $0x80; syscall");
USER_CODE_OF(user_hlt, "hlt; syscall");
USER_CODE_OF(user_flags, "pushfq; pop %rax; syscall");
USER_CODE_OF(user_spin, "mov $0x40000000, %ecx; 1: dec %ecx; jnz 1b; syscall");
USER_CODE_OF(user_step, "nop; nop; syscall");
USER_CODE_OF(user_compat, ".code32; mov $0x12345678, %eax; int $0x80; .code64; ud2");
USER_CODE_OF(user_cr, "mov %cr3, %rax; syscall");

static struct trap run(const void *code)
{
    struct trap_frame frame = user_frame(code);

    return user_run(&frame);
}

static void check_entries(void)
{
    struct trap_frame frame = user_frame(user_syscall);
    struct trap t;

    section("SYSCALL");
    frame.rax = 0x1122334455667788;
    frame.rbx = 2;
    frame.rdx = 3;
    frame.rsi = 4;
    frame.rdi = 5;
    frame.rbp = 6;
    frame.r8 = 8;
    frame.r9 = 9;
    frame.r10 = 10;
    frame.r12 = 12;
    frame.r13 = 13;
    frame.r14 = 14;
    frame.r15 = 15;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(t.frame.rip, user_address(user_syscall) + 2);
    EXPECT_EQ(t.frame.cs & 0xffff, FLAT_USER_CS64);
    EXPECT_EQ(t.frame.ss, FLAT_USER_SS64);
    EXPECT_EQ(t.frame.rsp, USER_STACK);
    EXPECT_EQ(t.frame.rcx, t.frame.rip);
    EXPECT_EQ(t.frame.r11 & 0xfff, t.frame.rflags & 0xfff);
    EXPECT(t.frame.rflags & EFLAGS_IF);
    EXPECT_EQ(t.frame.rax, frame.rax);
    EXPECT_EQ(t.frame.rbx, 2);
    EXPECT_EQ(t.frame.rdx, 3);
    EXPECT_EQ(t.frame.rsi, 4);
    EXPECT_EQ(t.frame.rdi, 5);
    EXPECT_EQ(t.frame.rbp, 6);
    EXPECT_EQ(t.frame.r8, 8);
    EXPECT_EQ(t.frame.r9, 9);
    EXPECT_EQ(t.frame.r10, 10);
    EXPECT_EQ(t.frame.r12, 12);
    EXPECT_EQ(t.frame.r13, 13);
    EXPECT_EQ(t.frame.r14, 14);
    EXPECT_EQ(t.frame.r15, 15);

    section("INT 0x80, #BP, #UD");
    frame = user_frame(user_int80);
    frame.rcx = 0xcc;
    frame.r11 = 0x11;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, 0x80);
    EXPECT_EQ(t.frame.rip, user_address(user_int80) + 2);
    EXPECT_EQ(t.frame.rcx, 0xcc);
    EXPECT_EQ(t.frame.r11, 0x11);
    t = run(user_int3);
    EXPECT_EQ(t.vector, X86_BP);
    EXPECT_EQ(t.frame.cs & 3, 3);
    t = run(user_ud2);
    EXPECT_EQ(t.vector, X86_UD);
    EXPECT_EQ(t.frame.rip, user_address(user_ud2));
}

static struct trap user_access(const void *code, unsigned long address)
{
    struct trap_frame frame = user_frame(code);

    frame.rdi = address;
    frame.rax = 0x77;
    return user_run(&frame);
}

static void check_memory(void)
{
    struct trap t;

    section("its own memory");
    t = user_access(user_read, user_address(user_words));
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(t.frame.rax, 0x1234);
    t = user_access(user_write, user_address(user_words + 1));
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(user_words[1], 0x77);
    t = user_access(user_write, USER_CODE);
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error, PF_USER | PF_WRITE | PF_PRESENT);
    EXPECT_EQ(t.cr2, USER_CODE);
    t = user_access(user_read, 0x10);
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.error, PF_USER);
    EXPECT_EQ(t.cr2, 0x10);

    section("its kernel's and the hypervisor's");
    t = user_access(user_read, (unsigned long)kernel_words);
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT(t.error & PF_USER);
    EXPECT_EQ(t.cr2, kernel_words);
    t = user_access(user_read, HYPERVISOR_VIRT_END - 8);
    EXPECT_EQ(t.vector, X86_PF);
    EXPECT_EQ(t.cr2, HYPERVISOR_VIRT_END - 8);
    t = user_access(user_write, MACH2PHYS_VIRT_START);
    EXPECT_EQ(t.vector, X86_PF);
    t = user_access(user_read, 1UL << 63);
    EXPECT_EQ(t.vector, X86_GP);
    EXPECT_EQ(t.frame.cs & 3, 3);
}

static void check_bases(void)
{
    unsigned long words = user_address(user_words);
    uint64_t value;
    struct trap t;

    section("FS and GS");
    EXPECT_EQ(set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)kernel_words), 0);
    EXPECT_EQ(set_segment_base(SEGBASE_GS_USER, words), 0);
    EXPECT_EQ(set_segment_base(SEGBASE_FS, words + 8), 0);
    user_words[1] = 0x4321;
    asm volatile("mov %%gs:0, %0" : "=r"(value));
    EXPECT_EQ(value, 0xabcd);
    t = run(user_gs);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(t.frame.rax, 0x1234);
    asm volatile("mov %%gs:0, %0" : "=r"(value));
    EXPECT_EQ(value, 0xabcd);
    t = run(user_fs);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(t.frame.rax, 0x4321);

    section("bases that are no addresses");
    EXPECT_ERROR(set_segment_base(SEGBASE_FS, 1UL << 63));
    EXPECT_ERROR(set_segment_base(SEGBASE_GS_USER, 1UL << 63));
    EXPECT_ERROR(set_segment_base(SEGBASE_GS_KERNEL, 1UL << 63));
    EXPECT_ERROR(set_segment_base(4, 0));

    section("a null selector by set_segment_base");
    EXPECT_EQ(set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
}

static void check_rights(void)
{
    struct trap t;

    section("privileged instructions");
    t = run(user_cli);
    EXPECT_EQ(t.vector, X86_GP);
    EXPECT_EQ(t.frame.rip, user_address(user_cli));
    t = run(user_out);
    EXPECT_EQ(t.vector, X86_GP);
    t = run(user_hlt);
    EXPECT_EQ(t.vector, X86_GP);
    t = run(user_cr);
    EXPECT_EQ(t.vector, X86_GP);

    section("flags it may not set");
    struct trap_frame frame = user_frame(user_cli);

    frame.rflags |= EFLAGS_IOPL;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, X86_GP);
    frame = user_frame(user_flags);
    frame.rflags |= EFLAGS_CF | EFLAGS_DF;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT(t.frame.rax & EFLAGS_CF);
    EXPECT(t.frame.rax & EFLAGS_DF);
    EXPECT(t.frame.rax & EFLAGS_IF);            /* the processor's: always on */

    section("upcall mask by IF of the iret frame");
    frame = user_frame(user_syscall);
    frame.rflags &= ~(uint64_t)EFLAGS_IF;
    t = user_run(&frame);
    EXPECT_EQ(t.frame.cs >> 32 & 0xff, 1);
    EXPECT(!(t.frame.rflags & EFLAGS_IF));
    frame.rflags |= EFLAGS_IF;
    t = user_run(&frame);
    EXPECT_EQ(t.frame.cs >> 32 & 0xff, 0);
    EXPECT(t.frame.rflags & EFLAGS_IF);
    upcalls_disable();
}

static void check_return_by_sysret(void)
{
    struct trap_frame frame = user_frame(user_int80);
    struct trap t;

    section("return by SYSRET: rcx and r11 are rip and flags");
    frame.error = VGCF_in_syscall;
    frame.rcx = 1;
    frame.r11 = 2;
    frame.rdx = 0xd;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, 0x80);
    EXPECT_EQ(t.frame.rip, user_address(user_int80) + 2);
    EXPECT_EQ(t.frame.rdx, 0xd);
    EXPECT_EQ(t.frame.cs & 0xffff, FLAT_USER_CS64);
    EXPECT_EQ(t.frame.ss, FLAT_USER_SS64);
    EXPECT_EQ(t.frame.rsp, USER_STACK);

    section("return by SYSRET to an address that is none");
    frame.rip = 1UL << 63;
    t = user_run(&frame);
    EXPECT_ANY(t.vector, X86_GP, VECTOR_FAILSAFE);
}

static void check_syscall_mask(void)
{
    struct callback_register callback = {
        .type = CALLBACKTYPE_syscall, .flags = CALLBACKF_mask_events,
        .address = (unsigned long)syscall_entry,
    };
    struct trap t;

    section("SYSCALL with and without masking");
    EXPECT_EQ(callback_op(CALLBACKOP_register, &callback), 0);
    t = run(user_syscall);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 1);
    EXPECT_EQ(t.frame.cs >> 32 & 0xff, 0);
    callback.flags = 0;
    EXPECT_EQ(callback_op(CALLBACKOP_register, &callback), 0);
    t = run(user_syscall);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    upcalls_disable();
}

static void check_compat(void)
{
    struct trap_frame frame = user_frame(user_compat);
    struct trap t;

    section("32-bit user code");
    frame.cs = FLAT_USER_CS32;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, 0x80);
    EXPECT_EQ(t.frame.cs & 0xffff, FLAT_USER_CS32);
    EXPECT_EQ(t.frame.rax, 0x12345678);
}

static void check_step(void)
{
    struct trap_frame frame = user_frame(user_step);
    struct trap t;

    section("single step");
    frame.rflags |= EFLAGS_TF;
    t = user_run(&frame);
    EXPECT_EQ(t.vector, X86_DB);
    EXPECT_EQ(t.frame.rip, user_address(user_step) + 1);
    EXPECT(t.frame.rflags & EFLAGS_TF);
}

static void check_upcall(void)
{
    long port = event_bind_ipi(0);
    struct trap t;

    section("an upcall that waited comes on the return to user mode");
    REQUIRE(port > 0);
    upcalls_disable();
    trap_upcall_leaves_user = true;
    EXPECT_EQ(event_send(port), 0);
    event_unmask(port);
    EXPECT_EQ(event_count[port], 0);
    t = run(user_syscall);
    EXPECT_EQ(t.vector, VECTOR_EVENT);
    EXPECT_EQ(t.frame.rip, user_address(user_syscall));
    EXPECT_EQ(event_count[port], 1);
    event_mask(port);
    EXPECT_EQ(event_close(port), 0);

    section("an upcall interrupts user mode");
    port = event_bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    event_count[port] = 0;
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    event_take(port);
    event_unmask(port);
    upcalls_disable();
    EXPECT_EQ(set_timer_op(time_now() + 20 * MS), 0);
    t = run(user_spin);
    trap_upcall_leaves_user = false;
    EXPECT_EQ(t.vector, VECTOR_EVENT);
    EXPECT_EQ(t.frame.cs & 3, 3);
    EXPECT(t.frame.rip >= user_address(user_spin) && t.frame.rip < user_address(user_spin) + 9);
    EXPECT_EQ(t.frame.cs >> 32 & 0xff, 0);
    EXPECT_EQ(event_count[port], 1);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, 1);
    event_mask(port);
    EXPECT_EQ(event_close(port), 0);
}

static void check_m2p(void)
{
    struct trap t;

    section("the machine-to-physical table, hidden from user mode by choice");
    EXPECT_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict), 0);
    /* The choice is for roots that are loaded from now on. */
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    EXPECT_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, mfn_of(user_root())), 0);
    t = user_access(user_read, MACH2PHYS_VIRT_START);
    EXPECT_ANY(t.vector, X86_PF, VECTOR_SYSCALL);
    EXPECT_EQ(vm_assist(VMASST_CMD_disable, VMASST_TYPE_m2p_strict), 0);
}

/* A frame that the processor refuses: the kernel hears of it, by the failsafe callback or #GP. */
static void check_bad_frames(void)
{
    static const struct {
        const char *what;
        uint64_t rip, cs, ss;
    } bad[] = {
        { "rip not canonical", 1UL << 63, FLAT_USER_CS64, FLAT_USER_SS64 },
        { "cs beyond the table", 0, 0xfffb, FLAT_USER_SS64 },
        { "cs null", 0, 3, FLAT_USER_SS64 },
        { "cs is data", 0, FLAT_USER_SS64, FLAT_USER_SS64 },
        { "ss beyond the table", 0, FLAT_USER_CS64, 0xfffb },
        { "ss is code", 0, FLAT_USER_CS64, FLAT_USER_CS64 },
        { "cs is the hypervisor's", 0, 0xe00b, FLAT_USER_SS64 },
    };

    section("frames the processor refuses");
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        struct trap_frame frame = user_frame(user_syscall);
        struct trap t;

        if (bad[i].rip)
            frame.rip = bad[i].rip;
        frame.cs = bad[i].cs;
        frame.ss = bad[i].ss;
        t = user_run(&frame);
        if (t.vector != VECTOR_FAILSAFE && t.vector != X86_GP && t.vector != X86_PF) {
            printf("  %s: vector %u\n", bad[i].what, t.vector);
            EXPECT_EQ(t.vector, VECTOR_FAILSAFE);
        }
    }
}

TEST("user_mode")
{
    user_init();
    check_entries();
    check_memory();
    check_bases();
    check_rights();
    check_return_by_sysret();
    check_syscall_mask();
    check_compat();
    check_step();
    check_upcall();
    check_m2p();
    check_bad_frames();

    section("stack_switch");
    EXPECT_EQ(stack_switch(FLAT_KERNEL_SS, (unsigned long)current() + VCPU_ENTRY_STACK), 0);
}
