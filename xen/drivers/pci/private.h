/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the PCI room share: registers' offsets, the list's lock. */
#ifndef PCI_PRIVATE_H
#define PCI_PRIVATE_H

#include <xen/pci.h>
#include <xen/spinlock.h>

#define PCI_VENDOR              0x00
#define PCI_COMMAND             0x04
#define PCI_COMMAND_MEMORY      0x2
#define PCI_STATUS              0x06
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_CLASS_REVISION      0x08
#define PCI_HEADER_TYPE         0x0e
#define PCI_HEADER_MULTI        0x80
#define PCI_HEADER_BRIDGE       0x01
#define PCI_BAR(n)              (0x10 + 4 * (n))
#define PCI_SECONDARY_BUS       0x19
#define PCI_CAPABILITIES        0x34

#define PCI_CAP_MSI             0x05
#define PCI_CAP_MSIX            0x11

/* The list of devices, everything in them, and which windows of MMCFG are mapped. */
extern struct spinlock pci_lock;                        /* LOCK_PCI */

struct pci_device *pci_device_find(struct pci_address a);   /* under pci_lock */
void pci_map_bus(unsigned int segment, unsigned int bus);   /* MMCFG of one bus; under pci_lock */
void msi_device_gone(struct pci_device *dev);               /* under pci_lock */
void msi_dump_init(void);

#endif
