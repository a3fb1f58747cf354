/* SPDX-License-Identifier: GPL-2.0-only */
/* Random calls about everything that is not memory, and which call comes next. */
#define __XEN_TOOLS__
#include <public/domctl.h>
#include <public/sysctl.h>
#include "chaos.h"
#include "grant.h"

struct chaos chaos_of[MAX_VCPUS];

static bool may_die(const struct chaos *c)
{
    return c->flags & CHAOS_FATAL;
}

/* ---- Events ---- */

static uint32_t any_port(struct chaos *c)
{
    return chaos_rarely(c, 16) ? chaos_value(c) : chaos_below(c, 20);
}

void chaos_event(struct chaos *c)
{
    union {
        struct evtchn_bind_interdomain interdomain;
        struct evtchn_bind_virq virq;
        struct evtchn_bind_ipi ipi;
        struct evtchn_alloc_unbound unbound;
        struct evtchn_bind_vcpu vcpu;
        uint32_t port;
        uint8_t bytes[64];
    } *e = chaos_place(c, 64);
    int cmd = chaos_below(c, 14);

    chaos_fill(c, e, 64);
    switch (chaos_rarely(c, 8) ? -1 : cmd) {
    case EVTCHNOP_bind_interdomain:
        e->interdomain.remote_dom = chaos_rarely(c, 2) ? 0 : chaos_domid(c);
        e->interdomain.remote_port = chaos_target.first_port + any_port(c);
        break;
    case EVTCHNOP_bind_virq:
        e->virq.virq = chaos_below(c, 26);
        e->virq.vcpu = chaos_below(c, 5);
        break;
    case EVTCHNOP_bind_ipi:
        e->ipi.vcpu = chaos_below(c, 5);
        break;
    case EVTCHNOP_alloc_unbound:
        e->unbound.dom = DOMID_SELF;
        e->unbound.remote_dom = chaos_domid(c);
        break;
    case EVTCHNOP_bind_vcpu:
        e->vcpu.port = any_port(c);
        e->vcpu.vcpu = chaos_below(c, 5);
        break;
    case EVTCHNOP_status:
    case EVTCHNOP_reset:
        *(domid_t *)e = chaos_rarely(c, 4) ? chaos_domid(c) : DOMID_SELF;
        if (cmd == EVTCHNOP_reset && !chaos_rarely(c, 8))
            return;
        break;
    case EVTCHNOP_init_control:
        ((uint64_t *)e)[0] = chaos_own_mfn(c);
        ((uint32_t *)e)[2] = 8 * chaos_below(c, 600);
        ((uint32_t *)e)[3] = chaos_below(c, 5);
        if (!chaos_rarely(c, 16))
            return;
        break;
    case EVTCHNOP_expand_array:
        ((uint64_t *)e)[0] = chaos_own_mfn(c);
        break;
    default:
        e->port = any_port(c);
        break;
    }
    if (chaos_rarely(c, 16))
        HYPERCALL_1(event_channel_op_compat, chaos_args(c, e));
    else
        event_channel_op(chaos_rarely(c, 64) ? (int)chaos_value(c) : cmd, chaos_args(c, e));
}

/* ---- vCPUs ---- */

/* A context that leads nowhere, for the last vCPU, which no test uses. */
static void hostile_context(struct chaos *c)
{
    static struct vcpu_guest_context context;
    unsigned int id = MAX_VCPUS - 1;

    vcpu_context(0, &context);
    for (unsigned int i = 0; i < 6; i++) {
        uint64_t *word = (uint64_t *)&context.user_regs + chaos_below(c, 25);

        if (chaos_rarely(c, 4))
            word = (uint64_t *)&context + chaos_below(c, sizeof(context) / 8);
        *word = chaos_value(c);
    }
    while (id > 2 && vcpu_op(VCPUOP_is_up, id, NULL) < 0)
        id--;
    if (!vcpu_op(VCPUOP_initialise, id, &context) && chaos_rarely(c, 2))
        vcpu_op(VCPUOP_up, id, NULL);
}

