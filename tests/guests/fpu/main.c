/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The floating-point unit: fpu_taskswitch and #NM, and state that survives hypercalls, sleep and
 * other vCPUs on the same processor.
 *
 * options: dom0_max_vcpus=2
 */
#include "../lib/guest.h"

static void check_taskswitch(void)
{
    struct trap t;
    uint64_t cr0;

    section("#NM on demand, once");
    EXPECT_EQ(fpu_taskswitch(1), 0);
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT(cr0 & 8);
    t = TRAP_OF("movq %%xmm0, %%rax", ::: "rax");
    EXPECT_EQ(t.vector, X86_NM);
    t = TRAP_OF("movq %%xmm0, %%rax", ::: "rax");
    EXPECT_EQ(t.vector, NO_TRAP);
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT(!(cr0 & 8));

    section("set and clear");
    EXPECT_EQ(fpu_taskswitch(1), 0);
    EXPECT_EQ(fpu_taskswitch(0), 0);
    t = TRAP_OF("fninit", ::: "rax");
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(fpu_taskswitch(1), 0);
    asm volatile("clts");
    t = TRAP_OF("fninit", ::: "rax");
    EXPECT_EQ(t.vector, NO_TRAP);

    section("by cr0");
    asm volatile("mov %%cr0, %%rax; or $8, %%rax; mov %%rax, %%cr0" ::: "rax");
    t = TRAP_OF("fninit", ::: "rax");
    EXPECT_EQ(t.vector, X86_NM);
}

static volatile bool running, stop;

static void disturb(void *arg)
{
    uint64_t junk = 0x7777777777777777, back;

    running = true;
    while (!stop) {
        asm volatile("movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15" :: "r"(junk));
        sched_op(SCHEDOP_yield, NULL);
        asm volatile("movq %%xmm7, %0" : "=r"(back));
        EXPECT_EQ(back, junk);
    }
}

static uint64_t xmm_value(unsigned int i)
{
    return 0x0101010101010101UL * (i + 1);
}

static void check_state(void)
{
    uint64_t a, b, c;

    section("state survives another vCPU on this processor");
    vcpu_run(1, disturb, NULL);
    while (!running)
        sched_op(SCHEDOP_yield, NULL);
    asm volatile("movq %0, %%xmm0; movq %1, %%xmm7; movq %2, %%xmm15"
                 :: "r"(xmm_value(0)), "r"(xmm_value(7)), "r"(xmm_value(15)));
    for (unsigned int i = 0; i < 300; i++) {
        sched_op(SCHEDOP_yield, NULL);
        asm volatile("movq %%xmm0, %0; movq %%xmm7, %1; movq %%xmm15, %2"
                     : "=r"(a), "=r"(b), "=r"(c));
        if (a != xmm_value(0) || b != xmm_value(7) || c != xmm_value(15)) {
            EXPECT_EQ(a, xmm_value(0));
            EXPECT_EQ(b, xmm_value(7));
            EXPECT_EQ(c, xmm_value(15));
            break;
        }
    }
    stop = true;
    vcpu_join(1);

    section("and hypercalls that copy much");
    static uint8_t text[1];
    asm volatile("movq %0, %%xmm0; movq %0, %%xmm1" :: "r"(xmm_value(3)));
    for (unsigned int i = 0; i < 100; i++) {
        mmuext(MMUEXT_CLEAR_PAGE, mfn_of(page_alloc()), 0);
        console_io(CONSOLEIO_write, 0, text);
    }
    asm volatile("movq %%xmm0, %0; movq %%xmm1, %1" : "=r"(a), "=r"(b));
    EXPECT_EQ(a, xmm_value(3));
    EXPECT_EQ(b, xmm_value(3));

    section("control words");
    uint32_t mxcsr = 0x1f80 | 0x6000, mxcsr_after;
    uint16_t cw = 0x0c7f, cw_after;

    asm volatile("ldmxcsr %0; fldcw %1" :: "m"(mxcsr), "m"(cw));
    for (unsigned int i = 0; i < 10; i++)
        sched_op(SCHEDOP_yield, NULL);
    asm volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr_after), "=m"(cw_after));
    EXPECT_EQ(mxcsr_after & 0x7f80, mxcsr);
    EXPECT_EQ(cw_after, cw);
}

static void check_faults(void)
{
    struct trap t;
    uint32_t mxcsr = 0x1f80 & ~0x200, normal = 0x1f80;

    section("#XM");
    asm volatile("ldmxcsr %0" :: "m"(mxcsr));
    t = TRAP_OF("mov $1, %%eax; cvtsi2sd %%eax, %%xmm0; pxor %%xmm1, %%xmm1; divsd %%xmm1, %%xmm0",
                ::: "rax");
    asm volatile("ldmxcsr %0" :: "m"(normal));
    if (t.vector != NO_TRAP || !on_tcg())
        EXPECT_EQ(t.vector, X86_XM);

    section("#MF");
    uint16_t cw = 0x037b;

    asm volatile("fninit; fldcw %0" :: "m"(cw));
    t = TRAP_OF("fld1; fldz; fdivrp; fwait", ::: "rax");
    asm volatile("fnclex; fninit");
    EXPECT_EQ(t.vector, X86_MF);
}

TEST("fpu")
{
    check_taskswitch();
    check_state();
    check_faults();
}
