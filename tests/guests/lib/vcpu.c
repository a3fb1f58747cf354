/* SPDX-License-Identifier: GPL-2.0-only */
/* Bringing vCPUs up and down. */
#include "guest.h"

#define WEAK __attribute__((weak))

unsigned int vcpu_limit WEAK = MAX_VCPUS;
struct vcpu_block vcpu_blocks[MAX_VCPUS] WEAK;

extern char vcpu_start_asm[];

unsigned int vcpu_count(void)
{
    unsigned int n = 1;

    while (n < vcpu_limit && vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
        n++;
    return n;
}

noreturn void vcpu_main(struct vcpu *v)
{
    for (;;) {
        v->function(v->arg);
        v->done = true;
        vcpu_op(VCPUOP_down, v->id, NULL);
        /* Up again, with another function. */
    }
}

void vcpu_context(unsigned int id, struct vcpu_guest_context *context)
{
    struct vcpu *v = &vcpu_blocks[id].vcpu;

    memset(context, 0, sizeof(*context));
    context->flags = VGCF_in_kernel;
    context->user_regs.rip = (unsigned long)vcpu_start_asm;
    context->user_regs.rsp = (unsigned long)(vcpu_blocks + id + 1);
    context->user_regs.rdi = (unsigned long)v;
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = FLAT_KERNEL_SS;
    context->user_regs.rflags = EFLAGS_IF;
    memcpy(context->trap_ctxt, trap_table(), sizeof(context->trap_ctxt));
    context->kernel_ss = FLAT_KERNEL_SS;
    context->kernel_sp = (unsigned long)v + VCPU_ENTRY_STACK;
    context->ctrlreg[3] = xen_pfn_to_cr3(mfn_of(kernel_root()));
    context->event_callback_eip = (unsigned long)event_entry;
    context->failsafe_callback_eip = (unsigned long)failsafe_entry;
    context->syscall_callback_eip = (unsigned long)syscall_entry;
}

long vcpu_register_info(unsigned int id, struct vcpu_info *info)
{
    struct vcpu_register_vcpu_info arg = { .mfn = mfn_of(info),
                                           .offset = (uintptr_t)info & ~PAGE_MASK };
    long rc = vcpu_op(VCPUOP_register_vcpu_info, id, &arg);

    if (!rc)
        vcpu_blocks[id].vcpu.info = info;
    return rc;
}

void vcpu_run(unsigned int id, void (*function)(void *), void *arg)
{
    static struct vcpu_guest_context context;
    struct vcpu *v = &vcpu_blocks[id].vcpu;

    REQUIRE(id < vcpu_limit);
    v->id = id;
    v->function = function;
    v->arg = arg;
    v->done = false;
    if (!v->is_known) {
        vcpu_context(id, &context);
        REQUIRE_EQ(vcpu_op(VCPUOP_initialise, id, &context), 0);
    }
    v->is_known = true;
    REQUIRE_EQ(vcpu_op(VCPUOP_up, id, NULL), 0);
}

void vcpu_join(unsigned int id)
{
    while (!vcpu_blocks[id].vcpu.done || vcpu_op(VCPUOP_is_up, id, NULL) != 0)
        sched_op(SCHEDOP_yield, NULL);
}
