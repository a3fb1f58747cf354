/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration space, by ports and by memory (MMCFG).
 *
 * Ports serve the first 256 bytes of segment 0; the rest needs MMCFG, whose windows are mapped bus
 * by bus as devices become known.  Lock: config_lock for the pair of ports; never taken around
 * anything else.
 */
#include <asm/io.h>
#include <x86/mm.h>
#include <xen/atomic.h>
#include <xen/platform.h>

#include "private.h"

#define PORT_ADDRESS    0xcf8
#define PORT_DATA       0xcfc
#define ADDRESS_ENABLE  0x80000000u
#define BUS_WINDOW      (1u << 20)      /* 256 functions of 4 KiB */
#define BUSES           256

static DEFINE_SPINLOCK(config_lock, LOCK_IOAPIC);
static volatile uint8_t *windows[PLATFORM_MAX_MCFG][BUSES];
static bool withdrawn[PLATFORM_MAX_MCFG];       /* dom0 found it not reserved: not trusted */

static uint32_t data_read(unsigned int offset, unsigned int bytes)
{
    uint16_t port = (uint16_t)(PORT_DATA + offset);
    return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void data_write(unsigned int offset, unsigned int bytes, uint32_t v)
{
    uint16_t port = (uint16_t)(PORT_DATA + offset);
    if (bytes == 1)
        outb((uint8_t)v, port);
    else if (bytes == 2)
        outw((uint16_t)v, port);
    else
        outl(v, port);
}

uint32_t pci_port_read(uint32_t cf8, unsigned int offset, unsigned int bytes)
{
    unsigned long flags = spin_lock_irqsave(&config_lock);
    outl(cf8, PORT_ADDRESS);
    uint32_t v = data_read(offset & 3, bytes);
    spin_unlock_irqrestore(&config_lock, flags);
    return v;
}

void pci_port_write(uint32_t cf8, unsigned int offset, unsigned int bytes, uint32_t v)
{
    unsigned long flags = spin_lock_irqsave(&config_lock);
    outl(cf8, PORT_ADDRESS);
    data_write(offset & 3, bytes, v);
    spin_unlock_irqrestore(&config_lock, flags);
}

static uint32_t cf8_of(struct pci_address a, unsigned int reg)
{
    return ADDRESS_ENABLE | (uint32_t)a.bus << 16 | (uint32_t)a.devfn << 8 | (reg & 0xfc);
}

static int mcfg_of(unsigned int segment, unsigned int bus)
{
    for (unsigned int i = 0; i < platform.nr_mcfg; i++) {
        const struct platform_mcfg *m = &platform.mcfg[i];
        if (m->segment == segment && bus >= m->bus_start && bus <= m->bus_end && !withdrawn[i])
            return (int)i;
    }
    return -1;
}

/* The table's base address is that of bus 0, even where the window starts at another. */
void pci_map_bus(unsigned int segment, unsigned int bus)
{
    int i = mcfg_of(segment, bus);
    if (i < 0 || windows[i][bus])
        return;
    uint64_t address = platform.mcfg[i].base + (uint64_t)bus * BUS_WINDOW;
    store_release(&windows[i][bus], ioremap(address, BUS_WINDOW));
}

/* Where a register can be reached by memory, or NULL. */
static volatile uint8_t *window_of(struct pci_address a, unsigned int reg)
{
    int i = mcfg_of(a.segment, a.bus);
    volatile uint8_t *window = i < 0 ? NULL : load_acquire(&windows[i][a.bus]);
    return window ? window + (unsigned int)a.devfn * 4096 + reg : NULL;
}

static bool by_ports(struct pci_address a, unsigned int reg)
{
    return a.segment == 0 && reg < 256;
}

static uint32_t config_read(struct pci_address a, unsigned int reg, unsigned int bytes)
{
    if (by_ports(a, reg))
        return pci_port_read(cf8_of(a, reg), reg, bytes);
    volatile uint8_t *p = reg < 4096 ? window_of(a, reg) : NULL;
    if (!p)
        return UINT32_MAX;
    return bytes == 1 ? mmio_read8(p) : bytes == 2 ? mmio_read16(p) : mmio_read32(p);
}

static void config_write(struct pci_address a, unsigned int reg, unsigned int bytes, uint32_t v)
{
    if (by_ports(a, reg)) {
        pci_port_write(cf8_of(a, reg), reg, bytes, v);
        return;
    }
    volatile uint8_t *p = reg < 4096 ? window_of(a, reg) : NULL;
    if (!p)
        return;
    if (bytes == 1)
        mmio_write8(p, (uint8_t)v);
    else if (bytes == 2)
        mmio_write16(p, (uint16_t)v);
    else
        mmio_write32(p, v);
}

uint8_t pci_read8(struct pci_address a, unsigned int reg)
{
    return (uint8_t)config_read(a, reg, 1);
}

uint16_t pci_read16(struct pci_address a, unsigned int reg)
{
    return (uint16_t)config_read(a, reg, 2);
}

uint32_t pci_read32(struct pci_address a, unsigned int reg)
{
    return config_read(a, reg, 4);
}

void pci_write8(struct pci_address a, unsigned int reg, uint8_t v)
{
    config_write(a, reg, 1, v);
}

void pci_write16(struct pci_address a, unsigned int reg, uint16_t v)
{
    config_write(a, reg, 2, v);
}

void pci_write32(struct pci_address a, unsigned int reg, uint32_t v)
{
    config_write(a, reg, 4, v);
}

unsigned int pci_find_capability(struct pci_address a, uint8_t id)
{
    if (!(pci_read16(a, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
        return 0;
    unsigned int at = pci_read8(a, PCI_CAPABILITIES) & 0xfc;
    for (unsigned int hops = 0; at >= 0x40 && hops < 48; hops++) {  /* a bad list may loop */
        uint16_t header = pci_read16(a, at);
        if ((header & 0xff) == 0xff)
            return 0;
        if ((header & 0xff) == id)
            return at;
        at = header >> 8 & 0xfc;
    }
    return 0;
}

int pci_mmcfg_reserve(uint64_t base, unsigned int segment, unsigned int bus_start,
                      unsigned int bus_end, bool reserved)
{
    for (unsigned int i = 0; i < platform.nr_mcfg; i++) {
        const struct platform_mcfg *m = &platform.mcfg[i];
        if (m->base == base && m->segment == segment && m->bus_start == bus_start &&
            m->bus_end == bus_end) {
            withdrawn[i] = !reserved;
            return 0;
        }
    }
    return -ENODEV;
}
