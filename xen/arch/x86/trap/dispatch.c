/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions, vector by vector.
 *
 * From a guest: what we can do for it is done (privileged instruction, page-table write, LDT page);
 * anything else is its own kernel's affair.  From the hypervisor: an instruction with an entry in
 * the exception table, a guest's bad iret frame, or a bug of ours.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/irq.h>
#include <x86/mm.h>
#include <x86/pv.h>
#include <x86/trap.h>
#include <xen/domain.h>
#include <xen/perf.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include "private.h"

static void page_fault(struct cpu_user_regs *regs)
{
    uint64_t address = read_cr2();
    struct vcpu *v = current;

    sti();
    perf_count(PERF_PAGE_FAULT);
    if (unlikely(address >= PERDOMAIN_START && address < PERDOMAIN_END) &&
        !(regs->error_code & PF_USER)) {
        /* Loading a selector whose descriptor is in a window page that is not there (yet). */
        uint64_t window = address - perdomain_gdt_va(v->vcpu_id);
        if (window >= (16 << PAGE_SHIFT) && window < (32 << PAGE_SHIFT) &&
            pv_map_ldt_page(window - (16 << PAGE_SHIFT), regs))
            return;
        if (window < (32 << PAGE_SHIFT)) {
            pv_inject_exception(
                regs, VEC_GP, (uint32_t)(window & 0xfff8) | (window >= (16 << PAGE_SHIFT) ? 4 : 0));
            return;
        }
    }
    if ((regs->error_code & (PF_PRESENT | PF_WRITE | PF_RESERVED)) == (PF_PRESENT | PF_WRITE) &&
        v->arch.pv.in_kernel && pv_emulate_table_write(regs, address))
        return;
    pv_inject_page_fault(regs, regs->error_code, address);
}

static bool emulate_privileged(struct cpu_user_regs *regs)
{
    uint64_t rip = regs->rip;

    if (!pv_emulate_privileged(regs))
        return false;
    trace_emulated(TRC_PV_EMULATE_PRIVOP, rip);
    perf_count(PERF_PRIVILEGED);
    return true;
}

static void general_protection(struct cpu_user_regs *regs)
{
    sti();
    if (regs->error_code & 2) {
        /* INT n through a gate that is not the guest's to use: its own table decides.  TCG shifts
         * one bit too far. */
        unsigned int vector = (uint16_t)regs->error_code >> (cpu_features.under_tcg ? 4 : 3) & 0xff;
        const struct trap_info *t = &current->arch.pv.traps[vector];
        unsigned int dpl = current->arch.pv.in_kernel ? 1 : 3;     /* the kernel counts as ring 1 */
        if (t->address && (t->flags & 3) >= dpl) {
            regs->rip += 2;
            pv_inject_exception(regs, vector, 0);
            return;
        }
        pv_inject_exception(regs, VEC_GP, vector << 3 | 2);
        return;
    }
    if (!regs->error_code && emulate_privileged(regs))
        return;
    pv_inject_exception(regs, VEC_GP, regs->error_code);
}

static void invalid_opcode(struct cpu_user_regs *regs)
{
    sti();
    uint64_t rip = regs->rip;
    if (pv_emulate_forced_cpuid(regs)) {
        trace_emulated(TRC_PV_FORCED_INVALID_OP, rip);
        return;
    }
    if (emulate_privileged(regs))
        return;
    pv_inject_exception(regs, VEC_UD, 0);
}

static void device_not_available(struct cpu_user_regs *regs)
{
    /* Only when the guest set CR0.TS by fpu_taskswitch; the ABI clears it with the exception. */
    clts();
    current->arch.pv.cr0_ts = 0;
    sti();
    pv_inject_exception(regs, VEC_NM, 0);
}

static void debug_exception(struct cpu_user_regs *regs)
{
    unsigned long dr6 = read_dr6();
    write_dr6(0xffff0ff0);
    current->arch.pv.dr6 = (current->arch.pv.dr6 & ~0xfUL) | (dr6 & 0xe00fUL);
    sti();
    pv_inject_exception(regs, VEC_DB, 0);
}

void trap_from_guest(struct cpu_user_regs *regs)
{
    assert_guest_access_closed();
    switch (regs->entry_vector) {
    case VEC_PF: page_fault(regs); return;
    case VEC_GP: general_protection(regs); return;
    case VEC_UD: invalid_opcode(regs); return;
    case VEC_NM: device_not_available(regs); return;
    case VEC_DB: debug_exception(regs); return;
    case VEC_NMI: nmi_handle(regs); return;
    case VEC_MC: mce_handle(regs); return;
    case VEC_DF: panic("CPU%u: double fault out of a guest\n", smp_cpu());
    default:
        sti();
        pv_inject_exception(regs, regs->entry_vector, regs->error_code);
    }
}

extern const char iret_to_guest[];

/* The processor refused the guest's iret frame.  What it pushed overlies our copy of the guest's
 * registers, so they are put together from both before anything else. */
static void noreturn bad_iret(const struct cpu_user_regs *fault)
{
    struct cpu_user_regs *g = guest_regs();
    struct cpu_user_regs copy = *fault;

    copy.rip = g->rip;
    copy.cs = g->cs;
    copy.rflags = g->rflags;
    copy.rsp = g->rsp;
    copy.ss = g->ss;
    memcpy(g, &copy, offsetof(struct cpu_user_regs, es));
    g->entry_vector = 0;
    sti();
    pv_failsafe(g);
    resume_guest();
}

static void noreturn die(const struct cpu_user_regs *regs)
{
    static const char *const names[] = {
        "divide error",
        "debug",
        "NMI",
        "breakpoint",
        "overflow",
        "bound",
        "invalid opcode",
        "no FPU",
        "double fault",
        "coprocessor",
        "invalid TSS",
        "segment not present",
        "stack fault",
        "general protection",
        "page fault",
        "15",
        "FPU error",
        "alignment check",
        "machine check",
        "SIMD error",
    };
    unsigned int vector = regs->entry_vector;
    const char *name =
        vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "unexpected exception";

    if (vector == VEC_PF)
        log_always("Page fault at %016lx, CR3 %016lx\n", read_cr2(), read_cr3());
    dump_registers(regs);
    dump_stack_trace(regs);
    panic("CPU%u: %s in the hypervisor, error code %04x\n", smp_cpu(), name, regs->error_code);
}

void trap_from_hypervisor(struct cpu_user_regs *regs)
{
    uint64_t fixup;

    assert_guest_access_closed();
    switch (regs->entry_vector) {
    case VEC_NMI: nmi_handle(regs); return;
    case VEC_MC: mce_handle(regs); return;
    case VEC_DF: die(regs);
    case VEC_DB: write_dr6(0xffff0ff0); regs->rflags &= ~(uint64_t)FLAGS_TF; return;
    }
    if (unlikely(regs->rip == (uint64_t)iret_to_guest))
        bad_iret(regs);
    if (regs->entry_vector == VEC_PF) {
        uint64_t address = read_cr2(), window = address - perdomain_gdt_va(current->vcpu_id);
        /* Loading a guest's selector at a vcpu switch touches its LDT. */
        if (!current->is_idle && address >= PERDOMAIN_START && address < PERDOMAIN_END &&
            window >= (16 << PAGE_SHIFT) && window < (32 << PAGE_SHIFT) &&
            pv_map_ldt_page(window - (16 << PAGE_SHIFT), regs))
            return;
    }
    fixup = extable_find(regs->rip);
    if (!fixup)
        die(regs);
    /* A write to a guest's buffer may meet a page table that the guest maps read-only: that is its
     * error. */
    regs->rip = fixup;
}
