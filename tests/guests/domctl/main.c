/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl, as a toolstack calls it, on a domain that runs: pauses that nest, contexts read and
 * written, maps of processors of any length, frames and their types, rights handed on, and what a
 * domain that is gone answers.
 *
 * smp: 2
 */
#include "../lib/domain.h"

#define EUSERS 87                       /* not among the public headers' errors */

static struct child child;
static struct vcpu_guest_context context, again;

/* ---- As the child ---------------------------------------------------------------------------- */

static volatile uint64_t ticks;
static uint8_t spot[PAGE_SIZE] __attribute__((aligned(4096)));

static void count(void)
{
    for (;;)
        ticks++;
}

/* Page registers of the DMA controller, which hold what is written to them. */
#define PORT_GIVEN 0x81
#define PORT_KEPT  0x82

static void use_ports(void)
{
    struct physdev_set_iopl iopl = { .iopl = 1 };

    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
}

static void out(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" :: "a"(value), "d"(port));
}

static uint8_t in(uint16_t port)
{
    uint8_t value;

    asm volatile("inb %1, %0" : "=a"(value) : "d"(port));
    return value;
}

/* What it may have is decided by the time it runs. */
static void use_rights(void)
{
    use_ports();
    EXPECT_EQ(in(PORT_GIVEN), 0x12);
    EXPECT_EQ(in(PORT_KEPT), 0xff);             /* nothing there, to who has no right */
    out(PORT_GIVEN, 0x34);
    out(PORT_KEPT, 0x34);
    EXPECT_EQ(update_va_mapping(spot, 0xb8000 | PTE_RW, UVMF_INVLPG), 0);
    EXPECT_EQ(update_va_mapping(spot, 0xb9000 | PTE_RW, UVMF_INVLPG), -XEN_EINVAL);
    EXPECT_EQ(page_remap(spot, PTE_RW), 0);
}

/* ---- As dom0 --------------------------------------------------------------------------------- */

static uint64_t child_ticks(void)
{
    return *(const volatile uint64_t *)child_view(&child, (const void *)&ticks);
}

static bool is_counting(void)
{
    uint64_t before = child_ticks();

    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end; time_spin(1 * MS))
        if (child_ticks() != before)
            return true;
    return false;
}

static bool is_still(void)
{
    uint64_t before = child_ticks();

    time_spin(30 * MS);
    return child_ticks() == before;
}

static void check_pauses(void)
{
    section("pauses nest, and only one's own end");
    EXPECT(is_counting());
    EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, child.id), -XEN_EINVAL);
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, child.id), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, child.id), 0);
    EXPECT(is_still());
    EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, child.id), 0);
    EXPECT(is_still());
    EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, child.id), 0);
    EXPECT(domctl_args.u.getdomaininfo.flags & XEN_DOMINF_paused);
    EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, child.id), 0);
    EXPECT(is_counting());
    for (unsigned int i = 0; i < 255; i++)
        EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, child.id), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, child.id), -EUSERS);
    for (unsigned int i = 0; i < 255; i++)
        EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, child.id), 0);
    EXPECT(is_counting());
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
}

static long vcpu_context_of(unsigned int cmd, unsigned int vcpu, void *p)
{
    domctl_args.u.vcpucontext.vcpu = vcpu;
    domctl_args.u.vcpucontext.ctxt.p = p;
    return domctl(cmd, child.id);
}