void chaos_vcpu(struct chaos *c)
{
    unsigned int cmd = chaos_below(c, 15);
    unsigned int vcpu = chaos_rarely(c, 8) ? chaos_count(c) : chaos_below(c, 4);
    uint64_t *args = chaos_place(c, 64);

    chaos_fill(c, args, 64);
    switch (cmd) {
    case VCPUOP_initialise:
        if (may_die(c) && chaos_rarely(c, 4))
            hostile_context(c);
        return;
    case VCPUOP_down:
        /* The others bring it up again. */
        if (vcpu == 0 && !may_die(c))
            return;
        break;
    case VCPUOP_register_runstate_memory_area:
    case VCPUOP_register_vcpu_time_memory_area:
        args[0] = (uint64_t)chaos_pointer(c);
        break;
    case VCPUOP_register_vcpu_info:
        if (!may_die(c) || !chaos_rarely(c, 64))
            return;
        args[0] = chaos_mfn(c);
        args[1] = chaos_rarely(c, 2) ? chaos_below(c, 64) * 64 : chaos_value(c);
        break;
    case VCPUOP_set_periodic_timer:
    case VCPUOP_set_singleshot_timer:
        if (chaos_rarely(c, 2))
            args[0] = (cmd == VCPUOP_set_singleshot_timer ? time_now() : 0) +
                      chaos_below(c, 4 * MS);
        break;
    case VCPUOP_send_nmi:
        if (!chaos_rarely(c, 16))
            return;
        break;
    }
    vcpu_op(cmd, vcpu, chaos_args(c, args));
}

static void scheduling(struct chaos *c)
{
    struct vcpu_set_singleshot_timer *timer = chaos_place(c, sizeof(*timer));
    struct sched_poll *poll = chaos_place(c, 64);
    unsigned int cmd = chaos_below(c, 12);

    switch (cmd) {
    case SCHEDOP_block:
        if ((c->flags & CHAOS_PRIVILEGED) || !chaos_rarely(c, 64))
            return;
        timer->timeout_abs_ns = time_now() + chaos_below(c, MS);
        timer->flags = 0;
        vcpu_op(VCPUOP_set_singleshot_timer, current()->id, timer);
        break;
    case SCHEDOP_shutdown:
    case SCHEDOP_remote_shutdown:
    case SCHEDOP_watchdog:
        if (!may_die(c) || !chaos_rarely(c, 256))
            return;
        chaos_fill(c, poll, 64);
        break;
    case SCHEDOP_poll:
        set_xen_guest_handle(poll->ports, chaos_pointer(c));
        poll->nr_ports = chaos_rarely(c, 4) ? chaos_count(c) : chaos_below(c, 3);
        poll->timeout = time_now() + chaos_below(c, MS);
        break;
    default:
        chaos_fill(c, poll, 64);
        break;
    }
    if (cmd == SCHEDOP_poll && chaos_rarely(c, 32))
        HYPERCALL_2(sched_op_compat, SCHEDOP_yield, 0);
    else
        sched_op(cmd, cmd == SCHEDOP_poll ? poll : chaos_args(c, poll));
}

/* ---- The rest ---- */

static void restore_entries(void)
{
    set_trap_table(trap_table());
    set_callbacks(event_entry, failsafe_entry, syscall_entry);
}

static void entries(struct chaos *c)
{
    uint64_t *args = chaos_place(c, 256);

    chaos_fill(c, args, 256);
    if (!may_die(c) || !chaos_rarely(c, 512)) {
        restore_entries();
        return;
    }
    switch (chaos_below(c, 5)) {
    case 0: set_trap_table(chaos_args(c, args)); break;
    case 1: set_callbacks((void *)args[0], (void *)args[1], (void *)args[2]); break;
    case 2: callback_op(chaos_below(c, 3), args); break;
    case 3: stack_switch(args[0], args[1]); break;
    default: nmi_op(chaos_below(c, 3), args); break;
    }
}

