/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * More than one vCPU: bringing them up, states that are refused, events and IPIs between them,
 * flushes that reach them, clocks that agree, and going down and up again.
 *
 * smp: 4
 */
#include "../lib/guest.h"

#define SPOT ((volatile uint64_t *)0x10000000000UL)

static struct vcpu_guest_context context;

static void check_before(void)
{
    section("before they are initialised");
    REQUIRE_EQ(vcpu_count(), 4);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 0, NULL), 1);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    EXPECT_ERROR(vcpu_op(VCPUOP_up, 1, NULL));
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 4711, NULL), -XEN_ENOENT);
    EXPECT_EQ(vcpu_op(VCPUOP_up, 4711, NULL), -XEN_ENOENT);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, ~0u, NULL), -XEN_ENOENT);
    EXPECT_EQ(vcpu_op(99, 0, NULL), -XEN_ENOSYS);

    section("contexts that are refused");
    vcpu_context(0, &context);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 0, &context), -XEN_EEXIST);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 3, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 3, (void *)0x600000000000UL), -XEN_EFAULT);
    vcpu_context(3, &context);
    context.ctrlreg[3] = xen_pfn_to_cr3(hypervisor_mfn());
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    vcpu_context(3, &context);
    context.ctrlreg[3] = xen_pfn_to_cr3(mfn_of(&context));
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    vcpu_context(3, &context);
    context.user_regs.rip = 1UL << 63;
    EXPECT_ANY(vcpu_op(VCPUOP_initialise, 3, &context), -XEN_EINVAL);
    vcpu_context(3, &context);
    context.gdt_ents = 100000;
    context.gdt_frames[0] = hypervisor_mfn();
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    vcpu_context(3, &context);
    context.gdt_ents = 1;
    context.gdt_frames[0] = mfn_of(kernel_root());
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    vcpu_context(3, &context);
    context.event_callback_eip = 1UL << 63;
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    vcpu_context(3, &context);
    context.flags &= ~VGCF_in_kernel;           /* and there is no page table for user mode */
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    context.ctrlreg[1] = 1;                     /* nor does its mark make one */
    EXPECT_ERROR(vcpu_op(VCPUOP_initialise, 3, &context));
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 3, NULL), 0);
}

static volatile uint64_t note;
static volatile bool stop;

static void note_id(void *arg)
{
    note = 0x100 + current()->id;
    *(volatile unsigned long *)arg = current()->id;
}

static void check_run(void)
{
    unsigned long id = 0;

    section("up, run, down");
    vcpu_run(1, note_id, &id);
    vcpu_join(1);
    EXPECT_EQ(note, 0x101);
    EXPECT_EQ(id, 1);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    vcpu_context(1, &context);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);

    section("up again: it goes on where it went down");
    for (unsigned int i = 0; i < 5; i++) {
        id = 99;
        vcpu_run(1, note_id, &id);
        vcpu_join(1);
        EXPECT_EQ(id, 1);
    }
}

static struct vcpu_info own_info __attribute__((aligned(64)));
static evtchn_port_t ipi, reply;
static volatile uint64_t posted, tolerance;
static volatile bool second_is_behind;
static volatile unsigned int step;

static void wait_for(unsigned int n)
{
    while (step != n)
        cpu_relax();
}

/* vCPU 2: clocks, vcpu_info, events, flushes, in step with vCPU 0. */
static void second(void *arg)
{
    uint64_t value;

    step = 1;
    while (step == 1) {
        note = time_now();
        if (posted > time_now() + tolerance)
            second_is_behind = true;
    }
    wait_for(3);
    step = 4;
    /* Upcalls go to this vCPU. */
    upcalls_enable();
    while (!event_count[ipi])
        cpu_relax();
    upcalls_disable();
    EXPECT_EQ(event_send(reply), 0);
    wait_for(5);
    value = *SPOT;
    step = 6;
    while (*SPOT == value && !stop)
        cpu_relax();
    step = 7;
    wait_for(8);
}

/*
 * Each tells its time and looks at the other's: what was told before now is not after now. Clocks
 * that are not said to be stable have room, for emulated machines calibrate badly.
 */
