/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev_op: interrupts of devices, the I/O APIC, port rights of user mode, PCI devices; as far as
 * it goes without a device, and with arguments that are wrong.
 */
#include "../lib/guest.h"

USER_CODE_OF(user_in, "in $0x80, %al; syscall");
USER_CODE_OF(user_in_serial, "mov $0x3fd, %dx; in %dx, %al; syscall");

static uint8_t bitmap[8192];

static struct trap run(const void *code)
{
    struct trap_frame frame = user_frame(code);

    return user_run(&frame);
}

static void check_ports_of_users(void)
{
    struct physdev_set_iobitmap map = { .nr_ports = 65536 };
    struct physdev_set_iopl iopl = { .iopl = 3 };

    section("ports for user mode");
    user_init();
    EXPECT_EQ(run(user_in).vector, X86_GP);
    memset(bitmap, 0xff, sizeof(bitmap));
    bitmap[0x80 / 8] &= ~1;
    set_xen_guest_handle(map.bitmap, bitmap);
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iobitmap, &map), 0);
    EXPECT_EQ(run(user_in).vector, VECTOR_SYSCALL);
    bitmap[0x80 / 8] |= 1;
    EXPECT_EQ(run(user_in).vector, X86_GP);
    bitmap[0x80 / 8] &= ~1;
    map.nr_ports = 0x80;
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iobitmap, &map), 0);
    EXPECT_EQ(run(user_in).vector, X86_GP);
    map.nr_ports = 65537;
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iobitmap, &map), -XEN_EINVAL);
    set_xen_guest_handle(map.bitmap, (void *)HYPERVISOR_VIRT_START);
    map.nr_ports = 65536;
    EXPECT_ANY(physdev_op(PHYSDEVOP_set_iobitmap, &map), -XEN_EINVAL, -XEN_EFAULT);
    EXPECT_EQ(run(user_in).vector, X86_GP);

    section("I/O privilege of user mode");
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);

    struct trap t = run(user_in_serial);

    EXPECT_EQ(t.vector, VECTOR_SYSCALL);
    EXPECT_EQ(t.frame.rax & 0xff, 0xff);
    iopl.iopl = 0;
    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    EXPECT_EQ(run(user_in).vector, X86_GP);
}

static void check_interrupts(void)
{
    struct physdev_irq_status_query query = { .irq = 1u << 30 };
    struct physdev_eoi eoi = { .irq = 1u << 30 };
    struct physdev_map_pirq map = { .domid = DOMID_SELF, .type = 99, .pirq = -1, .index = 9 };
    struct physdev_unmap_pirq unmap = { .domid = DOMID_SELF, .pirq = 1 << 30 };
    struct physdev_get_free_pirq free = { .type = MAP_PIRQ_TYPE_MSI };
    struct physdev_setup_gsi gsi = { .gsi = 9, .triggering = 1, .polarity = 1 };

    section("interrupts that are none");
    EXPECT_EQ(physdev_op(PHYSDEVOP_irq_status_query, &query), -XEN_EINVAL);
    EXPECT_EQ(physdev_op(PHYSDEVOP_eoi, &eoi), -XEN_EINVAL);
    EXPECT_ERROR(physdev_op(PHYSDEVOP_map_pirq, &map));
    map.type = MAP_PIRQ_TYPE_GSI;
    map.index = 1 << 30;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_map_pirq, &map));
    map.index = -1;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_map_pirq, &map));
    map.index = 9;
    map.pirq = 1 << 30;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_map_pirq, &map));
    map.domid = 1234;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_map_pirq, &map));
    EXPECT_ERROR(physdev_op(PHYSDEVOP_unmap_pirq, &unmap));

    section("a GSI, mapped and bound");
    EXPECT_EQ(physdev_op(PHYSDEVOP_setup_gsi, &gsi), 0);
    map = (struct physdev_map_pirq){
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 9, .pirq = 9,
    };
    EXPECT_EQ(physdev_op(PHYSDEVOP_map_pirq, &map), 0);
    EXPECT_EQ(map.pirq, 9);
    query.irq = 9;
    EXPECT_EQ(physdev_op(PHYSDEVOP_irq_status_query, &query), 0);

    struct evtchn_bind_pirq bind = { .pirq = 9, .flags = BIND_PIRQ__WILL_SHARE };
    struct evtchn_status status;

    EXPECT_EQ(event_channel_op(EVTCHNOP_bind_pirq, &bind), 0);
    EXPECT_EQ(event_status(bind.port, &status), 0);
    EXPECT_EQ(status.status, EVTCHNSTAT_pirq);
    EXPECT_EQ(status.u.pirq, 9);
    EXPECT_ERROR(event_channel_op(EVTCHNOP_bind_pirq, &bind));
    eoi.irq = 9;
    EXPECT_EQ(physdev_op(PHYSDEVOP_eoi, &eoi), 0);
    EXPECT_EQ(event_close(bind.port), 0);

    section("free interrupts, GSIs that are none");
    EXPECT_EQ(physdev_op(PHYSDEVOP_get_free_pirq, &free), 0);
    gsi.gsi = 1 << 30;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_setup_gsi, &gsi));
    gsi.gsi = -1;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_setup_gsi, &gsi));
}

