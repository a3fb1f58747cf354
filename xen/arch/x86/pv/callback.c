/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a guest kernel wants to be entered, and its stack and segment bases. */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <public/callback.h>
#include <public/nmi.h>
#include <x86/cpu.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include "private.h"

static int set_callback(struct vcpu *v, unsigned int type, unsigned long eip, unsigned int flags)
{
    struct pv_vcpu *pv = &v->arch.pv;
    struct pv_callback cb = { eip, (flags & CALLBACKF_mask_events) != 0 };

    if (!pv_address_ok(eip))
        return refuse(v->domain, -EINVAL, "callback %u at %lx", type, eip);
    switch (type) {
    case CALLBACKTYPE_event: pv->event = (struct pv_callback){ eip, true }; break;
    case CALLBACKTYPE_failsafe: pv->failsafe = cb; break;
    case CALLBACKTYPE_syscall:
        pv->syscall_eip = eip;
        pv->syscall_masks_events = cb.mask_events;
        break;
    case CALLBACKTYPE_syscall32: pv->syscall32 = cb; break;
    case CALLBACKTYPE_sysenter: pv->sysenter = cb; break;
    case CALLBACKTYPE_nmi: v->domain->arch.nmi_callback = eip; break;
    default: return -ENOSYS;
    }
    pv_update_slow_entry(v);
    return 0;
}

static int clear_callback(struct vcpu *v, unsigned int type)
{
    switch (type) {
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter:
        return -EINVAL;
    case CALLBACKTYPE_nmi:
        v->domain->arch.nmi_callback = 0;
        return 0;
    default:
        return -ENOSYS;
    }
}

long do_callback_op(int cmd, uint64_t arg)
{
    struct callback_register reg;
    struct callback_unregister unreg;

    switch (cmd) {
    case CALLBACKOP_register:
        if (copy_arg_from_guest(&reg, arg))
            return -EFAULT;
        return set_callback(current, reg.type, reg.address, reg.flags);
    case CALLBACKOP_unregister:
        if (copy_arg_from_guest(&unreg, arg))
            return -EFAULT;
        return clear_callback(current, unreg.type);
    default:
        return -ENOSYS;
    }
}

long do_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    if (!pv_address_ok(event) || !pv_address_ok(failsafe) || !pv_address_ok(syscall))
        return -EINVAL;
    int rc = set_callback(current, CALLBACKTYPE_event, event, 0);
    if (!rc)
        rc = set_callback(current, CALLBACKTYPE_failsafe, failsafe, 0);
    if (!rc)
        rc = set_callback(current, CALLBACKTYPE_syscall, syscall, 0);
    return rc;
}

long do_nmi_op(unsigned int cmd, uint64_t arg)
{
    struct xennmi_callback cb;

    switch (cmd) {
    case XENNMI_register_callback:
        if (copy_arg_from_guest(&cb, arg))
            return -EFAULT;
        return current->vcpu_id ? -EINVAL
                                : set_callback(current, CALLBACKTYPE_nmi, cb.handler_address, 0);
    case XENNMI_unregister_callback:
        return clear_callback(current, CALLBACKTYPE_nmi);
    default:
        return -ENOSYS;
    }
}

long do_set_trap_table(uint64_t traps)
{
    struct pv_vcpu *pv = &current->arch.pv;

    if (!traps) {
        for (unsigned int i = 0; i < 256; i++)
            pv->traps[i] = (struct trap_info){ 0 };
        return 0;
    }
    /* At most 256 rows do something; more would only be the guest wasting its own time. */
    for (unsigned int n = 0; n < 257; n++) {
        struct trap_info t;
        if (copy_from_guest_va(&t, traps + n * sizeof(t), sizeof(t)))
            return -EFAULT;
        if (!t.address)
            return 0;
        if (!pv_address_ok(t.address))
            return refuse(current->domain, -EINVAL, "trap %u at %lx", t.vector, t.address);
        pv->traps[t.vector] = t;
    }
    return -EINVAL;
}

long do_stack_switch(unsigned long ss, unsigned long esp)
{
    current->arch.pv.kernel_ss = pv_fix_selector((uint16_t)ss);
    pv_set_kernel_stack(current, esp);
    return 0;
}

long do_fpu_taskswitch(int set)
{
    if (set) {
        current->arch.pv.cr0_ts = CR0_TS;
        write_cr0(read_cr0() | CR0_TS);
    } else {
        current->arch.pv.cr0_ts = 0;
        clts();
    }
    return 0;
}

long do_set_segment_base(unsigned int which, unsigned long base)
{
    if (which != SEGBASE_GS_USER_SEL && !va_is_canonical(base))
        return -EINVAL;
    switch (which) {
    case SEGBASE_FS: wrmsr(MSR_FS_BASE, base); return 0;
    /* the caller is the guest's kernel: active */
    case SEGBASE_GS_KERNEL: cpu_write_gs_base(base); return 0;
    case SEGBASE_GS_USER: wrmsr(MSR_SHADOW_GS_BASE, base); return 0;
    case SEGBASE_GS_USER_SEL: cpu_load_user_gs((uint16_t)base); return 0;
    default: return -EINVAL;
    }
}
