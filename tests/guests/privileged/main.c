/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Privileged instructions of a kernel that runs in ring 3: those the ABI emulates do what they do,
 * the others fault, and none has an effect on the machine.
 */
#include "../lib/guest.h"

static void check_control_registers(void)
{
    uint64_t value = 0;
    struct trap t;

    section("control registers");
    t = TRAP_OF("mov %%cr0, %0", : "+r"(value));
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT((value & 0x80000001) == 0x80000001);
    t = TRAP_OF("mov %%cr3, %0", : "+r"(value));
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(value >> PAGE_SHIFT, mfn_of(kernel_root()));
    t = TRAP_OF("mov %%cr4, %0", : "+r"(value));
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT(value & 0x20);
    t = TRAP_OF("mov %0, %%cr4", :: "r"(value));
    EXPECT_EQ(t.vector, NO_TRAP);
    TRAP_OF("mov (%0), %%al", :: "r"(0x600000000123UL) : "rax");
    t = TRAP_OF("mov %%cr2, %0", : "+r"(value));
    EXPECT_EQ(t.vector, NO_TRAP);
    EXPECT_EQ(value, 0x600000000123UL);
    t = TRAP_OF("clts", :: "r"(0));
    EXPECT_EQ(t.vector, NO_TRAP);

    section("control registers: forbidden changes");
    TRAP_OF("mov %0, %%cr4", :: "r"(0UL));
    t = TRAP_OF("mov %%cr4, %0", : "+r"(value));
    EXPECT(value & 0x20);
    TRAP_OF("mov %0, %%cr0", :: "r"(0UL));
    t = TRAP_OF("mov %%cr0, %0", : "+r"(value));
    EXPECT((value & 0x80000001) == 0x80000001);
    t = TRAP_OF("mov %0, %%cr3", :: "r"(0UL));
    EXPECT_EQ(t.vector, X86_GP);
}

static struct trap rdmsr(uint32_t msr, uint64_t *value)
{
    uint32_t low = 0, high = 0;
    struct trap t = TRAP_OF("rdmsr", : "+a"(low), "+d"(high) : "c"(msr));

    *value = (uint64_t)high << 32 | low;
    return t;
}

