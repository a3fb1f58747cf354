/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segment registers of the vcpu that runs.  Selectors are the guest's business and may be
 * unloadable by the time the vcpu comes back; then the register is null, as the ABI's failsafe path
 * expects.
 */
#include <asm/extable.h>
#include <asm/insn.h>
#include <asm/msr.h>
#include <x86/cpu.h>
#include <xen/domain.h>

#define LOAD_SELECTOR(reg) \
    static inline void load_##reg(unsigned int sel) \
    { \
        asm volatile("1: mov %0, %%" #reg "\n" \
                     "   jmp 3f\n" \
                     "2: xor %0, %0\n" \
                     "   mov %0, %%" #reg "\n" \
                     "3:\n" EXTABLE("1b", "2b") : "+r"(sel) :: "memory", "cc"); \
    } \
    static inline unsigned int read_##reg(void) \
    { \
        unsigned int sel; \
        asm volatile("mov %%" #reg ", %0" : "=r"(sel)); \
        return sel; \
    }

LOAD_SELECTOR(ds)
LOAD_SELECTOR(es)
LOAD_SELECTOR(fs)
LOAD_SELECTOR(gs)

void cpu_write_gs_base(unsigned long base)
{
    if (cpu_features.fsgsbase)
        wrgsbase(base);
    else
        wrmsr(MSR_GS_BASE, base);
}

void cpu_load_user_gs(uint16_t selector)
{
    unsigned long flags = read_flags();
    cli();
    swapgs();
    load_gs(selector);
    swapgs();
    write_flags(flags);
}

void cpu_read_data_selectors(uint64_t sel[4])
{
    sel[0] = read_ds();
    sel[1] = read_es();
    sel[2] = read_fs();
    sel[3] = read_gs();
}

void cpu_save_segments(struct vcpu *v)
{
    struct cpu_user_regs *r = &v->arch.regs;
    unsigned long active, inactive;

    r->ds = (uint16_t)read_ds();
    r->es = (uint16_t)read_es();
    r->fs = (uint16_t)read_fs();
    r->gs = (uint16_t)read_gs();
    if (cpu_features.fsgsbase) {
        v->arch.pv.fs_base = rdfsbase();
        active = rdgsbase();
        swapgs();
        inactive = rdgsbase();
        swapgs();
    } else {
        v->arch.pv.fs_base = rdmsr(MSR_FS_BASE);
        active = rdmsr(MSR_GS_BASE);
        inactive = rdmsr(MSR_SHADOW_GS_BASE);
    }
    v->arch.pv.gs_base_kernel = v->arch.pv.in_kernel ? active : inactive;
    v->arch.pv.gs_base_user = v->arch.pv.in_kernel ? inactive : active;
}

void cpu_load_segments(struct vcpu *v)
{
    const struct cpu_user_regs *r = &v->arch.regs;
    unsigned long active =
        v->arch.pv.in_kernel ? v->arch.pv.gs_base_kernel : v->arch.pv.gs_base_user;
    unsigned long inactive =
        v->arch.pv.in_kernel ? v->arch.pv.gs_base_user : v->arch.pv.gs_base_kernel;

    if (r->ds | read_ds())
        load_ds(r->ds);
    if (r->es | read_es())
        load_es(r->es);
    if (r->fs | read_fs())
        load_fs(r->fs);
    if (r->gs | read_gs())
        load_gs(r->gs);
    if (cpu_features.fsgsbase) {
        wrfsbase(v->arch.pv.fs_base);
        wrgsbase(inactive);
        swapgs();
        wrgsbase(active);
    } else {
        wrmsr(MSR_FS_BASE, v->arch.pv.fs_base);
        wrmsr(MSR_GS_BASE, active);
        wrmsr(MSR_SHADOW_GS_BASE, inactive);
    }
}
