/* SPDX-License-Identifier: GPL-2.0-only */
/* The C life of a further processor, from its first instruction to the idle loop. */
#include <x86/cpu.h>
#include <x86/irq.h>
#include <x86/mm.h>
#include <xen/arch.h>
#include <xen/domain.h>
#include <xen/sched.h>
#include <xen/time.h>

void cpu_start_secondary(void)
{
    cpu_info()->vcpu = idle_domain->vcpu[smp_cpu()];
    cpu_init_features();
    cpu_load_tables();
    tlb_note_flush();
    mce_init_cpu();
    lapic_init_cpu();
    time_init_cpu();
    sched_init_cpu(smp_cpu());
    smp_announce();
    arch_irq_enable();
    idle_loop();
}