static struct trap wrmsr(uint32_t msr, uint64_t value)
{
    return TRAP_OF("wrmsr", :: "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr));
}

static void check_msrs(void)
{
    static uint64_t words[2] = { 0x1111, 0x2222 };
    uint64_t value;

    section("MSRs");
    EXPECT_EQ(rdmsr(0xc0000080, &value).vector, NO_TRAP);
    EXPECT((value & 0x501) == 0x501);
    EXPECT_EQ(wrmsr(0xc0000100, (unsigned long)words).vector, NO_TRAP);
    EXPECT_EQ(rdmsr(0xc0000100, &value).vector, NO_TRAP);
    EXPECT_EQ(value, (unsigned long)words);
    asm volatile("mov %%fs:8, %0" : "=r"(value));
    EXPECT_EQ(value, 0x2222);
    EXPECT_EQ(wrmsr(0xc0000101, (unsigned long)words).vector, NO_TRAP);
    asm volatile("mov %%gs:0, %0" : "=r"(value));
    EXPECT_EQ(value, 0x1111);
    EXPECT_EQ(rdmsr(0xc0000102, &value).vector, NO_TRAP);

    section("MSRs: bases that are no addresses");
    EXPECT_EQ(wrmsr(0xc0000100, 1UL << 63).vector, X86_GP);
    EXPECT_EQ(wrmsr(0xc0000101, 1UL << 63).vector, X86_GP);

    section("MSRs that are the hypervisor's: without effect");
    wrmsr(0xc0000082, 0);                       /* LSTAR */
    wrmsr(0xc0000081, 0);                       /* STAR */
    wrmsr(0xc0000084, 0);                       /* SFMASK */
    wrmsr(0xc0000080, 0);                       /* EFER */
    wrmsr(0x174, 0);                            /* SYSENTER_CS */
    wrmsr(0x175, 0);
    wrmsr(0x176, 0);
    wrmsr(0x1b, 0);                             /* APIC_BASE */
    wrmsr(0x277, 0);                            /* PAT */
    wrmsr(0x1d9, ~0UL);                         /* DEBUGCTL */
    wrmsr(0x10, 0);                             /* TSC */
    wrmsr(0x2ff, 0);                            /* MTRR default type */
    wrmsr(0xda0, ~0UL);                         /* XSS */
    EXPECT_EQ(xen_version(XENVER_version, NULL) >> 16, 4);
    asm volatile("mov %%gs:0, %0" : "=r"(value));
    EXPECT_EQ(value, 0x1111);

    section("MSRs that are none");
    EXPECT_EQ(rdmsr(0xdeadbeef, &value).vector, X86_GP);
    EXPECT_EQ(wrmsr(0xdeadbeef, 1).vector, X86_GP);
}

static void check_cpuid(void)
{
    struct cpuid r;
    unsigned int max;

    section("CPUID behind the prefix");
    asm volatile(XEN_CPUID : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(0x40000000), "c"(0));
    EXPECT(r.a >= 0x40000002 && r.a < 0x40000100);
    EXPECT_EQ(r.b, 0x566e6558);                 /* "XenV" "MMXe" "nVMM" */
    EXPECT_EQ(r.c, 0x65584d4d);
    EXPECT_EQ(r.d, 0x4d4d566e);
    asm volatile(XEN_CPUID : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(0x40000001), "c"(0));
    EXPECT_EQ(r.a, xen_version(XENVER_version, NULL));
    asm volatile(XEN_CPUID : "=a"(max), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(0), "c"(0));
    EXPECT(max >= 7);
    asm volatile(XEN_CPUID : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(1), "c"(0));
    EXPECT(r.c & 1u << 31);
    for (uint32_t leaf = 0; leaf <= max; leaf++)
        for (uint32_t sub = 0; sub < 20; sub++)
            asm volatile(XEN_CPUID : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                         : "a"(leaf), "c"(sub));
    asm volatile(XEN_CPUID : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                 : "a"(0xffffffff), "c"(0xffffffff));

    section("the prefix before something else");
    struct trap t = TRAP_OF(XEN_EMULATE_PREFIX "nop", :: "r"(0));

    EXPECT_EQ(t.vector, X86_UD);
    EXPECT_EQ(*(uint8_t *)t.frame.rip, 0x0f);

    section("CPUID itself");
    t = TRAP_OF("cpuid", :: "a"(0), "c"(0) : "rbx", "rdx");
    EXPECT_EQ(t.vector, NO_TRAP);
}

static struct trap inb(uint16_t port, uint8_t *value)
{
    *value = 0;
    return TRAP_OF("inb %%dx, %%al", : "+a"(*value) : "d"(port));
}

static void check_ports(void)
{
    struct physdev_set_iopl iopl = { .iopl = 0 };
    uint8_t value, before;

    section("ports without right");
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    EXPECT_EQ(inb(0x80, &value).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("outb %%al, $0x80", :: "a"(0)).vector, X86_GP);

    section("ports with right");
    iopl.iopl = 1;
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    EXPECT_EQ(inb(0x80, &value).vector, NO_TRAP);
    EXPECT_EQ(TRAP_OF("outb %%al, $0x80", :: "a"(0)).vector, NO_TRAP);
    EXPECT_EQ(TRAP_OF("outw %%ax, $0x80", :: "a"(0)).vector, NO_TRAP);
    EXPECT_EQ(TRAP_OF("inl $0x80, %%eax", ::: "rax").vector, NO_TRAP);
    EXPECT_EQ(TRAP_OF("inw %%dx, %%ax", :: "d"(0xffff) : "rax").vector, NO_TRAP);

    section("the CMOS clock");
    TRAP_OF("outb %%al, $0x70", :: "a"(9));
    EXPECT_EQ(inb(0x71, &value).vector, NO_TRAP);
    EXPECT(value >= 0x20 && value <= 0x99);

    section("ports of the hypervisor: nothing is there");
    EXPECT_EQ(inb(0x3f8 + 5, &value).vector, NO_TRAP);
    EXPECT_EQ(value, 0xff);
    EXPECT_EQ(TRAP_OF("outb %%al, %%dx", :: "a"(0), "d"(0x3f8 + 3)).vector, NO_TRAP);
    EXPECT_EQ(inb(0x21, &before).vector, NO_TRAP);
    EXPECT_EQ(TRAP_OF("outb %%al, $0x21", :: "a"(0)).vector, NO_TRAP);
    EXPECT_EQ(inb(0x21, &value).vector, NO_TRAP);
    EXPECT_EQ(value, before);

    section("strings of ports");
    static uint8_t buffer[16];
    void *to = buffer;
    unsigned long n = 8;

    EXPECT_EQ(TRAP_OF("rep insb", : "+D"(to), "+c"(n) : "d"(0x80) : "memory").vector, NO_TRAP);
    EXPECT_EQ(to, buffer + 8);
    EXPECT_EQ(n, 0);
    to = (void *)HYPERVISOR_VIRT_START;
    n = 8;
    EXPECT_ANY(TRAP_OF("rep insb", : "+D"(to), "+c"(n) : "d"(0x80) : "memory").vector, X86_PF,
               X86_GP);
    iopl.iopl = 4;
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL);
}

