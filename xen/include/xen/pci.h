/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI: configuration space, the list of devices, message-signalled interrupts.
 *
 * A device belongs to a domain: dom0 unless it was given away.  dom0 finds and numbers devices; we
 * look at boot too, and believe dom0 about what comes and goes later.
 */
#ifndef XEN_PCI_H
#define XEN_PCI_H

#include <lib/list.h>
#include <xen/types.h>

struct domain;
struct irq_desc;

/* A function's address: segment, bus, device, function. */
struct pci_address { uint16_t segment; uint8_t bus, devfn; };

static inline struct pci_address pci_address(unsigned int segment, unsigned int bus,
                                             unsigned int devfn)
{
    return (struct pci_address){ (uint16_t)segment, (uint8_t)bus, (uint8_t)devfn };
}

#define PCI_DEV(devfn)  ((unsigned int)(devfn) >> 3)
#define PCI_FN(devfn)   ((unsigned int)(devfn) & 7)
#define PCI_FMT         "%04x:%02x:%02x.%u"
#define PCI_ARGS(a)     (a).segment, (a).bus, PCI_DEV((a).devfn), PCI_FN((a).devfn)

/* Configuration space.  reg 0..4095, above 255 only by MMCFG; what is absent reads as all ones. */
uint8_t pci_read8(struct pci_address a, unsigned int reg);
uint16_t pci_read16(struct pci_address a, unsigned int reg);
uint32_t pci_read32(struct pci_address a, unsigned int reg);
void pci_write8(struct pci_address a, unsigned int reg, uint8_t v);
void pci_write16(struct pci_address a, unsigned int reg, uint16_t v);
void pci_write32(struct pci_address a, unsigned int reg, uint32_t v);
unsigned int pci_find_capability(struct pci_address a, uint8_t id);     /* offset or 0 */

/* Ports 0xcfc..0xcff with the address that a guest last wrote to 0xcf8: for emulating both. */
uint32_t pci_port_read(uint32_t cf8, unsigned int offset, unsigned int bytes);
void pci_port_write(uint32_t cf8, unsigned int offset, unsigned int bytes, uint32_t v);

struct pci_device {
    struct list_head link;              /* LOCK_PCI, as all below */
    struct pci_address address;
    struct domain *owner;               /* borrowed; NULL before dom0 exists: dom0's */
    bool is_virtfn;
    struct pci_address physfn;          /* of a virtual function */
    uint8_t node;
    uint8_t msi, msix;                  /* capabilities' offsets, 0: none */
    struct list_head msis;              /* struct msi_desc */
    uint64_t msix_table_address;        /* what msix_table maps */
    volatile uint8_t *msix_table;
    bool msix_prepared;                 /* PHYSDEVOP_prepare_msix */
};

void pci_init(void);                    /* boot: MMCFG, scan; after the heap */
struct pci_device_info { bool is_virtfn; struct pci_address physfn; uint8_t node; };
int pci_device_add(struct pci_address a, const struct pci_device_info *info) must_check;
int pci_device_remove(struct pci_address a) must_check;
/* dom0 confirms or withdraws an MMCFG window: 0, -ENODEV when no table named it. */
int pci_mmcfg_reserve(uint64_t base, unsigned int segment, unsigned int bus_start,
                      unsigned int bus_end, bool reserved) must_check;

/* MSI.  entry: MSI-X table index, or -1 for MSI with `count` vectors (a power of two). */
struct msi_request { struct pci_address address; int entry; unsigned int count; uint64_t table; };
/* Lines for it, programmed and masked: the first line or -Exxx; freed by msi_free. */
int msi_alloc(const struct msi_request *request) must_check;
void msi_free(unsigned int first_irq);
/* The group of lines that irq was allocated with: the first, and how many. */
unsigned int msi_group(unsigned int irq, unsigned int *count);
int msi_restore(struct pci_address a) must_check;   /* write everything again, after a reset */
int msi_prepare(struct pci_address a, bool prepare) must_check;

#endif