static void check_ioapic(void)
{
    struct physdev_apic apic = { .apic_physbase = 0xfec00000, .reg = 1 };

    section("I/O APIC");
    EXPECT_EQ(physdev_op(PHYSDEVOP_apic_read, &apic), 0);
    EXPECT((apic.value >> 16 & 0xff) >= 15);
    apic.apic_physbase = 0x12340000;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_apic_read, &apic));
    EXPECT_ERROR(physdev_op(PHYSDEVOP_apic_write, &apic));
}

static void check_eoi_page(void)
{
    struct physdev_pirq_eoi_gmfn arg = { .gmfn = hypervisor_mfn() };
    uint64_t *page = page_alloc();

    section("the page of interrupts to be ended");
    EXPECT_ERROR(physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg));
    arg.gmfn = ~0UL;
    EXPECT_ERROR(physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg));
    arg.gmfn = mfn_of(kernel_root());
    EXPECT_ERROR(physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg));
    arg.gmfn = mfn_of(page);
    EXPECT_EQ(physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg), 0);
    EXPECT_EQ(physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg), -XEN_EBUSY);
}

static void check_pci(void)
{
    static struct physdev_pci_device_add add = { .bus = 0x77 };
    struct physdev_pci_device device = { .bus = 0x77 };
    struct physdev_restore_msi restore = { .bus = 0x77 };
    struct physdev_pci_mmcfg_reserved mmcfg = { .address = 0x1230000 };

    section("PCI devices that are none");
    EXPECT_ERROR(physdev_op(PHYSDEVOP_pci_device_remove, &device));
    EXPECT_ERROR(physdev_op(PHYSDEVOP_prepare_msix, &device));
    EXPECT_ERROR(physdev_op(PHYSDEVOP_release_msix, &device));
    EXPECT_ERROR(physdev_op(PHYSDEVOP_restore_msi, &restore));
    EXPECT_ANY(physdev_op(PHYSDEVOP_pci_device_add, &add), 0, -XEN_ENODEV, -XEN_EINVAL);
    EXPECT_ERROR(physdev_op(PHYSDEVOP_pci_mmcfg_reserved, &mmcfg));

    section("operations that are none, arguments nowhere");
    EXPECT_EQ(physdev_op(99, &device), -XEN_ENOSYS);
    EXPECT_EQ(physdev_op(-1, &device), -XEN_ENOSYS);
    for (int op = PHYSDEVOP_irq_status_query; op <= PHYSDEVOP_release_msix; op++)
        EXPECT_ERROR(physdev_op(op, (void *)HYPERVISOR_VIRT_START));
}

TEST("physdev")
{
    check_ports_of_users();
    check_interrupts();
    check_ioapic();
    check_eoi_page();
    check_pci();
}
