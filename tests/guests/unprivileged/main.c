/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain without privileges asks for all that only dom0 may do: each command is refused, whatever
 * it names and wherever its pointers lead, and nothing changes.  Then dom0 itself hands nonsense to
 * each command, with the other domain as target: refused or not, everybody lives.
 */
#include "../lib/domain.h"
#include <public/arch-x86/xen-mca.h>
#include <public/sysctl.h>

static struct child child;
static struct xen_sysctl sysctl_args;
static struct xen_platform_op platform_args;
static const uint8_t read_only[PAGE_SIZE] __attribute__((aligned(4096))) = { 1 };

/* Nobody's memory, ours, the hypervisor's, no address, and the last bytes before the hypervisor. */
static const uint64_t bad_pointers[] = {
    0, 0x600000000000, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START - 8, HYPERVISOR_VIRT_END - 8,
    MACH2PHYS_VIRT_START, 1UL << 63, ~0UL, ~0UL - 4095, 0xffff830000000000, 0x7ffffffffff8,
};

static long sysctl(unsigned int cmd)
{
    sysctl_args.cmd = cmd;
    sysctl_args.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HYPERCALL_1(sysctl, &sysctl_args);
}

static long platform(unsigned int cmd)
{
    platform_args.cmd = cmd;
    platform_args.interface_version = XENPF_INTERFACE_VERSION;
    return platform_op(&platform_args);
}

/* ---- As the child ---------------------------------------------------------------------------- */

static void refused_control(void)
{
    static const unsigned int targets[] = {
        0, 4711, DOMID_SELF, DOMID_XEN, DOMID_IO, DOMID_INVALID,
    };

    section("domctl");
    for (unsigned int cmd = 0; cmd <= 1003; cmd += cmd == 100 ? 900 : 1) {
        EXPECT_EQ(domctl(cmd, child_id), -XEN_EPERM);
        for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++)
            EXPECT_EQ(domctl(cmd, targets[i]), -XEN_EPERM);
    }
    section("sysctl");
    for (unsigned int cmd = 0; cmd < 64; cmd++)
        EXPECT_EQ(sysctl(cmd), -XEN_EPERM);
    section("platform_op, machine checks");
    for (unsigned int cmd = 0; cmd < 80; cmd++)
        EXPECT_EQ(platform(cmd), -XEN_EPERM);
    EXPECT_EQ(HYPERCALL_1(arch_0, &platform_args), -XEN_EPERM);
}

static void refused_memory(void)
{
    static xen_pfn_t frame;
    static uint8_t buffer[64];
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = 0 };
    struct xen_memory_domain d = { .domid = 0 };
    struct xen_memory_map map = { .nr_entries = 1 };
    struct xen_add_to_physmap add = { .domid = 0 };

    section("dom0's memory");
    set_xen_guest_handle(r.extent_start, &frame);
    EXPECT_EQ(memory_op(XENMEM_increase_reservation, &r), -XEN_EPERM);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &r), -XEN_EPERM);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap, &r), -XEN_EPERM);
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &d), -XEN_EPERM);
    EXPECT_EQ(memory_op(XENMEM_maximum_reservation, &d), -XEN_EPERM);
    EXPECT_EQ(memory_op(XENMEM_maximum_gpfn, &d), -XEN_EPERM);
    EXPECT_EQ(memory_op(XENMEM_add_to_physmap, &add), -XEN_EPERM);
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)NULL);
    EXPECT_EQ(memory_op(XENMEM_claim_pages, &r), -XEN_EPERM);
    set_xen_guest_handle(map.buffer, (void *)buffer);
    EXPECT_EQ(memory_op(XENMEM_machine_memory_map, &map), -XEN_EPERM);

    section("dom0's pages and tables");
    struct mmu_update update = { .ptr = maddr_of(&frame) | MMU_NORMAL_PT_UPDATE };
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = mfn_of(&frame) };

    EXPECT_EQ(mmu_update(&update, 1, NULL, 0), -XEN_EPERM);
    EXPECT_EQ(mmu_update(&update, 1, NULL, 1 << 16), -XEN_EPERM);
    EXPECT_ERROR(mmu_update(&update, 1, NULL, DOMID_IO));
    EXPECT_EQ(mmuext_op(&pin, 1, NULL, 0), -XEN_EPERM);
    EXPECT_ERROR(HYPERCALL_4(update_va_mapping_otherdomain, &frame, pte_of(&frame, PTE_RW), 0, 0));
    /* Video memory, the IO-APIC, a page of RAM that the firmware keeps. */
    EXPECT_ERROR(update_va_mapping(buffer, 0xb8000 | PTE_RW, 0));
    EXPECT_ERROR(update_va_mapping(buffer, 0xfec00000 | PTE_RW, 0));
    EXPECT_ERROR(update_va_mapping(buffer, 0x1000 | PTE_RW, 0));
}