static void segments(struct chaos *c)
{
    static const uint16_t selectors[] = { 0, 3, 0xe02b, 0xe033, 0xe008, 0x28, 0x2b, 7, 15, 0xffff };
    uint64_t selector = chaos_rarely(c, 4) ? chaos_value(c)
                                           : selectors[chaos_below(c, ARRAY_SIZE(selectors))];

    /* FS and GS: nothing here uses them. */
    set_segment_base(chaos_below(c, 5), chaos_below(c, 5) == 3 ? selector : chaos_value(c));
    if (chaos_rarely(c, 4))
        TRAP_OF("mov %0, %%fs", :: "r"((uint32_t)selector));
    if (chaos_rarely(c, 4))
        TRAP_OF("mov %0, %%gs", :: "r"((uint32_t)selector));
}

static bool is_fatal(uint64_t number)
{
    switch (number) {
    case __HYPERVISOR_iret: case __HYPERVISOR_stack_switch: case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_set_callbacks: case __HYPERVISOR_sched_op: case __HYPERVISOR_callback_op:
    case __HYPERVISOR_sched_op_compat: case __HYPERVISOR_vcpu_op: case __HYPERVISOR_nmi_op:
    case __HYPERVISOR_mmu_update: case __HYPERVISOR_mmuext_op: case __HYPERVISOR_multicall:
    case __HYPERVISOR_platform_op: case __HYPERVISOR_domctl: case __HYPERVISOR_sysctl:
    case __HYPERVISOR_arch_0: case __HYPERVISOR_physdev_op: case __HYPERVISOR_console_io:
    case __HYPERVISOR_update_va_mapping: case __HYPERVISOR_update_va_mapping_otherdomain:
    case __HYPERVISOR_grant_table_op:
        return true;
    default:
        return false;
    }
}

static void anything(struct chaos *c)
{
    uint64_t number = chaos_rarely(c, 16) ? chaos_value(c) : chaos_below(c, 64);
    bool ends = (uint32_t)number == __HYPERVISOR_sched_op || number == __HYPERVISOR_iret;

    if (is_fatal(number) && (!may_die(c) || !chaos_rarely(c, ends ? 256 : 64)))
        return;
    if (number == __HYPERVISOR_console_io && (c->flags & CHAOS_PRIVILEGED))
        return;
    hypercall_raw(number, chaos_value(c), chaos_value(c), chaos_value(c), chaos_value(c),
                  chaos_value(c));
}

static void many(struct chaos *c)
{
    static const uint8_t numbers[] = {
        __HYPERVISOR_update_va_mapping, __HYPERVISOR_grant_table_op, __HYPERVISOR_event_channel_op,
        __HYPERVISOR_memory_op, __HYPERVISOR_xen_version, __HYPERVISOR_fpu_taskswitch,
        __HYPERVISOR_multicall, 63, __HYPERVISOR_set_debugreg, __HYPERVISOR_set_timer_op,
        __HYPERVISOR_vm_assist, __HYPERVISOR_get_debugreg, __HYPERVISOR_update_descriptor,
    };
    unsigned int n = 1 + chaos_below(c, 6);
    struct multicall_entry *e = chaos_place(c, n * sizeof(*e));

    for (unsigned int i = 0; i < n; i++) {
        chaos_fill(c, &e[i], sizeof(*e));
        e[i].op = numbers[chaos_below(c, ARRAY_SIZE(numbers))];
        if (e[i].op == __HYPERVISOR_update_va_mapping) {
            e[i].args[0] = (uint64_t)CHAOS_WINDOW + chaos_below(c, 16) * PAGE_SIZE;
            e[i].args[1] = chaos_pte(c);
            e[i].args[2] = chaos_below(c, 8);
        } else if (chaos_rarely(c, 2)) {
            e[i].args[0] = 1 + chaos_below(c, 31);
            e[i].args[1] = (uint64_t)chaos_pointer(c);
        }
        if (e[i].op == __HYPERVISOR_grant_table_op && !may_die(c))
            e[i].args[2] &= 3;
    }
    /* Zeroes, taken for calls, would remove the trap table. */
    multicall(may_die(c) ? chaos_args(c, e) : e, n);
}

