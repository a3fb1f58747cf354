/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two old interrupt controllers.
 *
 * With an I/O APIC they are remapped, so that a spurious interrupt lands on a vector we know, and
 * masked for good.  With `noapic` they serve lines 0..15 on vectors 0x20..0x2f of the boot CPU, by
 * way of its LINT0.  Lock: the line's for its mask bit; i8259_lock for the ports.
 */
#include <xen/smp.h>

#include "private.h"

#define PIC1_COMMAND    0x20
#define PIC1_DATA       0x21
#define PIC2_COMMAND    0xa0
#define PIC2_DATA       0xa1
#define ICW1_INIT       0x11
#define ICW4_8086       0x01
#define CASCADE_IRQ     2
#define EOI_SPECIFIC    0x60
#define READ_ISR        0x0b
#define ELCR1           0x4d0           /* edge or level, a bit per input */

static DEFINE_SPINLOCK(i8259_lock, LOCK_IOAPIC);
static uint16_t mask_bits = 0xffff;

static void write_masks(void)
{
    outb((uint8_t)mask_bits, PIC1_DATA);
    outb((uint8_t)(mask_bits >> 8), PIC2_DATA);
}

static void i8259_mask(struct irq_desc *desc)
{
    spin_lock(&i8259_lock);
    desc->masked = true;
    mask_bits |= (uint16_t)(1u << desc->irq);
    write_masks();
    spin_unlock(&i8259_lock);
}

static void i8259_unmask(struct irq_desc *desc)
{
    spin_lock(&i8259_lock);
    desc->masked = false;
    mask_bits &= (uint16_t)~(1u << desc->irq);
    write_masks();
    spin_unlock(&i8259_lock);
}

static void i8259_ack(struct irq_desc *desc)
{
    spin_lock(&i8259_lock);
    if (desc->irq >= 8) {
        outb((uint8_t)(EOI_SPECIFIC | (desc->irq - 8)), PIC2_COMMAND);
        outb(EOI_SPECIFIC | CASCADE_IRQ, PIC1_COMMAND);
    } else {
        outb((uint8_t)(EOI_SPECIFIC | desc->irq), PIC1_COMMAND);
    }
    spin_unlock(&i8259_lock);
}

static const struct irq_chip i8259_chip = {
    .name = "8259",
    .mask = i8259_mask,
    .unmask = i8259_unmask,
    .ack = i8259_ack,
};

/* Inputs 7 and 15 also speak when a request went away; then nothing is in service. */
bool i8259_is_spurious(unsigned int irq)
{
    if (irq != 7 && irq != 15)
        return false;
    spin_lock(&i8259_lock);
    uint16_t port = irq == 7 ? PIC1_COMMAND : PIC2_COMMAND;
    outb(READ_ISR, port);
    bool in_service = inb(port) & 0x80;
    if (!in_service && irq == 15) {
        outb(EOI_SPECIFIC | CASCADE_IRQ, PIC1_COMMAND);     /* the first one did see a request */
    }
    spin_unlock(&i8259_lock);
    return !in_service;
}

init_text void i8259_init(void)
{
    outb(0xff, PIC1_DATA);
    outb(0xff, PIC2_DATA);
    outb(ICW1_INIT, PIC1_COMMAND);
    outb(VECTOR_I8259, PIC1_DATA);
    outb(1 << CASCADE_IRQ, PIC1_DATA);
    outb(ICW4_8086, PIC1_DATA);
    outb(ICW1_INIT, PIC2_COMMAND);
    outb(VECTOR_I8259 + 8, PIC2_DATA);
    outb(CASCADE_IRQ, PIC2_DATA);
    outb(ICW4_8086, PIC2_DATA);
    write_masks();
}

init_text void i8259_wire(struct irq_desc *desc)
{
    uint16_t levels = (uint16_t)(inb(ELCR1) | inb(ELCR1 + 1) << 8);
    desc->chip = &i8259_chip;
    desc->level = levels >> desc->irq & 1;
    desc->trigger_known = true;
    desc->masked = true;
    desc->vector = (uint8_t)(VECTOR_I8259 + desc->irq);
    if (mask_bits & (1u << CASCADE_IRQ)) {
        mask_bits &= (uint16_t)~(1u << CASCADE_IRQ);
        write_masks();
    }
}
