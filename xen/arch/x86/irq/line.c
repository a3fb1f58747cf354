/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt lines: who uses one, and what happens when it fires.
 *
 *     FREE --irq_request--> OURS --irq_release--> FREE
 *     FREE --first guest attaches--> GUEST --last one detaches--> FREE
 *
 * A FREE line is masked.  A level line is masked from firing until every guest that was told has
 * answered (eoi_due).  A line keeps its (cpu, vector) pair when it becomes free; only MSI lines
 * give theirs back.  Lock: desc->lock, held while guests are told, so that after a detach no event
 * follows.
 */
#include <lib/bitmap.h>
#include <xen/arch.h>
#include <xen/atomic.h>
#include <xen/event.h>
#include <xen/heap.h>
#include <xen/irq.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>
#include <xen/time.h>
#include <xen/trace.h>

#include "private.h"

#define MAX_LINES 8192

static struct irq_desc *lines read_mostly;
unsigned int irq_gsi_count read_mostly;
unsigned int irq_line_count read_mostly;

/* Lines move when a guest asks and at no other time, so there is no balancing to switch off. */
static bool opt_noirqbalance;
OPTION_BOOL(noirqbalance, "noirqbalance", opt_noirqbalance);

/* MSI lines handed out, by number above irq_gsi_count. */
static DEFINE_SPINLOCK(msi_lines_lock, LOCK_VECTOR);
static DECLARE_BITMAP(msi_lines_used, MAX_LINES);

static unsigned int opt_nr_irqs;
OPTION_UINT(nr_irqs, "nr_irqs", opt_nr_irqs);
static unsigned int opt_max_gsi_irqs;
OPTION_UINT(max_gsi, "max_gsi_irqs", opt_max_gsi_irqs);

struct irq_desc *irq_to_desc(unsigned int irq)
{
    return irq < irq_line_count ? &lines[irq] : NULL;
}

unsigned int irq_of_isa(unsigned int isa_irq)
{
    if (ioapic_in_use && isa_irq < 16 && platform.isa_override[isa_irq].present)
        return platform.isa_override[isa_irq].gsi;
    return isa_irq;
}

/* ---- Where a line goes ----------------------------------------------------------------------- */

static unsigned int choose_cpu(unsigned int wanted)
{
    if (cpu_takes_interrupts(wanted))
        return wanted;
    for_each_online_cpu(cpu) {
        if (cpu_takes_interrupts(cpu))
            return cpu;
    }
    return 0;
}

/* A pair on cpu, or failing that on any CPU. */
static uint8_t take_somewhere(struct irq_desc *desc, unsigned int n, unsigned int *cpu)
{
    *cpu = choose_cpu(*cpu);
    uint8_t vector = vector_take_block(desc, n, *cpu);
    for (unsigned int other = 0; !vector && other < cpu_count; other++) {
        if (other != *cpu && cpu_takes_interrupts(other)) {
            vector = vector_take_block(desc, n, other);
            if (vector)
                *cpu = other;
        }
    }
    return vector;
}

int irq_assign_vector(struct irq_desc *desc)
{
    if (desc->vector)
        return 0;
    unsigned int cpu = desc->wanted_cpu;
    uint8_t vector = take_somewhere(desc, 1, &cpu);
    if (!vector)
        return -ENOSPC;
    if (!desc->chip->retarget(desc, cpu, vector)) {
        vector_give(desc, cpu, vector);
        return -EBUSY;
    }
    return 0;
}

/* To wanted_cpu, if hardware and free vectors allow; else it stays, and the next firing tries. */
static void line_move(struct irq_desc *desc)
{
    if (desc->wanted_cpu == desc->cpu || desc->old_vector || !desc->chip->retarget ||
        !cpu_takes_interrupts(desc->wanted_cpu)) {
        return;
    }
    unsigned int old_cpu = desc->cpu;
    uint8_t old_vector = desc->vector;
    uint8_t vector = vector_take(desc, desc->wanted_cpu, old_vector);
    if (!vector)
        return;
    if (!desc->chip->retarget(desc, desc->wanted_cpu, vector)) {
        vector_give(desc, desc->wanted_cpu, vector);
        return;
    }
    desc->old_cpu = old_cpu;
    desc->old_vector = old_vector;
}