void chaos_other(struct chaos *c)
{
    uint64_t *args = chaos_place(c, 256);

    switch (chaos_below(c, 16)) {
    case 0: xen_version(chaos_below(c, 14), chaos_pointer(c)); break;
    case 1: set_debugreg(chaos_below(c, 9), chaos_rarely(c, 2) ? 0 : chaos_value(c));
            set_debugreg(7, 0); break;
    case 2: get_debugreg(chaos_count(c)); break;
    case 3: fpu_taskswitch(chaos_below(c, 3)); break;
    case 4: vm_assist(chaos_below(c, 3), chaos_rarely(c, 4) ? chaos_value(c) : chaos_below(c, 6));
            break;
    case 5: set_timer_op(chaos_rarely(c, 2) ? time_now() + chaos_below(c, MS) : chaos_value(c));
            break;
    case 6: segments(c); break;
    case 7: entries(c); break;
    case 8: case 9: many(c); break;
    case 10: case 11: scheduling(c); break;
    case 12:
        chaos_fill(c, args, 64);
        if (!(c->flags & CHAOS_PRIVILEGED))
            physdev_op(chaos_below(c, 40), chaos_args(c, args));
        break;
    case 13:
        if (chaos_rarely(c, 256))
            console_io(chaos_below(c, 3), chaos_below(c, 16), chaos_pointer(c));
        break;
    default: anything(c); break;
    }
}

/* ---- Instructions that the hypervisor performs ---- */

static void touch(struct chaos *c)
{
    uint64_t at = chaos_va(c) + (chaos_rarely(c, 4) ? chaos_below(c, PAGE_SIZE)
                                                    : chaos_below(c, 512) * 8);

    if (chaos_rarely(c, 3))
        at = (uint64_t)chaos_entry(c) + (chaos_rarely(c, 8) ? chaos_below(c, 8) : 0);
    if (!chaos_may_touch(at))
        return;
    switch (chaos_below(c, 9)) {
    case 0: TRAP_OF("mov (%0), %%rax", :: "r"(at) : "rax", "memory"); break;
    case 1: TRAP_OF("movb %b1, (%0)", :: "r"(at), "q"(chaos_value(c)) : "memory"); break;
    case 2: TRAP_OF("movl %k1, (%0)", :: "r"(at), "r"(chaos_pte(c)) : "memory"); break;
    case 3: TRAP_OF("movq %1, (%0)", :: "r"(at), "r"(chaos_pte(c)) : "memory"); break;
    case 4: TRAP_OF("xchgq %%rax, (%0)", :: "r"(at), "a"(chaos_pte(c)) : "memory"); break;
    case 5: TRAP_OF("lock cmpxchgq %1, (%0)", :: "r"(at), "r"(chaos_pte(c)), "a"(0) : "memory");
            break;
    case 6: TRAP_OF("lock btrq %1, (%0)", :: "r"(at), "r"(chaos_random(c) & 63) : "memory"); break;
    case 7: TRAP_OF("lock orq %1, (%0)", :: "r"(at), "r"(chaos_value(c)) : "memory"); break;
    default:
        TRAP_OF("lock cmpxchg16b (%0)", :: "r"(at & ~15UL), "a"(0), "d"(0), "b"(chaos_pte(c)),
                "c"(chaos_pte(c)) : "memory");
        break;
    }
}

