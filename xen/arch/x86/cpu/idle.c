/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for an interrupt, and stopping for good. */
#include <asm/insn.h>
#include <asm/regs.h>
#include <x86/cpu.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/softirq.h>

/* Intel's processors wait better by MWAIT, in C1: deeper states may stop the timer. */
static bool has_mwait;
static bool opt_mwait = true;
OPTION_BOOL(mwait_idle, "mwait-idle", opt_mwait);

#define CPUID5_BREAKS 3                 /* ECX: hints are understood; interrupts end it when off */

void init_text idle_init(void)
{
    const struct cpu_features *f = &cpu_features;
    /* QEMU's interpreter takes MWAIT for a short pause. */
    has_mwait = opt_mwait && f->intel && !f->under_tcg && (f->leaf1_ecx & (1u << 3)) &&
                cpuid(0, 0).eax >= 5 && (cpuid(5, 0).ecx & CPUID5_BREAKS) == CPUID5_BREAKS;
    if (has_mwait)
        log_info("idle: by MWAIT\n");
}

/* Interrupts are off until it is over; who raises a softirq here sends one all the same. */
static void wait_by_mwait(const uint32_t *pending)
{
    monitor(pending);
    if (!read_once(*pending))
        mwait(0, 1);
    sti();
}

void arch_idle(void)
{
    /* Back from there, work may wait that nobody sends an interrupt for. */
    if (unlikely(cpu_park_if_wanted()))
        sti();
    else if (has_mwait)
        wait_by_mwait(&this_cpu(softirq_pending));
    else
        sti_hlt();
}

bool arch_irqs_enabled(void) { return read_flags() & FLAGS_IF; }
void arch_irq_disable(void) { cli(); }
void arch_irq_enable(void) { sti(); }

unsigned long arch_irq_save(void)
{
    unsigned long flags = read_flags();
    cli();
    return flags;
}

void arch_irq_restore(unsigned long flags)
{
    if (flags & FLAGS_IF)
        sti();
    else
        cli();
}
