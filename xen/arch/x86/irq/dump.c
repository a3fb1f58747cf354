/* SPDX-License-Identifier: GPL-2.0-only */
/* Debug keys about interrupts: i lines and guests, N counts of NMIs, n one NMI for the boot CPU. */
#include <x86/cpu.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/irq.h>
#include <xen/printk.h>

#include "private.h"

static void dump_line(struct irq_desc *desc)
{
    static const char *const actions[] = { "free", "ours", "guest" };
    struct pirq *p;
    spin_lock_irq(&desc->lock);
    if (desc->chip && (desc->action != IRQ_FREE || desc->count)) {
        log_always(" IRQ %4u vec %02x cpu %u %-8s %s%s %s %s count %lu eoi due %u\n", desc->irq,
                   desc->vector, desc->cpu, desc->chip->name, desc->level ? "level" : "edge",
                   desc->masked ? " masked" : "", actions[desc->action],
                   desc->action == IRQ_OURS ? desc->name : "", desc->count, desc->eoi_due);
        list_for_each_entry(p, &desc->guests, link) {
            log_always("      d%u pirq %u port %u%s\n", p->domain->id, p->number, p->port,
                       p->eoi_due ? " eoi due" : "");
        }
    }
    spin_unlock_irq(&desc->lock);
}

void pirq_dump(void)
{
    log_always("Interrupt lines in use:\n");
    for (unsigned int irq = 0; irq < irq_line_count; irq++)
        dump_line(irq_to_desc(irq));
    log_always("Spurious: %lu APIC, %lu 8259; vectors without a line: %lu; APIC errors: %lu\n",
               irq_statistics.spurious_lapic, irq_statistics.spurious_8259,
               irq_statistics.unowned_vector, irq_statistics.lapic_errors);
}

static void key_lines(unsigned char key)
{
    pirq_dump();
}

static void key_nmi_counts(unsigned char key)
{
    log_always("CPU\tNMI\n");
    for_each_online_cpu(cpu)
        log_always("%3u\t%3u\n", cpu, per_cpu(nmi_count, cpu));
}

static void key_nmi(unsigned char key)
{
    log_always("'%c' pressed -> triggering an NMI on CPU 0\n", key);
    lapic_send(cpu_apic_id[0], LAPIC_ICR_NMI);
}

init_text void dump_init(void)
{
    key_register('i', key_lines, "dump interrupt bindings");
    key_register('N', key_nmi_counts, "NMI statistics");
    key_register('n', key_nmi, "trigger an NMI");
}
