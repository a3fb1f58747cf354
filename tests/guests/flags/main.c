/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flags that a guest sets before it enters the hypervisor, or asks for on the way back.
 *
 * The direction flag turns copies around, the nested-task flag makes the return fault, the trap
 * flag stops at the first instruction inside, IOPL would give the machine's interrupts into the
 * guest's hands. None may get through.
 */
#include "../lib/guest.h"

#define FLAG_VM  0x20000UL
#define FLAG_VIF 0x80000UL
#define FLAG_ID  0x200000UL

static uint64_t wanted;

static bool change_flags(struct trap_frame *frame, uint64_t cr2)
{
    if (frame->vector != X86_BP)
        return false;
    frame->rflags |= wanted;
    return true;
}

/* The processor's flags after a return with these asked for. */
static uint64_t flags_after(uint64_t flags)
{
    uint64_t now;

    wanted = flags;
    trap_hook = change_flags;
    asm volatile("int3; pushfq; pop %0; pushq $2; popfq" : "=r"(now) :: "memory", "cc");
    trap_hook = NULL;
    return now;
}

static void check_returns(void)
{
    section("IOPL, VM, VIF, NT by the iret call");
    EXPECT_EQ(flags_after(EFLAGS_IOPL) & EFLAGS_IOPL, 0);
    EXPECT_EQ(flags_after(FLAG_VM) & FLAG_VM, 0);
    flags_after(FLAG_VIF | 0x100000);
    flags_after(EFLAGS_NT);
    EXPECT(flags_after(0) & EFLAGS_IF);
    EXPECT(flags_after(EFLAGS_CF) & EFLAGS_CF);

    section("the processor's interrupt flag is out of reach");
    wanted = EFLAGS_IOPL;
    trap_hook = change_flags;
    asm volatile("int3" ::: "memory", "cc");
    trap_hook = NULL;
    TRAP_OF("cli", :: "r"(0));
    uint64_t flags;
    asm volatile("pushfq; pop %0" : "=r"(flags));
    EXPECT(flags & EFLAGS_IF);
}

/* A call that copies 64 bytes out, with flags set. */
static void check_call(uint64_t flags, const char *what)
{
    static char text[128];
    static char plain[128];
    long rc = __HYPERVISOR_xen_version;
    struct trap t;

    memset(text, 0x11, sizeof(text));
    memset(plain, 0x11, sizeof(plain));
    xen_version(XENVER_changeset, plain);
    t = TRAP_OF("pushfq; orq %[flags], (%%rsp); popfq; syscall; pushq $2; popfq",
                : "+a"(rc) : [flags] "r"(flags), "D"((long)XENVER_changeset), "S"(text)
                : "rcx", "r11", "memory", "cc");
    asm volatile("cld");
    if (t.vector != NO_TRAP || rc || memcmp(text, plain, sizeof(text))) {
        printf("  with %s: vector %u, result %ld\n", what, t.vector, rc);
        UNEXPECTED("flags disturb a call");
    }
}

static void check_trap(uint64_t flags, const char *what)
{
    struct trap t = TRAP_OF("pushfq; orq %[flags], (%%rsp); popfq; ud2",
                            :: [flags] "r"(flags) : "memory", "cc");

    asm volatile("pushq $2; popfq" ::: "memory", "cc");
    if (t.vector != X86_UD) {
        printf("  with %s: vector %u\n", what, t.vector);
        UNEXPECTED("flags disturb a trap");
    }
}

TEST("flags")
{
    check_returns();

    section("hypercalls and traps with flags set");
    check_call(EFLAGS_DF, "DF");
    check_call(EFLAGS_NT, "NT");
    check_call(EFLAGS_AC, "AC");
    check_call(FLAG_ID, "ID");
    check_call(0x8d5, "all arithmetic flags");
    check_call(EFLAGS_DF | EFLAGS_NT | EFLAGS_AC, "DF NT AC");
    check_trap(EFLAGS_DF, "DF");
    check_trap(EFLAGS_NT, "NT");
    check_trap(EFLAGS_AC, "AC");
    check_trap(EFLAGS_DF | EFLAGS_NT | EFLAGS_AC, "DF NT AC");

    section("MOV SS before a call");
    struct trap t = TRAP_OF("mov %%ss, %%eax; mov %%eax, %%ss; syscall",
                            :: "D"((long)XENVER_version), "S"(0L) : "rax", "rcx", "r11", "memory");
    EXPECT_EQ(t.vector, NO_TRAP);
}
