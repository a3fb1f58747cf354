/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From one vcpu to another.
 *
 * A vcpu's registers are saved when it leaves the processor.  Its page tables, descriptor tables
 * and FPU contents stay loaded while nothing but the idle vcpu follows, so that coming back costs
 * little: `loaded` says whose they are.  A CPU is in a domain's dirty_cpus as long as it has that
 * domain's page tables loaded.
 *
 * A vcpu that goes on elsewhere may give up the top-level table that an idle CPU still has in CR3:
 * idle_on_table says which that is, and who takes a top-level table apart makes such CPUs let go of
 * it first (guest_unload_table).
 */
#include <asm/insn.h>
#include <asm/msr.h>
#include <asm/regs.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/mm.h>
#include <x86/pv.h>
#include <x86/trap.h>
#include <xen/arch.h>
#include <xen/assert.h>
#include <xen/bitops.h>
#include <xen/domain.h>
#include <xen/sched.h>

DEFINE_STATIC_PER_CPU(struct vcpu *, loaded);
/* The table that this CPU, idle, has left in CR3; 0 if it is not idle, or on idle_cr3. */
DEFINE_STATIC_PER_CPU(unsigned long, idle_on_table);
noreturn void resume_idle(void);

#define SAVED_REGS offsetof(struct cpu_user_regs, es)

static void load_debug_registers(const struct vcpu *v)
{
    if (likely(!(v->arch.pv.dr7 & 0xff)))
        return;
    asm volatile(
        "mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3" ::"r"(v->arch.pv.dr[0]),
        "r"(v->arch.pv.dr[1]), "r"(v->arch.pv.dr[2]), "r"(v->arch.pv.dr[3]));
    write_dr7(v->arch.pv.dr7);
}

static void save_state(struct vcpu *prev)
{
    memcpy(&prev->arch.regs, guest_regs(), SAVED_REGS);
    cpu_save_segments(prev);
    xstate_save(prev);
    if (unlikely(prev->arch.pv.dr7 & 0xff))
        write_dr7(0x400);
}

/* The processor must not keep using tables of a vcpu that may run elsewhere or be destroyed. */
static void leave_loaded(struct vcpu *next)
{
    struct vcpu *old = this_cpu(loaded);
    if (!old || old == next)
        return;
    if (!next || next->domain != old->domain)
        atomic_clear_bit(smp_cpu(), old->domain->dirty_cpus);
}

static void load_tables(struct vcpu *next)
{
    atomic_set_bit(smp_cpu(), next->domain->dirty_cpus);
    /* Before CR3: who changes an entry and does not see us here need not flush us. */
    write_once(next->arch.loaded_on, smp_cpu());
    /* Neither window is usable while the tables change: only our own page of descriptors. */
    cpu_set_own_gdt();
    cpu_set_ldt(0, 0);
    pv_load_cr3(next);
    leave_loaded(next);
    pv_load_descriptor_tables(next);
    if (read_cr4() != next->arch.pv.cr4_in_use)
        write_cr4(next->arch.pv.cr4_in_use);
    this_cpu(loaded) = next;
}

void arch_switch_to(struct vcpu *prev, struct vcpu *next)
{
    assert(!arch_irqs_enabled());
    if (prev != next) {
        if (!prev->is_idle)
            save_state(prev);
        cpu_info()->vcpu = next;
        if (!next->is_idle) {
            bool still_loaded = this_cpu(loaded) == next && next->arch.loaded_on == smp_cpu();
            if (!still_loaded)
                load_tables(next);
            memcpy(guest_regs(), &next->arch.regs, SAVED_REGS);
            cpu_load_segments(next);
            xstate_load(next);
            load_debug_registers(next);
            if (cpu_features.rdtscp)
                wrmsr(MSR_TSC_AUX, next->arch.tsc_aux);
            write_once(this_cpu(idle_on_table), 0);
        } else if (this_cpu(loaded)) {
            /* Seen by whoever sees that prev has left, below. */
            write_once(this_cpu(idle_on_table), read_cr3() & PTE_ADDR_MASK);
        }
        sched_switched(prev);
        if (!next->is_idle)
            arch_vcpu_time_update(next);
    }
    if (next->is_idle)
        resume_idle();
    arch_runstate_update(next);
    resume_guest();
}

/* Forget whose tables are loaded here: the idle tables instead. */
static void unload(struct vcpu *old)
{
    assert(current != old);
    cpu_set_own_gdt();
    cpu_set_ldt(0, 0);
    load_cr3(idle_cr3);
    leave_loaded(NULL);
    this_cpu(loaded) = NULL;
    write_once(this_cpu(idle_on_table), 0);
}

bool guest_unload_idle(void)
{
    struct vcpu *old = this_cpu(loaded);
    if (!old || !current->is_idle)
        return false;
    unload(old);
    return true;
}

static void unload_idle_here(void *unused)
{
    guest_unload_idle();
}

void guest_unload_table(mfn_t l4)
{
    for_each_online_cpu(cpu)
        if (unlikely(read_once(per_cpu(idle_on_table, cpu)) == mfn_to_maddr(l4).a))
            smp_call_one(cpu, unload_idle_here, NULL);
}

static void unload_domain_here(void *d)
{
    struct vcpu *old = this_cpu(loaded);
    if (old && old->domain == d)
        unload(old);
}

static void unload_vcpu_here(void *v)
{
    if (this_cpu(loaded) == v)
        unload(v);
}

void guest_unload_everywhere(struct domain *d)
{
    smp_call(d->dirty_cpus, unload_domain_here, d);
}

/* Its vcpu is paused: make sure that no CPU still has it loaded, so that its context may be
 * changed. */
void guest_unload_vcpu(struct vcpu *v)
{
    smp_call_one(v->arch.loaded_on, unload_vcpu_here, v);
}
