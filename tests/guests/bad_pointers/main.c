/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every hypercall that takes pointers is given pointers that lead into the hypervisor, nowhere, or
 * around the end of the address space; and ones to memory that the guest may only read.
 *
 * The hypervisor works with all rights. If it follows such a pointer, the guest reads or writes
 * what is not its own, or the machine dies. Each call must fail, or do nothing; nothing may be
 * written.
 */
#include "../lib/guest.h"

#define ARG_POINTER 0xbad0bad0bad0bad0UL

/* A call; ARG_POINTER stands for the pointer. sub: also for each of these first arguments. */
static const struct {
    const char *name;
    unsigned int number;
    unsigned int subs;          /* first argument 0 to subs - 1, if not 0 */
    unsigned long args[5];
} calls[] = {
    { "set_trap_table", __HYPERVISOR_set_trap_table, 0, { ARG_POINTER } },
    { "mmu_update", __HYPERVISOR_mmu_update, 0, { ARG_POINTER, 1, 0, DOMID_SELF } },
    { "mmuext_op", __HYPERVISOR_mmuext_op, 0, { ARG_POINTER, 1, 0, DOMID_SELF } },
    { "set_gdt", __HYPERVISOR_set_gdt, 0, { ARG_POINTER, 512 } },
    { "memory_op", __HYPERVISOR_memory_op, 29, { 0, ARG_POINTER } },
    { "multicall", __HYPERVISOR_multicall, 0, { ARG_POINTER, 2 } },
    { "xen_version", __HYPERVISOR_xen_version, 12, { 0, ARG_POINTER } },
    { "console_io write", __HYPERVISOR_console_io, 0, { CONSOLEIO_write, 16, ARG_POINTER } },
    { "grant_table_op", __HYPERVISOR_grant_table_op, 13, { 0, ARG_POINTER, 1 } },
    { "vcpu_op", __HYPERVISOR_vcpu_op, 15, { 0, 0, ARG_POINTER } },
    { "sched_op shutdown", __HYPERVISOR_sched_op, 0, { SCHEDOP_shutdown, ARG_POINTER } },
    { "sched_op poll", __HYPERVISOR_sched_op, 0, { SCHEDOP_poll, ARG_POINTER } },
    { "sched_op remote", __HYPERVISOR_sched_op, 0, { SCHEDOP_remote_shutdown, ARG_POINTER } },
    { "sched_op code", __HYPERVISOR_sched_op, 0, { SCHEDOP_shutdown_code, ARG_POINTER } },
    { "sched_op watchdog", __HYPERVISOR_sched_op, 0, { SCHEDOP_watchdog, ARG_POINTER } },
    { "sched_op pin", __HYPERVISOR_sched_op, 0, { SCHEDOP_pin_override, ARG_POINTER } },
    { "callback_op", __HYPERVISOR_callback_op, 2, { 0, ARG_POINTER } },
    { "nmi_op", __HYPERVISOR_nmi_op, 1, { 0, ARG_POINTER } },
    { "event_channel_op", __HYPERVISOR_event_channel_op, 14, { 0, ARG_POINTER } },
    { "event_channel_op_compat", __HYPERVISOR_event_channel_op_compat, 0, { ARG_POINTER } },
    { "physdev_op", __HYPERVISOR_physdev_op, 32, { 0, ARG_POINTER } },
    { "physdev_op_compat", __HYPERVISOR_physdev_op_compat, 0, { ARG_POINTER } },
    { "platform_op", __HYPERVISOR_platform_op, 0, { ARG_POINTER } },
    { "sysctl", __HYPERVISOR_sysctl, 0, { ARG_POINTER } },
    { "domctl", __HYPERVISOR_domctl, 0, { ARG_POINTER } },
    { "hvm_op", __HYPERVISOR_hvm_op, 30, { 0, ARG_POINTER } },
    { "xsm_op", __HYPERVISOR_xsm_op, 0, { ARG_POINTER } },
    { "machine check", __HYPERVISOR_arch_0, 0, { ARG_POINTER } },
    { "kexec_op", __HYPERVISOR_kexec_op, 6, { 0, ARG_POINTER } },
    { "hypfs_op", __HYPERVISOR_hypfs_op, 4, { 0, ARG_POINTER, 10, ARG_POINTER, 10 } },
    { "dm_op", __HYPERVISOR_dm_op, 0, { DOMID_SELF, 1, ARG_POINTER } },
    { "argo_op", __HYPERVISOR_argo_op, 5, { 0, ARG_POINTER, ARG_POINTER, 1, 1 } },
    { "xenpmu_op", __HYPERVISOR_xenpmu_op, 6, { 0, ARG_POINTER } },
};

