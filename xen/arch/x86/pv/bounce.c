/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entering the guest kernel: exceptions, events, NMIs, the failsafe callback and unusual system
 * calls.
 *
 * The kernel finds on its stack, from the top down: ss rsp rflags cs rip (error code | gs fs es ds)
 * r11 rcx.  The cs slot's bits 32..39 tell the upcall mask at the time; cs has privilege level 0
 * when the kernel itself was interrupted, since it cannot see its real one.  The common cases of
 * system calls are in entry/syscall.S.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <x86/cpu.h>
#include <x86/guest_word.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/perf.h>
#include <xen/trace.h>

#include "private.h"

/* regs->entry_vector: RCX and R11 are free, so the way out may use them */
#define MAY_SYSRET 0x100

static uint64_t flags_for_guest(const struct vcpu *v, uint64_t flags, uint8_t mask)
{
    flags &= ~(FLAGS_IF | FLAGS_IOPL);
    if (!mask)
        flags |= FLAGS_IF;
    if (test_bit(VMASST_TYPE_architectural_iopl, &v->domain->vm_assist))
        flags |= (uint64_t)v->arch.pv.iopl << 12;
    return flags;
}

struct bounce {
    unsigned long eip;
    bool mask_events;
    bool has_error;
    uint32_t error_code;
    const uint64_t *selectors;      /* failsafe: ds es fs gs */
};

/* The frame at sp, upwards.  False: the guest's stack cannot be written there. */
static inline bool push_frame(uint64_t sp, const struct cpu_user_regs *regs, const struct bounce *b,
                              uint64_t cs, uint64_t flags)
{
    uint64_t at = sp;
    bool ok = guest_range_ok(sp, 12 * sizeof(uint64_t));

    guest_access_begin();
    ok = ok && guest_store_word(at, regs->rcx) && guest_store_word(at + 8, regs->r11);
    at += 16;
    if (b->has_error) {
        ok = ok && guest_store_word(at, b->error_code);
        at += 8;
    }
    for (unsigned int i = 0; unlikely(b->selectors != NULL) && i < 4; i++, at += 8)
        ok = ok && guest_store_word(at, b->selectors[i]);
    ok = ok && guest_store_word(at, regs->rip) && guest_store_word(at + 8, cs) &&
         guest_store_word(at + 16, flags) && guest_store_word(at + 24, regs->rsp) &&
         guest_store_word(at + 32, (uint16_t)regs->ss);
    guest_access_end();
    return ok;
}

static inline void bounce(struct cpu_user_regs *regs, const struct bounce *b)
{
    struct vcpu *v = current;
    bool from_user = !v->arch.pv.in_kernel;
    uint8_t mask = v->info->evtchn_upcall_mask;

    if (unlikely(!b->eip)) {
        domain_crash(v->domain, "has no handler for what it ran into (vector %u, error %x)",
                     regs->entry_vector & 0xff, regs->error_code);
        return;
    }
    uint64_t cs = (uint64_t)(uint16_t)(from_user ? regs->cs : regs->cs & ~3) | (uint64_t)mask << 32;
    uint64_t sp = from_user ? v->arch.pv.kernel_sp : regs->rsp & ~15UL;
    if (from_user)
        pv_toggle_mode(v);
    sp -= (7 + (b->has_error ? 1 : 0) + (b->selectors ? 4 : 0)) * sizeof(uint64_t);
    if (unlikely(!push_frame(sp, regs, b, cs, flags_for_guest(v, regs->rflags, mask)))) {
        domain_crash(v->domain, "cannot be entered: its kernel stack at %016lx cannot be written",
                     sp);
        return;
    }
    if (b->mask_events)
        v->info->evtchn_upcall_mask = 1;
    regs->rip = b->eip;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rsp = sp;
    regs->rflags &= ~(FLAGS_TF | FLAGS_NT | FLAGS_RF | FLAGS_VM | FLAGS_AC);
    regs->entry_vector = MAY_SYSRET;
}

static bool vector_has_error(unsigned int vector)
{
    return vector == VEC_DF || (vector >= VEC_TS && vector <= VEC_PF) || vector == VEC_AC;
}

static inline void inject(struct cpu_user_regs *regs, unsigned int vector, uint32_t error_code)
{
    perf_count_of(PERF_EXCEPTIONS, vector & 31);
    const struct trap_info *t = &current->arch.pv.traps[vector];
    bounce(regs, &(struct bounce){ .eip = t->address,
                                   .mask_events = (t->flags & 4) != 0,
                                   .has_error = vector_has_error(vector),
                                   .error_code = error_code });
}

/* The address of a page fault is the one that the guest is told. */
static void cold trace_and_inject(struct cpu_user_regs *regs, unsigned int vector,
                                  uint32_t error_code)
{
    if (vector == VEC_PF)
        trace_page_fault(regs->rip, current->info->arch.cr2, error_code);
    else
        trace_trap(regs->rip, vector, vector_has_error(vector), error_code);
    inject(regs, vector, error_code);
}

void pv_inject_exception(struct cpu_user_regs *regs, unsigned int vector, uint32_t error_code)
{
    if (trace_enabled())
        trace_and_inject(regs, vector, error_code);
    else
        inject(regs, vector, error_code);
}