static void check_others(void)
{
    static struct { uint16_t limit; uint64_t base; } __attribute__((packed)) table;
    struct trap t;
    uint64_t value = 0;

    section("cli, sti, popf: not the processor's flag");
    t = TRAP_OF("cli", :: "r"(0));
    EXPECT_ANY(t.vector, NO_TRAP, X86_GP);
    t = TRAP_OF("sti", :: "r"(0));
    EXPECT_ANY(t.vector, NO_TRAP, X86_GP);
    asm volatile("pushfq; andq $~0x200, (%%rsp); popfq; pushfq; pop %0" : "=r"(value) :: "cc");
    EXPECT(value & EFLAGS_IF);

    section("wbinvd, as dom0 may");
    EXPECT_EQ(TRAP_OF("wbinvd", :: "r"(0)).vector, NO_TRAP);

    section("loading tables and task register");
    EXPECT_EQ(TRAP_OF("lidt %0", :: "m"(table)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("lgdt %0", :: "m"(table)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("ltr %w0", :: "r"(0)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("lldt %w0", :: "r"(0)).vector, X86_GP);
    t = TRAP_OF("lmsw %w0", :: "r"(0));
    EXPECT_EQ(t.vector, X86_GP);
    EXPECT_EQ(TRAP_OF("hlt", :: "r"(0)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("swapgs", :: "r"(0)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("sysretq", :: "c"(0)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("invd", :: "r"(0)).vector, X86_GP);
    EXPECT_EQ(TRAP_OF("int3", :: "r"(0)).vector, X86_BP);

    section("far jumps into ring 0");
    t = TRAP_OF("pushq $0xe008; pushq $0; lretq", :: "r"(0) : "memory");
    EXPECT_EQ(t.vector, X86_GP);

    section("XSETBV");
    TRAP_OF("xsetbv", :: "a"(0), "d"(0), "c"(0));
    TRAP_OF("xsetbv", :: "a"(~0u), "d"(~0u), "c"(0));
    TRAP_OF("xsetbv", :: "a"(1), "d"(0), "c"(5));

    section("virtualization");
    t = TRAP_OF("vmcall", ::: "rax");
    EXPECT_ANY(t.vector, X86_UD, X86_GP);
    t = TRAP_OF("vmmcall", ::: "rax");
    EXPECT_ANY(t.vector, X86_UD, X86_GP);
    t = TRAP_OF("vmrun", :: "a"(0));
    EXPECT_ANY(t.vector, X86_UD, X86_GP);

    section("debug registers by mov");
    EXPECT_EQ(TRAP_OF("mov %0, %%dr1", :: "r"(&table)).vector, NO_TRAP);
    EXPECT_EQ(TRAP_OF("mov %%dr1, %0", : "=r"(value)).vector, NO_TRAP);
    EXPECT_EQ(value, &table);
    EXPECT_EQ(get_debugreg(1), &table);
    EXPECT_EQ(TRAP_OF("mov %0, %%dr1", :: "r"(HYPERVISOR_VIRT_START)).vector, X86_GP);
}

TEST("privileged")
{
    check_control_registers();
    check_msrs();
    check_cpuid();
    check_ports();
    check_others();
}
