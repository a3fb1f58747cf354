/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O APICs: inputs numbered by GSI, each with a redirection entry.
 *
 * Entries are kept in memory too and written whole from there, so that nothing is ever read back
 * but the state bits.  Lock: ioapic_lock for the index/data registers; the line's for its entry.
 */
#include <asm/io.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <x86/mm.h>
#include <xen/console.h>
#include <xen/heap.h>
#include <xen/options.h>
#include <xen/platform.h>
#include <xen/printk.h>

#include "private.h"

#define REG_SELECT      0x00
#define REG_WINDOW      0x10
#define IOAPIC_VERSION  1
#define IOAPIC_ENTRY(n) (0x10 + 2 * (n))

#define ENTRY_LOW_POLARITY  (1u << 13)
#define ENTRY_REMOTE_IRR    (1u << 14)
#define ENTRY_LEVEL         (1u << 15)
#define ENTRY_MASKED        (1u << 16)

struct ioapic {
    volatile uint8_t *registers;
    uint64_t address;
    uint32_t gsi_base;
    unsigned int pins;
};

static struct ioapic ioapics[PLATFORM_MAX_IOAPICS] read_mostly;
static unsigned int nr_ioapics read_mostly;
static DEFINE_SPINLOCK(ioapic_lock, LOCK_IOAPIC);
bool ioapic_in_use read_mostly;

static bool opt_noapic;
OPTION_BOOL(noapic, "noapic", opt_noapic);

/*
 * Lines are always acknowledged by masking until the guest's end of interrupt: `old`.  `new` means
 * to hold back the local APIC's EOI instead, which stalls all lower priorities of that CPU.
 */
static int parse_ack(const char *value)
{
    return strcmp(value, "old") && strcmp(value, "new") ? -EINVAL : 0;
}
OPTION_CUSTOM(ack, "ioapic_ack", parse_ack);

static uint32_t reg_read(const struct ioapic *io, uint32_t reg)
{
    mmio_write32(io->registers + REG_SELECT, reg);
    return mmio_read32(io->registers + REG_WINDOW);
}

static void reg_write(const struct ioapic *io, uint32_t reg, uint32_t v)
{
    mmio_write32(io->registers + REG_SELECT, reg);
    mmio_write32(io->registers + REG_WINDOW, v);
}

static const struct ioapic *ioapic_of(unsigned int gsi)
{
    for (unsigned int i = 0; i < nr_ioapics; i++) {
        if (gsi - ioapics[i].gsi_base < ioapics[i].pins)
            return &ioapics[i];
    }
    return NULL;
}

static uint32_t entry_low(const struct irq_desc *desc)
{
    return desc->vector | (desc->active_low ? ENTRY_LOW_POLARITY : 0) |
           (desc->level ? ENTRY_LEVEL : 0) | (desc->masked ? ENTRY_MASKED : 0);
}

static void write_low(struct irq_desc *desc)
{
    const struct ioapic *io = ioapic_of(desc->irq);
    spin_lock(&ioapic_lock);
    reg_write(io, IOAPIC_ENTRY(desc->irq - io->gsi_base), entry_low(desc));
    spin_unlock(&ioapic_lock);
}

static void write_whole(struct irq_desc *desc)
{
    const struct ioapic *io = ioapic_of(desc->irq);
    unsigned int reg = IOAPIC_ENTRY(desc->irq - io->gsi_base);
    spin_lock(&ioapic_lock);
    reg_write(io, reg + 1, cpu_apic_id[desc->cpu] << 24);
    reg_write(io, reg, entry_low(desc));
    spin_unlock(&ioapic_lock);
}

static void ioapic_mask(struct irq_desc *desc)
{
    desc->masked = true;
    write_low(desc);
}

static void ioapic_unmask(struct irq_desc *desc)
{
    desc->masked = false;
    write_low(desc);
}

static void ioapic_ack(struct irq_desc *desc)
{
    lapic_eoi();
}

/* The level was seen but its EOI has not come back: the vector must not change under it. */
static bool is_in_flight(const struct irq_desc *desc)
{
    const struct ioapic *io = ioapic_of(desc->irq);
    spin_lock(&ioapic_lock);
    uint32_t low = reg_read(io, IOAPIC_ENTRY(desc->irq - io->gsi_base));
    spin_unlock(&ioapic_lock);
    return low & ENTRY_REMOTE_IRR;
}

/* Only while masked: an edge between the two writes would come with half of each. */
static bool ioapic_retarget(struct irq_desc *desc, unsigned int cpu, uint8_t vector)
{
    if (!desc->masked || (desc->level && is_in_flight(desc)))
        return false;
    desc->cpu = cpu;
    desc->vector = vector;
    write_whole(desc);
    return true;
}

static const struct irq_chip ioapic_chip = {
    .name = "IO-APIC",
    .mask = ioapic_mask,
    .unmask = ioapic_unmask,
    .ack = ioapic_ack,
    .retarget = ioapic_retarget,
};