void pv_inject_page_fault(struct cpu_user_regs *regs, uint32_t error_code, uint64_t address)
{
    struct vcpu *v = current;

    v->info->arch.cr2 = address;
    /* The guest's kernel is a user to the processor; what it sees must be its own view. */
    error_code = v->arch.pv.in_kernel ? error_code & ~(uint32_t)PF_USER : error_code | PF_USER;
    pv_inject_exception(regs, VEC_PF, error_code);
}

void pv_nmi_send(struct vcpu *v)
{
    v->arch.nmi_pending = true;
    v->arch.async_pending = true;
    v->arch.pv.slow_entry = true;
    vcpu_unblock(v);
    arch_vcpu_kick(v);
}

void pv_deliver_pending(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (unlikely(v->arch.async_pending)) {
        v->arch.async_pending = false;
        if (v->arch.nmi_pending && !v->arch.nmi_masked && v->domain->arch.nmi_callback) {
            v->arch.nmi_pending = false;
            v->arch.nmi_masked = true;
            pv_update_slow_entry(v);
            bounce(regs,
                   &(struct bounce){ .eip = v->domain->arch.nmi_callback, .mask_events = true });
            return;
        }
    }
    if (v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask)
        bounce(regs, &(struct bounce){ .eip = v->arch.pv.event.eip, .mask_events = true });
}

void pv_syscall_from_user(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (!v->arch.pv.syscall_eip) {
        pv_inject_exception(regs, VEC_UD, 0);
        return;
    }
    bounce(regs, &(struct bounce){ .eip = v->arch.pv.syscall_eip,
                                   .mask_events = v->arch.pv.syscall_masks_events });
}

void pv_syscall32_from_user(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (!v->arch.pv.syscall32.eip) {
        pv_inject_exception(regs, VEC_UD, 0);
        return;
    }
    bounce(regs, &(struct bounce){ .eip = v->arch.pv.syscall32.eip,
                                   .mask_events = v->arch.pv.syscall32.mask_events });
}

/* Its kernel has no business here, and without a callback nobody else either.  Neither rip nor rsp
 * is known. */
void pv_sysenter_from_user(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (v->arch.pv.in_kernel || !v->arch.pv.sysenter.eip) {
        if (v->arch.pv.in_kernel) {
            regs->cs = FLAT_KERNEL_CS;
            regs->rsp = v->arch.pv.kernel_sp;
        }
        pv_inject_exception(regs, VEC_GP, 0);
        return;
    }
    bounce(regs, &(struct bounce){ .eip = v->arch.pv.sysenter.eip,
                                   .mask_events = v->arch.pv.sysenter.mask_events });
}

void pv_failsafe(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    uint64_t selectors[4];

    if (!v->arch.pv.failsafe.eip) {
        domain_crash(
            v->domain,
            "iret or a segment load failed (cs %04x rip %016lx ss %04x) and it has no failsafe "
            "callback",
            regs->cs, regs->rip, regs->ss);
        return;
    }
    cpu_read_data_selectors(selectors);
    bounce(regs, &(struct bounce){ .eip = v->arch.pv.failsafe.eip, .selectors = selectors,
                                   .mask_events = v->arch.pv.failsafe.mask_events });
}

/* HYPERVISOR_iret, whatever the fast path did not take. */
long do_iret(void)
{
    struct vcpu *v = current;
    struct cpu_user_regs *regs = guest_regs();
    struct iret_context c;

    if (copy_from_guest_va(&c, regs->rsp, sizeof(c))) {
        domain_crash(v->domain, "iret with its stack at %016lx unreadable", regs->rsp);
        return 0;
    }
    if ((c.cs & 3) == 3) {
        if (mfn_eq(v->arch.pv.user_table, INVALID_MFN)) {
            domain_crash(v->domain, "iret to user mode without a user page table");
            return 0;
        }
        pv_toggle_mode(v);
    }
    if (test_bit(VMASST_TYPE_architectural_iopl, &v->domain->vm_assist))
        v->arch.pv.iopl = (c.rflags & FLAGS_IOPL) >> 12;
    regs->rip = c.rip;
    regs->cs = (uint16_t)(c.cs | 3);
    regs->ss = (uint16_t)(c.ss | 3);
    regs->rsp = c.rsp;
    regs->rflags = (c.rflags & ~(FLAGS_IOPL | FLAGS_VM | FLAGS_NT | FLAGS_VIF | FLAGS_VIP)) |
                   FLAGS_IF | FLAGS_MBS;
    regs->rcx = c.rcx;
    regs->r11 = c.r11;
    regs->entry_vector = 0;
    if ((c.flags & VGCF_in_syscall) && (uint16_t)c.cs == FLAT_USER_CS64) {
        regs->rcx = c.rip;
        regs->r11 = regs->rflags;
        regs->entry_vector = MAY_SYSRET;
    }
    v->info->evtchn_upcall_mask = !(c.rflags & FLAGS_IF);
    if (v->arch.nmi_masked) {
        v->arch.nmi_masked = false;
        v->arch.async_pending = v->arch.nmi_pending;
        pv_update_slow_entry(v);
    }
    return (long)c.rax;
}