void chaos_processor(struct chaos *c)
{
    uint32_t msr = chaos_rarely(c, 2) ? 0xc0000080 + chaos_below(c, 8) : chaos_value(c);
    uint64_t value = chaos_value(c);

    switch (chaos_below(c, 16)) {
    case 0: TRAP_OF("rdmsr", :: "c"(msr) : "rax", "rdx"); break;
    case 1: TRAP_OF("wrmsr", :: "c"(msr), "a"(value), "d"(value >> 32)); break;
    case 2: TRAP_OF("cpuid", :: "a"((uint32_t)value), "c"(chaos_below(c, 8)) : "rbx", "rdx"); break;
    case 3: TRAP_OF("mov %%cr0, %%rax; mov %%rax, %%cr0", ::: "rax"); break;
    case 4: TRAP_OF("mov %0, %%cr4", :: "r"(value)); break;
    case 5: TRAP_OF("mov %%cr3, %%rax; mov %%rax, %%cr3", ::: "rax"); break;
    case 6: TRAP_OF("mov %0, %%dr0; mov %%dr6, %%rax", :: "r"(value) : "rax"); break;
    case 7: TRAP_OF("invlpg (%0)", :: "r"(value)); break;
    case 8: TRAP_OF("lgdt (%0)", :: "r"(chaos_pointer(c))); break;
    case 9: TRAP_OF("xgetbv", :: "c"((uint32_t)value) : "rax", "rdx"); break;
    case 10:
        if (!(c->flags & CHAOS_PRIVILEGED))
            TRAP_OF("in %%dx, %%al", :: "d"((uint16_t)value) : "rax");
        break;
    case 11: TRAP_OF("clts", ::: "memory"); break;
    default: touch(c); break;
    }
}

/* ---- dom0's own ---- */

static bool ends_the_machine(unsigned int number, unsigned int cmd)
{
    if (number == __HYPERVISOR_sysctl)
        return cmd == XEN_SYSCTL_debug_keys || cmd == XEN_SYSCTL_cpupool_op ||
               cmd == XEN_SYSCTL_cpu_hotplug || cmd == XEN_SYSCTL_page_offline_op;
    return cmd == XEN_DOMCTL_createdomain;
}

void chaos_control(struct chaos *c)
{
    static uint8_t args[MAX_VCPUS][sizeof(struct xen_domctl) + sizeof(struct xen_sysctl)];
    uint32_t *word = (uint32_t *)args[current()->id];
    bool domain = !chaos_rarely(c, 4);
    unsigned int number = domain ? __HYPERVISOR_domctl : __HYPERVISOR_sysctl;
    unsigned int cmd = chaos_below(c, domain ? 90 : 40);

    if (ends_the_machine(number, cmd))
        return;
    chaos_fill(c, word, sizeof(args[0]));
    word[0] = cmd;
    word[1] = domain ? XEN_DOMCTL_INTERFACE_VERSION : XEN_SYSCTL_INTERFACE_VERSION;
    if (domain)
        ((domid_t *)word)[4] = chaos_target.ids[chaos_rarely(c, 2) ? 2 : 3];
    hypercall(number, (unsigned long)word, 0, 0, 0, 0);
}

/* ---- Which one ---- */

void chaos_init(uint64_t seed, unsigned int flags)
{
    grant_init();
    chaos_values_init();
    REQUIRE_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    for (unsigned int i = 0; i < MAX_VCPUS; i++) {
        uint8_t *second = page_alloc(), *first = page_alloc();

        /* The pool hands out neighbours. */
        chaos_of[i] = (struct chaos){
            .state = (seed + 1) * 0x9e3779b97f4a7c15 + i * 0xd1342543de82ef95 + 1, .flags = flags,
            .scratch = first < second ? first : second,
        };
        for (unsigned int k = 0; k < 8; k++)
            chaos_random(&chaos_of[i]);
    }
}

void chaos_run(uint64_t limit)
{
    static void (*const rooms[])(struct chaos *) = {
        chaos_mmu, chaos_mmu, chaos_mmu, chaos_memory, chaos_grant, chaos_grant, chaos_event,
        chaos_vcpu, chaos_other, chaos_other, chaos_processor,
    };
    struct chaos *c = &chaos_of[current()->id];

    for (uint64_t n = 0; !limit || n < limit; n++) {
        rooms[chaos_below(c, ARRAY_SIZE(rooms))](c);
        if ((c->flags & CHAOS_PRIVILEGED) && chaos_rarely(c, 8))
            chaos_control(c);
        c->calls++;
    }
}
