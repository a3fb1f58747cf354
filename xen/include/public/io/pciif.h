/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI devices for PV guests: a page with one operation at a time in each direction. The flag
 * "active" is set by who asks and cleared by who has answered.
 */
#ifndef PUBLIC_IO_PCIIF_H
#define PUBLIC_IO_PCIIF_H

#define XEN_PCI_MAGIC "7"

/* xen_pci_sharedinfo.flags: the front's operation, the back's error report */
#define _XEN_PCIF_active     (0)
#define XEN_PCIF_active      (1<<_XEN_PCIF_active)
#define _XEN_PCIB_AERHANDLER (1)
#define XEN_PCIB_AERHANDLER  (1<<_XEN_PCIB_AERHANDLER)
#define _XEN_PCIB_active     (2)
#define XEN_PCIB_active      (1<<_XEN_PCIB_active)

#define XEN_PCI_OP_conf_read        (0)
#define XEN_PCI_OP_conf_write       (1)
#define XEN_PCI_OP_enable_msi       (2)
#define XEN_PCI_OP_disable_msi      (3)
#define XEN_PCI_OP_enable_msix      (4)
#define XEN_PCI_OP_disable_msix     (5)
#define XEN_PCI_OP_aer_detected     (6)
#define XEN_PCI_OP_aer_resume       (7)
#define XEN_PCI_OP_aer_mmio         (8)
#define XEN_PCI_OP_aer_slotreset    (9)
#define XEN_PCI_OP_enable_multi_msi (10)

#define XEN_PCI_ERR_success         (0)
#define XEN_PCI_ERR_dev_not_found   (-1)
#define XEN_PCI_ERR_invalid_offset  (-2)
#define XEN_PCI_ERR_access_denied   (-3)
#define XEN_PCI_ERR_not_implemented (-4)
#define XEN_PCI_ERR_op_failed       (-5)

#define SH_INFO_MAX_VEC 128

#ifndef __ASSEMBLY__
#include <stdint.h>

struct xen_msix_entry {
    uint16_t vector;                /* out: the PIRQ */
    uint16_t entry;
};

struct xen_pci_op {
    uint32_t cmd;                   /* XEN_PCI_OP_* */
    int32_t err;                    /* XEN_PCI_ERR_* */
    uint32_t domain;
    uint32_t bus;
    uint32_t devfn;
    int32_t offset;                 /* of the register, and its size in bytes */
    int32_t size;
    uint32_t value;
    uint32_t info;                  /* how many vectors */
    struct xen_msix_entry msix_entries[SH_INFO_MAX_VEC];
};

struct xen_pcie_aer_op {
    uint32_t cmd;
    int32_t err;
    uint32_t domain;
    uint32_t bus;
    uint32_t devfn;
};

struct xen_pci_sharedinfo {
    uint32_t flags;
    struct xen_pci_op op;
    struct xen_pcie_aer_op aer_op;
};

#endif /* __ASSEMBLY__ */
#endif
