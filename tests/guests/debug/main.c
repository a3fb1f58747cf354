/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug registers and single-stepping of the kernel.
 *
 * A guest may watch its own addresses; what it loads must never let a breakpoint fire in the
 * hypervisor, nor reach reserved bits.
 */
#include "../lib/guest.h"

static volatile uint64_t watched[8] __attribute__((aligned(64)));

static void check_registers(void)
{
    section("set and get");
    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(set_debugreg(i, (unsigned long)&watched[i]), 0);
        EXPECT_EQ(get_debugreg(i), (unsigned long)&watched[i]);
    }
    EXPECT_ERROR(set_debugreg(8, 0));
    EXPECT_ERROR(set_debugreg(-1, 0));
    EXPECT_ANY(get_debugreg(8), -XEN_EINVAL, -XEN_ENODEV);

    section("addresses of the hypervisor, and none");
    EXPECT_ERROR(set_debugreg(0, HYPERVISOR_VIRT_START));
    EXPECT_ERROR(set_debugreg(0, HYPERVISOR_VIRT_END - 1));
    EXPECT_ERROR(set_debugreg(0, 1UL << 63));
    EXPECT_EQ(get_debugreg(0), (unsigned long)&watched[0]);
    /* A watch that begins below the hole must not reach into it. */
    EXPECT_ERROR(set_debugreg(0, HYPERVISOR_VIRT_START + 1));

    section("reserved bits");
    EXPECT_ERROR(set_debugreg(7, 1UL << 40));
    EXPECT_ERROR(set_debugreg(6, 1UL << 40));
}

static void check_watch(void)
{
    struct trap t;

    section("a write to a watched word");
    EXPECT_EQ(set_debugreg(0, (unsigned long)&watched[0]), 0);
    EXPECT_EQ(set_debugreg(6, 0), 0);
    EXPECT_EQ(set_debugreg(7, 0x700 | 1 | 0xd0000), 0);         /* local 0: write, 8 bytes */
    t = TRAP_OF("movq $1, (%0)", :: "r"(watched) : "memory");
    EXPECT_EQ(set_debugreg(7, 0), 0);
    EXPECT_EQ(t.vector, X86_DB);
    EXPECT_EQ(watched[0], 1);
    EXPECT_EQ(get_debugreg(6) & 0xf, 1);

    section("watched by the hypervisor's copy: no harm");
    EXPECT_EQ(set_debugreg(0, (unsigned long)&watched[4]), 0);
    EXPECT_EQ(set_debugreg(7, 0x700 | 1 | 0xd0000), 0);

    struct xen_feature_info *info = (void *)((char *)&watched[4] - 4);

    info->submap_idx = 0;
    t = TRAP_OF("syscall", :: "a"((unsigned long)__HYPERVISOR_xen_version),
                "D"((long)XENVER_get_features), "S"(info) : "rcx", "r11", "memory");
    EXPECT_ANY(t.vector, NO_TRAP, X86_DB);
    EXPECT_EQ(set_debugreg(7, 0), 0);
    EXPECT(watched[4]);

    section("watched where the hypervisor puts the frame of a trap: no harm");
    unsigned long rsp;

    /* Far below, where nobody else writes; its first word. */
    asm volatile("mov %%rsp, %0" : "=r"(rsp));
    EXPECT_EQ(set_debugreg(0, ((rsp - 2048) & ~15UL) - 8), 0);
    EXPECT_EQ(set_debugreg(7, 0x700 | 1 | 0xd0000), 0);
    t = TRAP_OF("sub $2048, %%rsp; ud2; add $2048, %%rsp", :: "r"(0));
    EXPECT_EQ(set_debugreg(7, 0), 0);
    EXPECT_ANY(t.vector, X86_UD, X86_DB);
}

/* What would watch the debug registers themselves, or ports without the processor's leave. */
static void check_forbidden(void)
{
    section("detection of debug register accesses");
    if (!set_debugreg(7, 1 << 13)) {
        EXPECT(!(get_debugreg(7) & 1 << 13));
        set_debugreg(0, (unsigned long)watched);
    }
    EXPECT_EQ(set_debugreg(7, 0), 0);
    EXPECT_EQ(xen_version(XENVER_version, NULL) >> 16, 4);
}

static void check_step(void)
{
    struct trap t;

    section("single step");
    EXPECT_EQ(set_debugreg(6, 0), 0);
    t = TRAP_OF("pushfq; orq %0, (%%rsp); popfq; nop; nop", :: "i"(EFLAGS_TF));
    EXPECT_EQ(t.vector, X86_DB);
    EXPECT_EQ(*(uint8_t *)(t.frame.rip - 1), 0x90);
    EXPECT(get_debugreg(6) & 0x4000);

    section("single step over a hypercall");
    EXPECT_EQ(set_debugreg(6, 0), 0);
    t = TRAP_OF("pushfq; orq %1, (%%rsp); popfq; syscall; nop",
                :: "a"((unsigned long)__HYPERVISOR_xen_version), "i"(EFLAGS_TF), "D"(0L), "S"(0L)
                : "rcx", "r11", "memory");
    EXPECT_EQ(t.vector, X86_DB);
}

TEST("debug")
{
    /* What a trap may do to the flags is undone by hand. */
    static struct trap_info one[2];

    one[0] = trap_table()[X86_DB];
    EXPECT_EQ(set_trap_table(one), 0);
    check_registers();
    check_watch();
    check_forbidden();
    check_step();
}