static void check_clocks(void)
{
    bool first_is_behind = false;

    tolerance = vcpu_info()->time.flags & XEN_PVCLOCK_TSC_STABLE_BIT ? MS : SECOND;
    section("clocks agree");
    wait_for(1);
    for (unsigned int i = 0; i < 20000; i++) {
        uint64_t other = note;

        if (i && other > time_now() + tolerance)
            first_is_behind = true;
        posted = time_now();
    }
    EXPECT(!first_is_behind);
    EXPECT(!second_is_behind);
    step = 3;
    wait_for(4);
}

static void check_events(void)
{
    section("IPIs there and back");
    event_unmask(ipi);
    EXPECT_EQ(event_send(ipi), 0);
    EXPECT(event_wait(reply, 20 * SECOND));
    EXPECT_EQ(event_count[ipi], 1);
}

static void check_flush(void)
{
    uint64_t *a = page_alloc(), *b = page_alloc();

    section("a flush reaches the other's TLB");
    a[0] = 1;
    b[0] = 2;
    REQUIRE_EQ(map_page(kernel_root(), (void *)SPOT, pte_of(a, PTE_RO)), 0);
    step = 5;
    wait_for(6);
    time_spin(2 * MS);
    EXPECT_EQ(update_va_mapping((void *)SPOT, pte_of(b, PTE_RO), UVMF_INVLPG | UVMF_ALL), 0);
    for (uint64_t end = time_now() + 20 * SECOND; step != 7 && time_now() < end;)
        cpu_relax();
    EXPECT_EQ(step, 7);
    stop = true;
    step = 8;
}

static void check_register_info(void)
{
    struct vcpu_register_vcpu_info arg = { .mfn = mfn_of(&own_info) };

    section("a vcpu_info of one's own");
    arg.offset = PAGE_SIZE - 8;
    EXPECT_ERROR(vcpu_op(VCPUOP_register_vcpu_info, 3, &arg));
    arg.offset = 0;
    arg.mfn = hypervisor_mfn();
    EXPECT_ERROR(vcpu_op(VCPUOP_register_vcpu_info, 3, &arg));
    arg.mfn = mfn_of(kernel_root());
    EXPECT_ERROR(vcpu_op(VCPUOP_register_vcpu_info, 3, &arg));
    arg.mfn = mfn_of(&own_info);
    arg.offset = (uintptr_t)&own_info & ~PAGE_MASK;
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_info, 3, &arg), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_info, 3, &arg), -XEN_EINVAL);
    EXPECT(own_info.time.tsc_to_system_mul != 0);

    long port = event_bind_ipi(3);

    REQUIRE(port > 0);
    event_unmask(port);
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(own_info.evtchn_upcall_pending, 1);
    EXPECT_EQ(event_close(port), 0);
}

static void check_others(void)
{
    struct vcpu_set_singleshot_timer timer = { .timeout_abs_ns = time_now() + MS };
    struct vcpu_get_physid id;
    struct vcpu_runstate_info state;
    long port, local;

    section("what only the vCPU itself may do");
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 1, &timer), -XEN_EINVAL);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL), -XEN_EINVAL);
    EXPECT_ANY(vcpu_op(VCPUOP_get_physid, 1, &id), 0, -XEN_EINVAL);     /* for who is pinned */

    section("what is known of others");
    EXPECT_EQ(vcpu_op(VCPUOP_get_runstate_info, 3, &state), 0);
    EXPECT_EQ(state.state, RUNSTATE_offline);

    section("ports bound to others");
    port = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    local = event_bind_interdomain(DOMID_SELF, port);
    EXPECT_EQ(event_bind_vcpu(local, 1), 0);
    struct evtchn_status status;
    EXPECT_EQ(event_status(local, &status), 0);
    EXPECT_EQ(status.vcpu, 1);
    EXPECT_EQ(event_bind_vcpu(local, 4711), -XEN_ENOENT);
    EXPECT_EQ(event_bind_virq(VIRQ_CONSOLE, 1), -XEN_EINVAL);
}

TEST("vcpus")
{
    check_before();
    check_run();
    ipi = event_bind_ipi(2);
    reply = event_bind_ipi(0);
    vcpu_run(2, second, NULL);
    check_clocks();
    check_events();
    check_flush();
    vcpu_join(2);
    check_register_info();
    check_others();
}