/* It arrived by its new pair: nothing can come by the old one that this one does not tell. */
static void line_move_done(struct irq_desc *desc, uint8_t vector)
{
    if (desc->old_vector && desc->cpu == smp_cpu() && desc->vector == vector) {
        vector_give(desc, desc->old_cpu, desc->old_vector);
        desc->old_vector = 0;
    }
}

/* An edge that came while the line was masked is lost: better one too many than that. */
static void line_poke(struct irq_desc *desc)
{
    if (desc->action == IRQ_GUEST) {
        struct pirq *p;
        list_for_each_entry(p, &desc->guests, link)
            event_send_pirq(p->domain, p->port);
    } else if (desc->action == IRQ_OURS) {
        desc->running = true;
        spin_unlock(&desc->lock);
        desc->fn((int)desc->irq, desc->arg);
        spin_lock(&desc->lock);
        desc->running = false;
    }
}

/* False: it cannot move at this moment, for hardware has not heard of the last end of interrupt. */
static bool line_leave(struct irq_desc *desc, unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    bool is_there = desc->chip && desc->vector && desc->cpu == cpu, was_masked = desc->masked;

    if (desc->wanted_cpu == cpu)
        desc->wanted_cpu = choose_cpu(cpu);
    if (is_there && desc->old_vector) {
        vector_give(desc, desc->old_cpu, desc->old_vector);
        desc->old_vector = 0;
    }
    if (is_there) {
        if (!was_masked)
            desc->chip->mask(desc);
        desc->wanted_cpu = choose_cpu(desc->wanted_cpu);
        line_move(desc);
        if (!was_masked)
            desc->chip->unmask(desc);
        is_there = desc->cpu == cpu;
        if (!is_there && !was_masked && !desc->level)
            line_poke(desc);
    }
    spin_unlock_irqrestore(&desc->lock, flags);
    return !is_there;
}

int irq_leave_cpu(unsigned int cpu)
{
    for (unsigned int irq = 0; irq < irq_line_count; irq++) {
        unsigned int tries = 0;
        while (!line_leave(&lines[irq], cpu)) {
            if (++tries == 200) {
                log_warn("irq %u: cannot leave CPU %u\n", irq, cpu);
                return -EBUSY;
            }
            udelay(1000);
        }
    }
    return 0;
}

/* Nothing comes by what it had there any more. */
void irq_left_cpu(unsigned int cpu)
{
    for (unsigned int irq = 0; irq < irq_line_count; irq++) {
        struct irq_desc *desc = &lines[irq];
        unsigned long flags = spin_lock_irqsave(&desc->lock);
        if (desc->old_vector && desc->old_cpu == cpu) {
            vector_give(desc, cpu, desc->old_vector);
            desc->old_vector = 0;
        }
        spin_unlock_irqrestore(&desc->lock, flags);
    }
}

/* ---- Firing ---------------------------------------------------------------------------------- */

/* Edge: ready for the next one before fn looks at the device.  Level: after fn has quietened it. */
static void fire_ours(struct irq_desc *desc)
{
    if (!desc->level)
        desc->chip->ack(desc);
    desc->running = true;
    spin_unlock(&desc->lock);
    desc->fn((int)desc->irq, desc->arg);
    spin_lock(&desc->lock);
    desc->running = false;
    if (desc->level)
        desc->chip->ack(desc);
}

static void fire_guests(struct irq_desc *desc)
{
    if (desc->level)
        desc->chip->mask(desc);
    desc->chip->ack(desc);
    line_move(desc);
    struct pirq *p;
    list_for_each_entry(p, &desc->guests, link) {
        if (desc->level && !p->eoi_due) {
            p->eoi_due = true;
            desc->eoi_due++;
        }
        event_send_pirq(p->domain, p->port);
    }
}

void line_fired(struct irq_desc *desc, uint8_t vector)
{
    spin_lock(&desc->lock);
    desc->count++;
    uint64_t begin = trace_enabled() ? time_ticks() : 0;
    line_move_done(desc, vector);
    switch (desc->action) {
    case IRQ_OURS:
        fire_ours(desc);
        break;
    case IRQ_GUEST:
        fire_guests(desc);
        break;
    default:                            /* it had left before it was masked */
        if (desc->chip)
            desc->chip->ack(desc);
        else
            lapic_eoi();
        break;
    }
    if (trace_enabled())
        trace_3(TRC_HW_IRQ_HANDLED, desc->irq, (uint32_t)begin, (uint32_t)time_ticks());
    spin_unlock(&desc->lock);
}

