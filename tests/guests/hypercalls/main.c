/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way into the hypervisor: the hypercall page, numbers that are no call, registers that
 * survive; and the console, the simplest of calls.
 */
#include "../lib/guest.h"

static void check_numbers(void)
{
    static const unsigned int none[] = {
        11, 21 + 22, 44, 45, 46, 47, 56, 57, 60, 63, 64, 100, 127
    };

    section("numbers that are no call");
    for (unsigned int i = 0; i < ARRAY_SIZE(none); i++)
        EXPECT_EQ(hypercall(none[i], 0, 0, 0, 0, 0), -XEN_ENOSYS);
    EXPECT_EQ(hypercall_raw(0x7fffffff, 0, 0, 0, 0, 0), -XEN_ENOSYS);
    EXPECT_EQ(hypercall_raw(0xffffffff, 0, 0, 0, 0, 0), -XEN_ENOSYS);
    EXPECT_EQ(hypercall_raw(~0UL, 0, 0, 0, 0, 0), -XEN_ENOSYS);
    EXPECT_EQ(hypercall_raw(1UL << 63, 0, 0, 0, 0, 0), -XEN_ENOSYS);
    EXPECT_EQ(hypercall_raw(128, 0, 0, 0, 0, 0), -XEN_ENOSYS);

    section("calls that this ABI has no more, or not for us");
    EXPECT_EQ(HYPERCALL_2(tmem_op, 0, 0), -XEN_ENOSYS);
    EXPECT_ERROR(HYPERCALL_2(hvm_op, 0, 0));
    EXPECT_ERROR(HYPERCALL_2(hvm_op, 9999, 0));
}

static void check_registers(void)
{
    uint64_t rbx = 0xb, rbp, r12 = 12, r13 = 13, r14 = 14, r15 = 15, rsp_before, rsp_after;
    register uint64_t r9 asm("r9") = 9;
    long rc = __HYPERVISOR_xen_version;

    section("registers");
    asm volatile("mov %%rsp, %[before]; mov $0xbb, %%ebx; mov $12, %%r12d; mov $13, %%r13d; "
                 "mov $14, %%r14d; mov $15, %%r15d; push %%rbp; mov $0x55, %%ebp; "
                 "syscall; mov %%rbp, %%rcx; pop %%rbp"
                 : "+a"(rc), "=b"(rbx), "=&c"(rbp), [before] "=&r"(rsp_before), "+r"(r9)
                 : "D"(0L), "S"(0L)
                 : "rdx", "r8", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
    asm volatile("mov %%rsp, %0" : "=r"(rsp_after));
    EXPECT_EQ(rc >> 16, 4);
    EXPECT_EQ(rbx, 0xbb);
    EXPECT_EQ(rbp, 0x55);
    EXPECT_EQ(rsp_before, rsp_after);
    (void)r12;
    (void)r13;
    (void)r14;
    (void)r15;
}

static void check_page(void)
{
    unsigned int empty = 0;

    section("the hypercall page has every entry");
    for (unsigned int i = 0; i < 128; i++)
        empty += (uint8_t)hypercall_page[i * 32] == 0xcc &&
                 (uint8_t)hypercall_page[i * 32 + 1] == 0xcc;
    EXPECT_EQ(empty, 0);
}

static void check_console(void)
{
    static char text[6000];

    section("console: output");
    memset(text, '.', sizeof(text));
    text[sizeof(text) - 1] = '\n';
    EXPECT_EQ(console_io(CONSOLEIO_write, sizeof(text), text), 0);
    EXPECT_EQ(console_io(CONSOLEIO_write, 0, text), 0);
    EXPECT_EQ(console_io(CONSOLEIO_write, 10, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(console_io(CONSOLEIO_write, 10, (void *)0x600000000000UL), -XEN_EFAULT);
    EXPECT_EQ(console_io(CONSOLEIO_write, 10, (void *)(1UL << 63)), -XEN_EFAULT);
    memcpy(text, "a\0b\n", 4);
    EXPECT_EQ(console_io(CONSOLEIO_write, 4, text), 0);

    section("console: input");
    EXPECT_EQ(console_io(CONSOLEIO_read, sizeof(text), text), 0);
    EXPECT_EQ(console_io(CONSOLEIO_read, 0, text), 0);
    EXPECT_EQ(console_io(99, 1, text), -XEN_ENOSYS);
    EXPECT_EQ(console_io(-1, 1, text), -XEN_ENOSYS);
}

static void check_vm_assist(void)
{
    section("vm_assist");
    EXPECT_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    EXPECT_ANY(vm_assist(VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3), 0, -XEN_EINVAL);
    EXPECT_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0);
    EXPECT_EQ(vm_assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl), 0);
    EXPECT_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
    EXPECT_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict), 0);
    EXPECT_EQ(vm_assist(VMASST_CMD_disable, VMASST_TYPE_m2p_strict), 0);
    EXPECT_ERROR(vm_assist(VMASST_CMD_enable, 31));
    EXPECT_ERROR(vm_assist(VMASST_CMD_enable, 64));
    EXPECT_ERROR(vm_assist(VMASST_CMD_enable, ~0u));
    EXPECT_ERROR(vm_assist(9, VMASST_TYPE_writable_pagetables));
}

TEST("hypercalls")
{
    check_page();
    check_numbers();
    check_registers();
    check_console();
    check_vm_assist();
}
