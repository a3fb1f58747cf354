/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which line owns which (cpu, vector), and what to do when a vector arrives.
 *
 * A pair belongs to at most one line.  A line owns one pair, and while it moves to another CPU also
 * the one it came from.  Lock: vector_lock for giving and taking; readers on the CPU itself look
 * without it, for a stale answer is only a spurious interrupt.
 */
#include <x86/cpu.h>
#include <xen/assert.h>
#include <xen/atomic.h>
#include <xen/printk.h>

#include "private.h"

#define GUEST_TRAP_FIRST    0x80        /* int 0x80 and 0x82 are guests' */
#define GUEST_TRAP_LAST     0x82
#define VECTORS             256

static DEFINE_SPINLOCK(vector_lock, LOCK_VECTOR);
DEFINE_STATIC_PER_CPU(struct irq_desc *[VECTORS], line_of_vector);
DEFINE_STATIC_PER_CPU(uint8_t, next_vector);

struct irq_statistics irq_statistics;

struct irq_desc *vector_lookup(unsigned int vector)
{
    return read_once(this_cpu(line_of_vector)[vector]);
}

/* Without interrupt remapping a device can name 8 bits of a CPU's id. */
bool cpu_takes_interrupts(unsigned int cpu)
{
    return cpu < cpu_count && cpu_is_online(cpu) && !cpu_is_leaving(cpu) &&
           cpu_apic_id[cpu] < 0xff;
}

static bool is_free(unsigned int cpu, unsigned int vector)
{
    return vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST &&
           (vector < GUEST_TRAP_FIRST || vector > GUEST_TRAP_LAST) &&
           !per_cpu(line_of_vector, cpu)[vector];
}

/* Goes round, so that neighbours land in different priority classes only by chance, but a vector
 * just given back stays unused for long. */
static uint8_t find_one(unsigned int cpu)
{
    unsigned int span = VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1;
    unsigned int start = per_cpu(next_vector, cpu);
    for (unsigned int i = 0; i < span; i++) {
        unsigned int at = (start + i) % span;
        if (is_free(cpu, VECTOR_DEVICE_FIRST + at)) {
            per_cpu(next_vector, cpu) = (uint8_t)((at + 1) % span);
            return (uint8_t)(VECTOR_DEVICE_FIRST + at);
        }
    }
    return 0;
}

uint8_t vector_take(struct irq_desc *desc, unsigned int cpu, uint8_t prefer)
{
    unsigned long flags = spin_lock_irqsave(&vector_lock);
    uint8_t vector = prefer && is_free(cpu, prefer) ? prefer : find_one(cpu);
    if (vector)
        per_cpu(line_of_vector, cpu)[vector] = desc;
    spin_unlock_irqrestore(&vector_lock, flags);
    return vector;
}

static bool is_block_free(unsigned int cpu, unsigned int base, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        if (!is_free(cpu, base + i))
            return false;
    }
    return true;
}

uint8_t vector_take_block(struct irq_desc *first, unsigned int n, unsigned int cpu)
{
    assert(n && (n & (n - 1)) == 0);
    if (n == 1)
        return vector_take(first, cpu, 0);
    uint8_t found = 0;
    unsigned long flags = spin_lock_irqsave(&vector_lock);
    for (unsigned int base = (VECTOR_DEVICE_FIRST + n - 1) & ~(n - 1);
         base + n - 1 <= VECTOR_DEVICE_LAST && !found; base += n) {
        if (is_block_free(cpu, base, n))
            found = (uint8_t)base;
    }
    for (unsigned int i = 0; found && i < n; i++)
        per_cpu(line_of_vector, cpu)[found + i] = first + i;
    spin_unlock_irqrestore(&vector_lock, flags);
    return found;
}

void vector_give(struct irq_desc *desc, unsigned int cpu, uint8_t vector)
{
    unsigned long flags = spin_lock_irqsave(&vector_lock);
    assert(per_cpu(line_of_vector, cpu)[vector] == desc);
    per_cpu(line_of_vector, cpu)[vector] = NULL;
    spin_unlock_irqrestore(&vector_lock, flags);
}

/* ---- Arrival --------------------------------------------------------------------------------- */

static void i8259_arrived(unsigned int irq)
{
    struct irq_desc *desc = irq_to_desc(irq);
    if (ioapic_in_use || i8259_is_spurious(irq) || !desc || !desc->chip) {
        irq_statistics.spurious_8259++;
        return;
    }
    line_fired(desc, (uint8_t)(VECTOR_I8259 + irq));
}

static void error_arrived(void)
{
    lapic_write(LAPIC_ESR, 0);
    uint32_t status = lapic_read(LAPIC_ESR);
    lapic_eoi();
    if (irq_statistics.lapic_errors++ < 16)
        log_warn("lapic: CPU %u: error status %#x\n", smp_cpu(), status);
}

static void device_arrived(unsigned int vector)
{
    struct irq_desc *desc = vector_lookup(vector);
    if (!desc) {
        irq_statistics.unowned_vector++;
        lapic_eoi();
        return;
    }
    line_fired(desc, (uint8_t)vector);
}

void irq_dispatch(struct cpu_user_regs *regs)
{
    unsigned int vector = (uint8_t)regs->entry_vector;
    assert_guest_access_closed();
    lock_check_irq_enter();
    switch (vector) {
    case VECTOR_LAPIC_TIMER:
        lapic_eoi();
        lapic_timer_interrupt();
        break;
    case VECTOR_CALL:
        lapic_eoi();
        ipi_call_arrived();
        break;
    case VECTOR_KICK:
        lapic_eoi();
        break;
    case VECTOR_ERROR:
        error_arrived();
        break;
    case VECTOR_SPURIOUS:
        irq_statistics.spurious_lapic++;        /* wants no EOI */
        break;
    case VECTOR_I8259 ... VECTOR_I8259 + 15:
        i8259_arrived(vector - VECTOR_I8259);
        break;
    default:
        device_arrived(vector);
        break;
    }
    lock_check_irq_exit();
}