/* ---- Our own use ----------------------------------------------------------------------------- */

int irq_request(unsigned int irq, void (*fn)(int irq, void *arg), void *arg, const char *name)
{
    struct irq_desc *desc = irq_to_desc(irq);
    if (!desc)
        return -EINVAL;
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    int rc = !desc->chip ? -ENODEV : desc->action != IRQ_FREE ? -EBUSY : 0;
    if (!rc)
        rc = irq_assign_vector(desc);
    if (!rc) {
        desc->action = IRQ_OURS;
        desc->fn = fn;
        desc->arg = arg;
        desc->name = name;
        desc->chip->unmask(desc);
    }
    spin_unlock_irqrestore(&desc->lock, flags);
    return rc;
}

void irq_release(unsigned int irq)
{
    struct irq_desc *desc = irq_to_desc(irq);
    if (!desc || desc->action != IRQ_OURS)
        return;
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    desc->chip->mask(desc);
    desc->action = IRQ_FREE;
    spin_unlock_irqrestore(&desc->lock, flags);
    while (read_once(desc->running))
        cpu_relax();
}

/* ---- Guests' use ----------------------------------------------------------------------------- */

static int attach_check(const struct irq_desc *desc, bool may_share)
{
    if (!desc->chip)
        return -ENODEV;
    if (desc->action == IRQ_OURS)
        return -EBUSY;
    return desc->action == IRQ_GUEST && !(desc->shareable && may_share) ? -EBUSY : 0;
}

int line_guest_attach(struct irq_desc *desc, struct pirq *p, unsigned int cpu, bool may_share)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    int rc = attach_check(desc, may_share);
    bool is_first = desc->action == IRQ_FREE;
    if (!rc && is_first) {
        desc->wanted_cpu = cpu;
        rc = irq_assign_vector(desc);
    }
    if (!rc) {
        p->eoi_due = false;
        list_add_tail(&p->link, &desc->guests);
        desc->nr_guests++;
    }
    if (!rc && is_first) {
        desc->action = IRQ_GUEST;
        desc->shareable = may_share;
        desc->eoi_due = 0;
        line_move(desc);
        desc->chip->unmask(desc);
    }
    spin_unlock_irqrestore(&desc->lock, flags);
    return rc;
}

static void answer(struct irq_desc *desc, struct pirq *p)
{
    if (!p->eoi_due)
        return;
    p->eoi_due = false;
    if (--desc->eoi_due == 0)
        desc->chip->unmask(desc);
}

void line_guest_detach(struct irq_desc *desc, struct pirq *p)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    list_del(&p->link);
    if (--desc->nr_guests == 0) {
        desc->chip->mask(desc);
        desc->action = IRQ_FREE;
        desc->eoi_due = 0;
        p->eoi_due = false;
    } else {
        answer(desc, p);
    }
    spin_unlock_irqrestore(&desc->lock, flags);
}

void line_guest_eoi(struct irq_desc *desc, struct pirq *p)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    answer(desc, p);
    spin_unlock_irqrestore(&desc->lock, flags);
}

void line_guest_affinity(struct irq_desc *desc, unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    desc->wanted_cpu = cpu;
    if (desc->masked && desc->action == IRQ_GUEST)
        line_move(desc);
    spin_unlock_irqrestore(&desc->lock, flags);
}

int irq_setup_gsi(unsigned int gsi, bool level, bool active_low)
{
    struct irq_desc *desc = gsi < irq_gsi_count ? irq_to_desc(gsi) : NULL;
    if (!desc || !desc->chip)
        return -EINVAL;
    int rc = 0;
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    if (desc->level != level || desc->active_low != active_low) {
        rc = desc->action == IRQ_FREE ? 0 : -EBUSY;
        if (!rc && ioapic_in_use) {
            desc->level = level;
            desc->active_low = active_low;
            ioapic_program(desc);
        }
    }
    desc->trigger_known |= !rc;
    spin_unlock_irqrestore(&desc->lock, flags);
    return rc;
}

/* ---- Lines for MSIs -------------------------------------------------------------------------- */

