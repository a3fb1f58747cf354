/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for an interrupt, and stopping for good. */
#include <asm/insn.h>
#include <asm/regs.h>
#include <x86/cpu.h>
#include <xen/arch.h>

void arch_idle(void)
{
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