static void check_contexts(void)
{
    section("contexts");
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, child.id), 0);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_getvcpucontext, 0, &context), 0);
    EXPECT(context.user_regs.rip >= (unsigned long)count &&
           context.user_regs.rip < (unsigned long)count + 64);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_setvcpucontext, 0, &context), 0);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_getvcpucontext, 0, &again), 0);
    EXPECT_EQ(memcmp(&context.user_regs, &again.user_regs,
                     offsetof(struct cpu_user_regs, error_code)), 0);
    EXPECT_EQ(context.ctrlreg[3], again.ctrlreg[3]);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_getvcpucontext, 1, &again), -XEN_ENODATA);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_getvcpucontext, 7, &again), -XEN_EINVAL);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_getvcpucontext, 0, (void *)HYPERVISOR_VIRT_START),
              -XEN_EFAULT);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_setvcpucontext, 1, (void *)0x600000000000), -XEN_EFAULT);
    context.ctrlreg[3] = xen_pfn_to_cr3(mfn_of(kernel_root()));     /* dom0's, not its */
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_setvcpucontext, 1, &context), -XEN_EINVAL);

    section("a context that is taken away, and comes back");
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_setvcpucontext, 0, NULL), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, child.id), 0);
    domctl_args.u.getvcpuinfo.vcpu = 0;
    EXPECT_EQ(domctl(XEN_DOMCTL_getvcpuinfo, child.id), 0);
    EXPECT(!domctl_args.u.getvcpuinfo.online);
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, child.id), 0);
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_setvcpucontext, 0, &again), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, child.id), 0);
    EXPECT(is_counting());
    EXPECT_EQ(vcpu_context_of(XEN_DOMCTL_setvcpucontext, 1, &again), 0);    /* a second of it */

    section("vcpus");
    domctl_args.u.max_vcpus.max = 3;
    EXPECT_EQ(domctl(XEN_DOMCTL_max_vcpus, child.id), -XEN_EINVAL);
    domctl_args.u.getvcpuinfo.vcpu = 0;
    EXPECT_EQ(domctl(XEN_DOMCTL_getvcpuinfo, child.id), 0);
    EXPECT(domctl_args.u.getvcpuinfo.online);
    EXPECT(domctl_args.u.getvcpuinfo.cpu_time > 0);
    domctl_args.u.getvcpuinfo.vcpu = 9;
    EXPECT_EQ(domctl(XEN_DOMCTL_getvcpuinfo, child.id), -XEN_EINVAL);
}

static long affinity(unsigned int cmd, uint8_t *map, unsigned int bits)
{
    domctl_args.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .flags = XEN_VCPUAFFINITY_HARD };
    domctl_args.u.vcpuaffinity.cpumap_hard.nr_bits = bits;
    domctl_args.u.vcpuaffinity.cpumap_hard.bitmap.p = map;
    return domctl(cmd, child.id);
}

static void check_affinity(void)
{
    uint8_t map[4] = { 2, 0x55, 0x55, 0x55 };

    section("maps of processors");
    EXPECT_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, map, 3), 0);
    EXPECT_EQ(map[0], 2);
    EXPECT_EQ(map[1], 0x55);
    map[0] = 0xff;
    EXPECT_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, map, 17), 0);
    EXPECT_EQ(map[0], 2);
    EXPECT_EQ(map[2], 0);
    EXPECT_EQ(map[3], 0x55);
    map[0] = 0xf0;                              /* none of those there are */
    EXPECT_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, map, 8), -XEN_EINVAL);
    EXPECT_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, (uint8_t *)HYPERVISOR_VIRT_START, 8),
              -XEN_EFAULT);
    EXPECT_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, map, 0), -XEN_EINVAL);
    EXPECT(is_counting());
    map[0] = 3;
    EXPECT_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, map, 2), 0);
}

static void check_frames(void)
{
    unsigned int image = child.nr_pages - 16;       /* its L4 follows the image */
    xen_pfn_t frames[4] = { child.frames[image], child.frames[0], mfn_of(&child), ~0UL };

    section("frames");
    domctl_args.u.getpageframeinfo3.num = 4;
    set_xen_guest_handle(domctl_args.u.getpageframeinfo3.array, frames);
    EXPECT_EQ(domctl(XEN_DOMCTL_getpageframeinfo3, child.id), 0);
    EXPECT_EQ(frames[0], XEN_DOMCTL_PFINFO_L4TAB);
    EXPECT_EQ(frames[1], XEN_DOMCTL_PFINFO_NOTAB);
    EXPECT_EQ(frames[2], XEN_DOMCTL_PFINFO_XTAB);
    EXPECT_EQ(frames[3], XEN_DOMCTL_PFINFO_XTAB);
    domctl_args.u.getpageframeinfo3.num = 1 << 20;
    EXPECT_EQ(domctl(XEN_DOMCTL_getpageframeinfo3, child.id), -XEN_E2BIG);

    section("a hypercall page where it may not be");
    domctl_args.u.hypercall_init.gmfn = child.frames[image];
    EXPECT_EQ(domctl(XEN_DOMCTL_hypercall_init, child.id), -XEN_EINVAL);
    domctl_args.u.hypercall_init.gmfn = mfn_of(&child);
    EXPECT_EQ(domctl(XEN_DOMCTL_hypercall_init, child.id), -XEN_EINVAL);
    domctl_args.u.hypercall_init.gmfn = ~0UL;
    EXPECT_ERROR(domctl(XEN_DOMCTL_hypercall_init, child.id));
}