static int numbers_take(unsigned int n)
{
    unsigned int count = irq_line_count - irq_gsi_count, run = 0;
    int found = -ENOSPC;
    unsigned long flags = spin_lock_irqsave(&msi_lines_lock);
    for (unsigned int i = 0; i < count && found < 0; i++) {
        run = bitmap_test(msi_lines_used, i) ? 0 : run + 1;
        if (run == n) {
            found = (int)(i + 1 - n);
            bitmap_set_range(msi_lines_used, (unsigned int)found, n);
        }
    }
    spin_unlock_irqrestore(&msi_lines_lock, flags);
    return found < 0 ? found : found + (int)irq_gsi_count;
}

static void numbers_give(unsigned int first, unsigned int n)
{
    unsigned long flags = spin_lock_irqsave(&msi_lines_lock);
    bitmap_clear_range(msi_lines_used, first - irq_gsi_count, n);
    spin_unlock_irqrestore(&msi_lines_lock, flags);
}

int irq_alloc_msi_lines(unsigned int n, const struct irq_chip *chip)
{
    int first = numbers_take(n);
    if (first < 0)
        return first;
    unsigned int cpu = smp_cpu();
    uint8_t vector = take_somewhere(&lines[first], n, &cpu);
    if (!vector) {
        numbers_give((unsigned int)first, n);
        return -ENOSPC;
    }
    for (unsigned int i = 0; i < n; i++) {
        struct irq_desc *desc = &lines[(unsigned int)first + i];
        unsigned long flags = spin_lock_irqsave(&desc->lock);
        desc->chip = chip;
        desc->level = desc->active_low = false;
        desc->trigger_known = desc->masked = true;
        desc->cpu = desc->wanted_cpu = cpu;
        desc->vector = (uint8_t)(vector + i);
        desc->old_vector = 0;
        desc->count = 0;
        spin_unlock_irqrestore(&desc->lock, flags);
    }
    return first;
}

void irq_free_msi_lines(unsigned int first, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        struct irq_desc *desc = &lines[first + i];
        unsigned long flags = spin_lock_irqsave(&desc->lock);
        vector_give(desc, desc->cpu, desc->vector);
        if (desc->old_vector)
            vector_give(desc, desc->old_cpu, desc->old_vector);
        desc->vector = desc->old_vector = 0;
        desc->chip = NULL;
        desc->msi = NULL;
        spin_unlock_irqrestore(&desc->lock, flags);
    }
    numbers_give(first, n);
}

/* ---- Boot ------------------------------------------------------------------------------------ */

/* Room for every GSI and for as many MSIs as a few CPUs have vectors. */
static init_text void count_lines(void)
{
    irq_gsi_count = ioapic_in_use ? ioapic_gsi_end() : 16;
    if (opt_max_gsi_irqs >= 16 && opt_max_gsi_irqs < irq_gsi_count)
        irq_gsi_count = opt_max_gsi_irqs;
    unsigned int cpus = cpu_count < 16 ? cpu_count : 16;
    irq_line_count = opt_nr_irqs ? opt_nr_irqs : irq_gsi_count + 256 + 64 * cpus;
    if (irq_line_count < irq_gsi_count + 32)
        irq_line_count = irq_gsi_count + 32;
    if (irq_line_count > MAX_LINES)
        irq_line_count = MAX_LINES;
}

static init_text void wire(struct irq_desc *desc)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    if (ioapic_in_use)
        ioapic_wire(desc);
    else
        i8259_wire(desc);
    spin_unlock_irqrestore(&desc->lock, flags);
}

init_text void irq_init(void)
{
    i8259_init();
    ioapic_init();
    count_lines();
    lines = new_array(struct irq_desc, irq_line_count);
    if (!lines)
        panic("irq: no memory for %u interrupt lines\n", irq_line_count);
    for (unsigned int irq = 0; irq < irq_line_count; irq++) {
        spin_lock_init(&lines[irq].lock, LOCK_IRQ_DESC);
        list_init(&lines[irq].guests);
        lines[irq].irq = irq;
        lines[irq].masked = true;
        if (irq < irq_gsi_count)
            wire(&lines[irq]);
    }
    dump_init();
    log_info("irq: %u lines, %u of them GSIs, by %s\n", irq_line_count, irq_gsi_count,
             ioapic_in_use ? "IO-APIC" : "8259");
}
