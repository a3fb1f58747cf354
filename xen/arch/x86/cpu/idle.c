/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for an interrupt, and stopping for good. */
#include <asm/insn.h>
#include <asm/regs.h>
#include <x86/cpu.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/boot.h>
#include <xen/options.h>
#include <xen/printk.h>
#include <xen/softirq.h>

/* Intel's processors wait better by MWAIT, in C1: deeper states may stop the timer. */
static bool has_mwait;
static bool opt_mwait = true;
OPTION_BOOL(mwait_idle, "mwait-idle", opt_mwait);

#define CPUID5_HINTS 1                  /* ECX: hints are understood */

void init_text idle_init(void)
{
    const struct cpu_features *f = &cpu_features;
    /* QEMU's interpreter takes MWAIT for a short pause if there is another CPU. */
    has_mwait = opt_mwait && f->intel && (!f->under_tcg || boot_option_text("mwait-idle")) &&
                (f->leaf1_ecx & (1u << 3)) && cpuid(0, 0).eax >= 5 &&
                (cpuid(5, 0).ecx & CPUID5_HINTS);
    if (has_mwait)
        log_info("idle: by MWAIT\n");
}

/* Interrupts come on with the wait; who raises a softirq here sends one all the same. */
static void wait_by_mwait(const uint32_t *pending)
{
    monitor(pending);
    if (!read_once(*pending))
        sti_mwait(0);
    else
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