static void check_properties(void)
{
    section("handle, limit, size of addresses");
    for (unsigned int i = 0; i < 16; i++)
        domctl_args.u.setdomainhandle.handle[i] = 0xa0 + i;
    EXPECT_EQ(domctl(XEN_DOMCTL_setdomainhandle, child.id), 0);
    domctl_args.u.max_mem.max_memkb = 4000;
    EXPECT_EQ(domctl(XEN_DOMCTL_max_mem, child.id), 0);
    EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, child.id), 0);
    EXPECT_EQ(domctl_args.u.getdomaininfo.handle[5], 0xa5);
    EXPECT_EQ(domctl_args.u.getdomaininfo.max_pages, 1000);
    EXPECT(domctl_args.u.getdomaininfo.tot_pages > 1000);
    EXPECT_EQ(domctl_args.u.getdomaininfo.nr_online_vcpus, 2);
    EXPECT_EQ(domctl(XEN_DOMCTL_get_address_size, child.id), 0);
    EXPECT_EQ(domctl_args.u.address_size.size, 64);
    domctl_args.u.address_size.size = 16;
    EXPECT_EQ(domctl(XEN_DOMCTL_set_address_size, child.id), -XEN_EINVAL);
}

static void check_rights(void)
{
    section("rights");
    child_create(&child, 1);
    use_ports();
    out(PORT_GIVEN, 0x12);
    out(PORT_KEPT, 0x12);
    domctl_args.u.ioport_permission = (struct xen_domctl_ioport_permission){ PORT_GIVEN, 1, 1 };
    EXPECT_EQ(domctl(XEN_DOMCTL_ioport_permission, child.id), 0);
    domctl_args.u.ioport_permission = (struct xen_domctl_ioport_permission){ 0xffff, 2, 1 };
    EXPECT_ERROR(domctl(XEN_DOMCTL_ioport_permission, child.id));
    domctl_args.u.ioport_permission = (struct xen_domctl_ioport_permission){ 0x3f8, 8, 1 };
    EXPECT_EQ(domctl(XEN_DOMCTL_ioport_permission, child.id), -XEN_EPERM);     /* the console's */
    domctl_args.u.iomem_permission = (struct xen_domctl_iomem_permission){ 0xb8, 1, 1 };
    EXPECT_EQ(domctl(XEN_DOMCTL_iomem_permission, child.id), 0);
    domctl_args.u.iomem_permission = (struct xen_domctl_iomem_permission){ 0xfee00, 1, 1 };
    EXPECT_EQ(domctl(XEN_DOMCTL_iomem_permission, child.id), -XEN_EPERM);
    domctl_args.u.iomem_permission = (struct xen_domctl_iomem_permission){ 5, ~0UL, 1 };
    EXPECT_EQ(domctl(XEN_DOMCTL_iomem_permission, child.id), -XEN_EINVAL);
    domctl_args.u.irq_permission = (struct xen_domctl_irq_permission){ 1 << 20, 1 };
    EXPECT_EQ(domctl(XEN_DOMCTL_irq_permission, child.id), -XEN_EINVAL);
    child_start(&child, use_rights);
    EXPECT(child_wait(&child));
    EXPECT_EQ(in(PORT_GIVEN), 0x34);
    EXPECT_EQ(in(PORT_KEPT), 0x12);
    child_destroy(&child);
}

static void check_gone(void)
{
    domid_t id = child.id;

    section("gone");
    child_destroy(&child);
    for (uint64_t end = time_now() + 20 * SECOND; time_now() < end; time_spin(1 * MS))
        if (domctl(XEN_DOMCTL_pausedomain, id) == -XEN_ESRCH)
            break;
    EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, id), -XEN_ESRCH);
    EXPECT_EQ(domctl(XEN_DOMCTL_destroydomain, id), -XEN_ESRCH);
    memset(&domctl_args.u, 0, sizeof(domctl_args.u));
    domctl_args.u.createdomain.max_vcpus = 1;
    domctl_args.u.createdomain.flags = 1u << 31;
    EXPECT_ERROR(domctl(XEN_DOMCTL_createdomain, 0));
    domctl_args.u.createdomain.flags = 0;
    domctl_args.u.createdomain.max_vcpus = 0;
    EXPECT_EQ(domctl(XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
    domctl_args.u.createdomain.max_vcpus = 100000;
    EXPECT_EQ(domctl(XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
}

TEST("domctl")
{
    child_create(&child, 2);
    child_start(&child, count);
    check_pauses();
    check_contexts();
    check_affinity();
    check_frames();
    check_properties();
    check_gone();
    check_rights();
}