static void refused_devices(void)
{
    static uint32_t words[64];
    struct evtchn_bind_virq virq = { .virq = VIRQ_DOM_EXC };
    struct sched_remote_shutdown remote = { .domain_id = 0, .reason = SHUTDOWN_crash };
    struct trap t;

    section("devices");
    for (unsigned int cmd = 0; cmd < 40; cmd++) {
        bool own = cmd == PHYSDEVOP_set_iopl || cmd == PHYSDEVOP_set_iobitmap ||
                   cmd == PHYSDEVOP_eoi || cmd == PHYSDEVOP_irq_status_query ||
                   cmd == PHYSDEVOP_pirq_eoi_gmfn_v1 || cmd == PHYSDEVOP_pirq_eoi_gmfn_v2 ||
                   cmd == PHYSDEVOP_get_free_pirq || cmd == PHYSDEVOP_unmap_pirq;
        if (!own)
            EXPECT_ERROR(physdev_op(cmd, words));
    }
    t = TRAP_OF("inb $0x80, %%al", ::: "rax");
    EXPECT_EQ(t.vector, X86_GP);
    t = TRAP_OF("mov $0xcf8, %%edx; mov $0x80000000, %%eax; outl %%eax, %%dx", ::: "rax", "rdx");
    EXPECT_EQ(t.vector, X86_GP);

    section("events, shutdown, console");
    EXPECT_EQ(event_channel_op(EVTCHNOP_bind_virq, &virq), -XEN_EPERM);
    virq.virq = VIRQ_CONSOLE;
    EXPECT_EQ(event_channel_op(EVTCHNOP_bind_virq, &virq), -XEN_EPERM);
    EXPECT_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -XEN_EPERM);
    EXPECT_EQ(console_io(CONSOLEIO_read, 64, words), -XEN_EPERM);
}

/* Any call that takes a pointer: an error, and the caller goes on. */
static void hostile_pointers(void)
{
    section("pointers");
    for (unsigned int i = 0; i < ARRAY_SIZE(bad_pointers); i++) {
        void *p = (void *)bad_pointers[i];

        EXPECT_ERROR(HYPERCALL_1(domctl, p));
        EXPECT_ERROR(HYPERCALL_1(sysctl, p));
        EXPECT_ERROR(platform_op(p));
        EXPECT_ERROR(multicall(p, 3));
        for (unsigned int cmd = 0; cmd < 32; cmd++) {
            long rc = memory_op(cmd, p);

            EXPECT(rc <= 0 || cmd == XENMEM_maximum_ram_page);
            EXPECT(grant_table_op(cmd, p, 2) <= 0);
            EXPECT(event_channel_op(cmd, p) <= 0);
            EXPECT(physdev_op(cmd, p) <= 0);
        }
        EXPECT_ERROR(mmu_update(p, 2, NULL, DOMID_SELF));
        EXPECT_ERROR(mmuext_op(p, 2, NULL, DOMID_SELF));
        EXPECT_ERROR(callback_op(CALLBACKOP_register, p));
        EXPECT_ERROR(sched_op(SCHEDOP_remote_shutdown, p));
        EXPECT_ERROR(console_io(CONSOLEIO_write, 4096, p));
        EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 0, p));
    }
    section("answers to where one may not write");
    struct xen_domctl *op = (void *)read_only;

    EXPECT_EQ(page_remap(read_only, PTE_RO), 0);
    EXPECT_ERROR(HYPERCALL_1(domctl, op));
    EXPECT_ERROR(xen_version(XENVER_extraversion, read_only));
    EXPECT_EQ(read_only[0], 1);
}

static void ask_for_all(void)
{
    refused_control();
    refused_memory();
    refused_devices();
    hostile_pointers();
}

/* ---- As dom0 --------------------------------------------------------------------------------- */

/* Those that would end the test, or its domain, by doing what they are asked. */
static bool is_harmless(unsigned int cmd)
{
    return cmd != XEN_DOMCTL_destroydomain && cmd != XEN_DOMCTL_unpausedomain &&
           cmd != XEN_DOMCTL_createdomain;
}

static void nonsense(const struct child *c)
{
    section("dom0's own nonsense");
    for (unsigned int cmd = 0; cmd <= 100; cmd++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(bad_pointers) && is_harmless(cmd); i++) {
            uint64_t *words = (uint64_t *)&domctl_args.u;

            for (unsigned int k = 0; k < sizeof(domctl_args.u) / 8; k++)
                words[k] = bad_pointers[i];
            domctl(cmd, c->id);
            /* A count that fits and a pointer that does not. */
            for (unsigned int k = 0; k < sizeof(domctl_args.u) / 8; k++)
                words[k] = k % 2 ? bad_pointers[i] : 0x0000000100000040;
            domctl(cmd, c->id);
            for (unsigned int k = 0; k < sizeof(domctl_args.u) / 8; k++)
                words[k] = k ? bad_pointers[i] : 0;
            domctl(cmd, c->id);
        }
        EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, c->id), 0);
        EXPECT_EQ(domctl_args.domain, c->id);
    }
    for (unsigned int cmd = 0; cmd < 40; cmd++) {
        bool asks = cmd != XEN_SYSCTL_debug_keys && cmd != XEN_SYSCTL_cpupool_op &&
                    cmd != XEN_SYSCTL_cpu_hotplug;

        for (unsigned int i = 0; i < ARRAY_SIZE(bad_pointers) && asks; i++) {
            uint64_t *words = (uint64_t *)&sysctl_args.u;

            for (unsigned int k = 0; k < sizeof(sysctl_args.u) / 8; k++)
                words[k] = k % 2 ? bad_pointers[i] : 0x0000000100000040;
            sysctl(cmd);
            for (unsigned int k = 0; k < sizeof(sysctl_args.u) / 8; k++)
                words[k] = k ? bad_pointers[i] : 0x40;
            sysctl(cmd);
        }
    }
}

TEST("unprivileged")
{
    child_create(&child, 1);
    child_start(&child, ask_for_all);
    EXPECT(child_wait(&child));
    EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, 0), 0);
    EXPECT_EQ(domctl_args.u.getdomaininfo.flags & (XEN_DOMINF_paused | XEN_DOMINF_dying), 0);
    child_destroy(&child);

    child_create(&child, 2);
    child_build(&child, ask_for_all);
    nonsense(&child);
    child_destroy(&child);
}