/* Calls whose refusal is not told by a negative result, or that need no pointer. */
static bool may_succeed(unsigned int number, unsigned long sub)
{
    switch (number) {
    case __HYPERVISOR_memory_op:
        return sub <= XENMEM_maximum_ram_page || sub == XENMEM_populate_physmap || sub == 18 ||
               sub == 19;
    case __HYPERVISOR_physdev_op:
        return sub == PHYSDEVOP_IRQ_UNMASK_NOTIFY;
    case __HYPERVISOR_xen_version:
        return sub == XENVER_version || sub == XENVER_pagesize;
    case __HYPERVISOR_vcpu_op:
        /* Each registers an address of its own or takes none. */
        return sub == VCPUOP_up || sub == VCPUOP_is_up || sub == VCPUOP_stop_periodic_timer ||
               sub == VCPUOP_stop_singleshot_timer || sub == VCPUOP_send_nmi;
    }
    return false;
}

static bool skipped(unsigned int number, unsigned long sub)
{
    /* Down is for good. */
    return number == __HYPERVISOR_vcpu_op && sub == VCPUOP_down;
}

/* Zeroes are a fine argument for some; these end the guest or its handlers. */
static bool obeys_zeroes(unsigned int number)
{
    return number == __HYPERVISOR_sched_op || number == __HYPERVISOR_callback_op ||
           number == __HYPERVISOR_set_trap_table;
}

static unsigned int tried;

static void try_call(unsigned int i, unsigned long pointer, bool must_fail)
{
    unsigned int subs = calls[i].subs ? calls[i].subs : 1;

    for (unsigned int sub = 0; sub < subs; sub++) {
        unsigned long args[5];
        long rc;

        memcpy(args, calls[i].args, sizeof(args));
        if (calls[i].subs)
            args[0] = sub;
        if (skipped(calls[i].number, sub))
            continue;
        for (unsigned int k = 0; k < 5; k++)
            if (args[k] == ARG_POINTER)
                args[k] = pointer;
        rc = hypercall(calls[i].number, args[0], args[1], args[2], args[3], args[4]);
        tried++;
        if (must_fail && rc >= 0 && !may_succeed(calls[i].number, sub)) {
            printf("  %s, %u: %ld with %lx\n", calls[i].name, sub, rc, pointer);
            UNEXPECTED("a call with a bad pointer succeeded");
        }
    }
}

static void check_addresses(void)
{
    static const unsigned long addresses[] = {
        HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START + 0x1000, HYPERVISOR_VIRT_START - 4,
        HYPERVISOR_VIRT_END - PAGE_SIZE, HYPERVISOR_VIRT_END - 1, 0xffff808000000000UL,
        0xffff81c000000000UL, 0xffff820000000000UL, 0xffff82d040000000UL, 0xffff82d080000000UL,
        0xffff830000000000UL, 0xffff830000100000UL,
        1UL << 63, 0x0000800000000000UL, 0x00007ffffffffff8UL,
        0x600000000000UL, -8UL, -1UL,
    };

    section("addresses in the hypervisor, nowhere, around the end");
    for (unsigned int a = 0; a < ARRAY_SIZE(addresses); a++)
        for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
            try_call(i, addresses[a], true);
}

/*
 * Memory the guest may read but not write: its own page tables, and a page of zeroes. What a call
 * reads there is nonsense; it may succeed, but it must not write.
 */
static void check_read_only(void)
{
    uint64_t *page = page_alloc(), *root = kernel_root();
    static uint64_t before[512];
    unsigned int changed = 0;

    section("memory that may only be read");
    REQUIRE_EQ(page_remap(page, PTE_RO), 0);
    memcpy(before, root, PAGE_SIZE);
    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
        if (obeys_zeroes(calls[i].number))
            continue;
        try_call(i, (unsigned long)page, false);
        for (unsigned int k = 0; k < 512; k++)
            changed += page[k] != 0;
        EXPECT_EQ(changed, 0);
        try_call(i, (unsigned long)(root + 300), false);
        EXPECT_EQ(memcmp(before, root, PAGE_SIZE), 0);
    }
}

static void check_edge(void)
{
    uint8_t *page = page_alloc(), *next = page + PAGE_SIZE;

    section("arguments that begin in memory and end nowhere");
    REQUIRE_EQ(update_va_mapping(next, 0, UVMF_INVLPG), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
        for (unsigned int short_of = 1; short_of <= 8; short_of += 7)
            if (!obeys_zeroes(calls[i].number))
                try_call(i, (unsigned long)next - short_of, false);
    EXPECT_EQ(page_remap(next, PTE_RW), 0);
}

TEST("bad_pointers")
{
    unsigned long m2p_before = machine_to_phys_mapping[mfn_of(kernel_root())];

    check_addresses();
    check_edge();
    check_read_only();
    EXPECT_EQ(machine_to_phys_mapping[mfn_of(kernel_root())], m2p_before);
    printf("  %u calls\n", tried);
    EXPECT_EQ(set_trap_table(trap_table()), 0);
}