void ioapic_program(struct irq_desc *desc)
{
    write_whole(desc);
}

/* ISA interrupts rise, unless the firmware says otherwise; the rest are PCI's: level, low. */
static init_text void guess_trigger(struct irq_desc *desc)
{
    desc->level = desc->active_low = desc->irq >= 16;
    for (unsigned int i = 0; i < 16; i++) {
        const struct platform_override *o = &platform.isa_override[i];
        if (o->present && o->gsi == desc->irq) {
            desc->level = o->level;
            desc->active_low = o->active_low;
            desc->trigger_known = true;
        }
    }
    if (platform.sci_gsi == desc->irq && desc->irq != 0) {
        desc->level = platform.sci_level;
        desc->active_low = platform.sci_active_low;
        desc->trigger_known = true;
    }
}

init_text void ioapic_wire(struct irq_desc *desc)
{
    if (!ioapic_of(desc->irq)) {
        return;                         /* a hole between two I/O APICs */
    }
    desc->chip = &ioapic_chip;
    desc->masked = true;
    guess_trigger(desc);
    write_whole(desc);
}

unsigned int ioapic_gsi_end(void)
{
    unsigned int end = 0;
    for (unsigned int i = 0; i < nr_ioapics; i++) {
        unsigned int after = ioapics[i].gsi_base + ioapics[i].pins;
        end = after > end ? after : end;
    }
    return end;
}

#define MAX_GSI 4096

static init_text void ioapic_found(const struct platform_ioapic *p)
{
    struct ioapic io = { .address = p->address, .gsi_base = p->gsi_base };
    io.registers = ioremap(p->address, 32);
    uint32_t version = io.registers ? reg_read(&io, IOAPIC_VERSION) : UINT32_MAX;
    io.pins = (version >> 16 & 0xff) + 1;
    if (version == UINT32_MAX || io.gsi_base > MAX_GSI - io.pins) {
        log_warn("ioapic: nothing useful at %#lx\n", p->address);
        return;
    }
    ioapics[nr_ioapics++] = io;
    log_info("ioapic: id %u at %#lx, GSIs %u-%u\n", p->id, io.address, io.gsi_base,
             io.gsi_base + io.pins - 1);
}

/* Key 'z'. */
static void dump_ioapics(unsigned char key)
{
    for (unsigned int i = 0; i < nr_ioapics; i++) {
        const struct ioapic *io = &ioapics[i];
        log_always("IO-APIC at %#lx, GSIs from %u:\n", io->address, io->gsi_base);
        for (unsigned int pin = 0; pin < io->pins; pin++) {
            spin_lock_irq(&ioapic_lock);
            uint32_t low = reg_read(io, IOAPIC_ENTRY(pin));
            uint32_t high = reg_read(io, IOAPIC_ENTRY(pin) + 1);
            spin_unlock_irq(&ioapic_lock);
            if (low & 0xff) {
                log_always(" pin %2u vec %02x %s %s%s%s dest %02x\n", pin, low & 0xff,
                           low & ENTRY_LEVEL ? "level" : "edge ",
                           low & ENTRY_LOW_POLARITY ? "low " : "high",
                           low & ENTRY_MASKED ? " masked" : "",
                           low & ENTRY_REMOTE_IRR ? " irr" : "", high >> 24);
            }
        }
    }
}

init_text void ioapic_init(void)
{
    for (unsigned int i = 0; i < platform.nr_ioapics && !opt_noapic; i++)
        ioapic_found(&platform.ioapics[i]);
    ioapic_in_use = nr_ioapics != 0;
    key_register('z', dump_ioapics, "dump IO-APIC info");
}

static const struct ioapic *ioapic_at(uint64_t address)
{
    for (unsigned int i = 0; i < nr_ioapics; i++) {
        if (ioapics[i].address == address)
            return &ioapics[i];
    }
    return NULL;
}

int ioapic_guest_read(uint64_t address, uint32_t reg, uint32_t *value)
{
    const struct ioapic *io = ioapic_at(address);
    if (!io || reg > 0xff)
        return -EINVAL;
    spin_lock_irq(&ioapic_lock);
    *value = reg_read(io, reg);
    spin_unlock_irq(&ioapic_lock);
    return 0;
}

/* Of what a guest writes only trigger and polarity of an input are taken; vectors are ours. */
int ioapic_guest_write(uint64_t address, uint32_t reg, uint32_t value)
{
    const struct ioapic *io = ioapic_at(address);
    if (!io || reg > 0xff)
        return -EINVAL;
    if (reg < IOAPIC_ENTRY(0) || reg & 1)
        return 0;
    unsigned int pin = (reg - IOAPIC_ENTRY(0)) / 2;
    if (pin >= io->pins)
        return -EINVAL;
    return irq_setup_gsi(io->gsi_base + pin, value & ENTRY_LEVEL, value & ENTRY_LOW_POLARITY);
}
