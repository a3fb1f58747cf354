/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The three ways in of 32-bit programs under a 64-bit kernel: INT 0x80, SYSCALL and SYSENTER, the
 * last two by callbacks of their own; with flags that are not meant for a kernel, without a
 * callback, and from where they make no sense.
 *
 * SYSENTER exists in long mode on Intel's processors only; elsewhere it is an invalid opcode, or,
 * on the interpreter, refused for want of a code segment.
 *
 * qemu: -cpu max,-smap,-rdtscp,vendor=GenuineIntel
 */
#include "../lib/guest.h"

#define BODY(instructions) ".code32; mov $0x12345678, %eax; mov $0x77, %ebp; " instructions \
                           "; .code64; ud2"

USER_CODE_OF(user_int80, BODY("int $0x80"));
USER_CODE_OF(user_syscall, BODY("syscall"));
USER_CODE_OF(user_sysenter, BODY("sysenter"));
USER_CODE_OF(user_sysenter64, "mov $0x12345678, %eax; mov $0x77, %ebp; sysenter; ud2");
/* NT, TF and AC, all at once: the next instruction is the way in. */
USER_CODE_OF(user_sysenter_flags, BODY("pushf; orl $0x44000, (%esp); popf; sysenter"));
USER_CODE_OF(user_syscall_flags, BODY("pushf; orl $0x44000, (%esp); popf; syscall"));
USER_CODE_OF(user_sysenter_step, ".code32; sysenter; .code64; ud2");

static struct trap run(const void *code, uint64_t flags)
{
    struct trap_frame frame = user_frame(code);

    frame.cs = code == user_sysenter64 ? FLAT_USER_CS64 : FLAT_USER_CS32;
    frame.rflags |= flags;
    return user_run(&frame);
}

static long set(unsigned int type, unsigned int flags, const void *entry)
{
    struct callback_register arg = { .type = type, .flags = flags,
                                     .address = (unsigned long)entry };

    return callback_op(CALLBACKOP_register, &arg);
}

static bool on_intel(void)
{
    struct cpuid r = cpuid(0, 0);

    return r.b == 0x756e6547;                   /* Genu */
}

static void expect_came(const struct trap *t, unsigned int vector, bool masked)
{
    EXPECT_EQ(t->vector, vector);
    EXPECT_EQ((uint32_t)t->frame.rax, 0x12345678);
    EXPECT_EQ((uint32_t)t->frame.rbp, 0x77);
    EXPECT_EQ(t->frame.cs & 3, 3);
    EXPECT(t->frame.rflags & EFLAGS_IF);
    EXPECT_EQ(t->frame.cs >> 32 & 0xff, 0);
    EXPECT_EQ(vcpu_info()->evtchn_upcall_mask, masked);
}

static void check_without_callback(void)
{
    struct trap t;

    section("without a callback");
    t = run(user_sysenter, 0);
    EXPECT_ANY(t.vector, X86_GP, on_intel() ? X86_GP : X86_UD);
    EXPECT_EQ(t.frame.cs & 3, 3);
    t = run(user_syscall, 0);
    EXPECT_ANY(t.vector, X86_UD, X86_GP);
    EXPECT_EQ(t.frame.cs & 3, 3);
}

static void check_callbacks(void)
{
    struct trap t;

    section("INT 0x80");
    t = run(user_int80, 0);
    expect_came(&t, 0x80, 0);

    section("SYSCALL");
    EXPECT_EQ(set(CALLBACKTYPE_syscall32, CALLBACKF_mask_events, syscall32_entry), 0);
    t = run(user_syscall, 0);
    expect_came(&t, VECTOR_SYSCALL32, 1);
    EXPECT_EQ(t.frame.rcx, t.frame.rip);
    EXPECT_EQ(set(CALLBACKTYPE_syscall32, 0, syscall32_entry), 0);
    t = run(user_syscall, 0);
    expect_came(&t, VECTOR_SYSCALL32, 0);
    upcalls_disable();
    t = run(user_syscall_flags, 0);
    EXPECT_EQ(t.vector, VECTOR_SYSCALL32);
    EXPECT(t.frame.rflags & EFLAGS_NT);
    upcalls_disable();

    section("SYSENTER");
    EXPECT_EQ(set(CALLBACKTYPE_sysenter, CALLBACKF_mask_events, sysenter_entry), 0);
    t = run(user_sysenter, 0);
    if (!on_intel()) {
        EXPECT_ANY(t.vector, X86_UD, X86_GP);
        return;
    }
    expect_came(&t, VECTOR_SYSENTER, 1);
    t = run(user_sysenter64, 0);
    expect_came(&t, VECTOR_SYSENTER, 1);
    EXPECT_EQ(set(CALLBACKTYPE_sysenter, 0, sysenter_entry), 0);
    t = run(user_sysenter, 0);
    expect_came(&t, VECTOR_SYSENTER, 0);
    upcalls_disable();

    section("SYSENTER with flags");
    t = run(user_sysenter_flags, 0);
    EXPECT_EQ(t.vector, VECTOR_SYSENTER);
    EXPECT(t.frame.rflags & EFLAGS_NT);
    upcalls_disable();
    t = run(user_sysenter_step, EFLAGS_TF);
    EXPECT_ANY(t.vector, VECTOR_SYSENTER, X86_DB);
    upcalls_disable();
}

/* Our side forgets where it was and says so by #GP, on the stack for entries. */
static void check_from_kernel(void)
{
    struct trap t;

    section("SYSENTER of the kernel itself");
    t = TRAP_OF("sysenter", ::: "memory");
    EXPECT_ANY(t.vector, X86_GP, on_intel() ? X86_GP : X86_UD);
}

TEST("compat_entries")
{
    user_init();
    check_without_callback();
    check_callbacks();
    check_from_kernel();
}
