/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the interrupt room know of each other. */
#ifndef IRQ_PRIVATE_H
#define IRQ_PRIVATE_H

#include <x86/irq.h>
#include <xen/smp.h>

/* A domain's interrupt: which line, and which port it taps. */
struct pirq {
    struct list_head link;              /* in desc->guests while bound: desc->lock */
    struct domain *domain;
    struct irq_desc *desc;              /* NULL: the number is only reserved */
    uint32_t number;
    uint32_t port;                      /* 0: not bound */
    bool eoi_due;                       /* the domain was told and has not answered: desc->lock */
};

/* vectors.c: (cpu, vector) pairs. */
struct irq_desc *vector_lookup(unsigned int vector);            /* of this CPU */
/* A pair for desc on cpu, `prefer` if it is free (0: any).  0: that CPU has none left. */
uint8_t vector_take(struct irq_desc *desc, unsigned int cpu, uint8_t prefer);
/* n pairs for n descriptors in a row, aligned to n, on one CPU: the first vector, or 0. */
uint8_t vector_take_block(struct irq_desc *first, unsigned int n, unsigned int cpu);
void vector_give(struct irq_desc *desc, unsigned int cpu, uint8_t vector);
bool cpu_takes_interrupts(unsigned int cpu);

/* line.c: guests' side of a line.  All take desc->lock themselves. */
int line_guest_attach(struct irq_desc *desc, struct pirq *p, unsigned int cpu, bool may_share);
void line_guest_detach(struct irq_desc *desc, struct pirq *p);
void line_guest_eoi(struct irq_desc *desc, struct pirq *p);
void line_guest_affinity(struct irq_desc *desc, unsigned int cpu);
void line_fired(struct irq_desc *desc, uint8_t vector);

/* ioapic.c */
extern bool ioapic_in_use;              /* false: `noapic`, or there is none */
void ioapic_init(void);
unsigned int ioapic_gsi_end(void);      /* first number that is no GSI; after ioapic_init */
void ioapic_wire(struct irq_desc *desc);    /* boot: chip, trigger; desc->irq is a GSI */
void ioapic_program(struct irq_desc *desc); /* trigger or polarity changed */

/* i8259.c */
void i8259_init(void);                  /* remaps and masks everything */
void i8259_wire(struct irq_desc *desc); /* instead of an I/O APIC */
bool i8259_is_spurious(unsigned int irq);

/* ipi.c, nmi_watchdog.c */
bool ipi_stop_arrived(void);            /* from the NMI handler */
bool nmi_watchdog_tick(struct cpu_user_regs *regs);

/* dump.c */
void dump_init(void);

/* Things that only happen on a machine or by a guest that is wrong; counted for key 'i'. */
struct irq_statistics {
    uint64_t spurious_lapic, spurious_8259, unowned_vector, lapic_errors;
};
extern struct irq_statistics irq_statistics;

DECLARE_PER_CPU(uint32_t, nmi_count);

#endif
