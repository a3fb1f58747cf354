/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev_op(cmd, arg): interrupts and PCI devices for domains that drive hardware, and dom0's
 * reports of the hardware it finds. Commands take the structure of their name unless another is
 * given.
 */
#ifndef PUBLIC_PHYSDEV_H
#define PUBLIC_PHYSDEV_H

#include "xen.h"

/* ---- I/O ports and I/O APIC ------------------------------------------------------------------ */

#define PHYSDEVOP_set_iopl               6
#define PHYSDEVOP_set_iobitmap           7
#define PHYSDEVOP_apic_read              8  /* physdev_apic */
#define PHYSDEVOP_apic_write             9
#define PHYSDEVOP_alloc_irq_vector      10  /* physdev_irq */
#define PHYSDEVOP_free_irq_vector       11

/* ---- Interrupts ------------------------------------------------------------------------------ */

#define PHYSDEVOP_IRQ_UNMASK_NOTIFY      4  /* gone */
#define PHYSDEVOP_irq_status_query       5
#define PHYSDEVOP_eoi                   12
#define PHYSDEVOP_map_pirq              13
#define PHYSDEVOP_unmap_pirq            14
#define PHYSDEVOP_setup_gsi             21
#define PHYSDEVOP_get_free_pirq         23

/*
 * A page with a bit per interrupt that needs an eoi; in the first form eoi also unmasks the port.
 */
#define PHYSDEVOP_pirq_eoi_gmfn_v1      17
#define PHYSDEVOP_pirq_eoi_gmfn_v2      28
#define PHYSDEVOP_pirq_eoi_gmfn PHYSDEVOP_pirq_eoi_gmfn_v2

/* physdev_irq_status_query.flags */
#define _XENIRQSTAT_needs_eoi (0)
#define XENIRQSTAT_needs_eoi  (xen_mk_uint(1)<<_XENIRQSTAT_needs_eoi)
#define _XENIRQSTAT_shared    (1)
#define XENIRQSTAT_shared     (xen_mk_uint(1)<<_XENIRQSTAT_shared)

/* physdev_map_pirq.type */
#define MAP_PIRQ_TYPE_MSI               0x0
#define MAP_PIRQ_TYPE_GSI               0x1
#define MAP_PIRQ_TYPE_UNKNOWN           0x2
#define MAP_PIRQ_TYPE_MSI_SEG           0x3
#define MAP_PIRQ_TYPE_MULTI_MSI         0x4

/* ---- PCI ------------------------------------------------------------------------------------- */

/* The first three are older forms of the two below them. */
#define PHYSDEVOP_manage_pci_add        15  /* physdev_manage_pci */
#define PHYSDEVOP_manage_pci_remove     16
#define PHYSDEVOP_manage_pci_add_ext    20
#define PHYSDEVOP_pci_device_add        25
#define PHYSDEVOP_pci_device_remove     26  /* physdev_pci_device */
#define PHYSDEVOP_restore_msi           19
#define PHYSDEVOP_restore_msi_ext       27  /* physdev_pci_device */
#define PHYSDEVOP_pci_mmcfg_reserved    24
#define PHYSDEVOP_prepare_msix          30  /* physdev_pci_device: its MSI-X table stays as it is */
#define PHYSDEVOP_release_msix          31  /* physdev_pci_device: it may change again */

#define XEN_PCI_MMCFG_RESERVED          0x1

/* physdev_pci_device_add.flags */
#define XEN_PCI_DEV_EXTFN               0x1  /* devfn is all function (ARI) */
#define XEN_PCI_DEV_VIRTFN              0x2  /* physfn is its physical function */
#define XEN_PCI_DEV_PXM                 0x4  /* optarr[0] is its proximity domain */

/* ---- USB debug port -------------------------------------------------------------------------- */

#define PHYSDEVOP_dbgp_op               29
#define PHYSDEVOP_DBGP_RESET_PREPARE    1
#define PHYSDEVOP_DBGP_RESET_DONE       2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN      0
#define PHYSDEVOP_DBGP_BUS_PCI          1

#ifndef __ASSEMBLY__

struct physdev_eoi {
    uint32_t irq;
};
XEN_ABI_STRUCT(physdev_eoi);

struct physdev_pirq_eoi_gmfn {
    xen_pfn_t gmfn;
};
XEN_ABI_STRUCT(physdev_pirq_eoi_gmfn);

struct physdev_irq_status_query {
    uint32_t irq;
    uint32_t flags;                     /* out: XENIRQSTAT_* */
};
XEN_ABI_STRUCT(physdev_irq_status_query);

struct physdev_set_iopl {
    uint32_t iopl;                      /* 0 to 3, of this vCPU */
};
XEN_ABI_STRUCT(physdev_set_iopl);

struct physdev_set_iobitmap {
    XEN_GUEST_HANDLE(uint8) bitmap;     /* a clear bit allows the port */
    uint32_t nr_ports;                  /* at most 65536 */
};
XEN_ABI_STRUCT(physdev_set_iobitmap);

struct physdev_apic {
    unsigned long apic_physbase;
    uint32_t reg;
    uint32_t value;                     /* in or out */
};
XEN_ABI_STRUCT(physdev_apic);

struct physdev_irq {
    uint32_t irq;
    uint32_t vector;                    /* out */
};
XEN_ABI_STRUCT(physdev_irq);

struct physdev_map_pirq {
    domid_t domid;
    int type;                           /* MAP_PIRQ_TYPE_* */
    int index;                          /* the GSI; for MSI negative */
    int pirq;                           /* wanted, or negative for any; out */
    int bus;                            /* segment in 31:16 for MSI_SEG and MULTI_MSI */
    int devfn;
    int entry_nr;                       /* MSI-X entry; MULTI_MSI: how many, in and out */
    uint64_t table_base;                /* MSI-X table's address, 0 for MSI */
};
XEN_ABI_STRUCT(physdev_map_pirq);

struct physdev_unmap_pirq {
    domid_t domid;
    int pirq;
};
XEN_ABI_STRUCT(physdev_unmap_pirq);

struct physdev_manage_pci {
    uint8_t bus;
    uint8_t devfn;
};
XEN_ABI_STRUCT(physdev_manage_pci);

struct physdev_restore_msi {
    uint8_t bus;
    uint8_t devfn;
};
XEN_ABI_STRUCT(physdev_restore_msi);

struct physdev_manage_pci_ext {
    uint8_t bus;
    uint8_t devfn;
    uint32_t is_extfn;
    uint32_t is_virtfn;
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
};
XEN_ABI_STRUCT(physdev_manage_pci_ext);

/* The argument of physdev_op_compat. */
struct physdev_op {
    uint32_t cmd;
    union {
        physdev_irq_status_query_t irq_status_query;
        physdev_set_iopl_t set_iopl;
        physdev_set_iobitmap_t set_iobitmap;
        physdev_apic_t apic_op;
        physdev_irq_t irq_op;
    } u;
};
XEN_ABI_STRUCT(physdev_op);

/* Program an I/O APIC pin as ACPI says. */
struct physdev_setup_gsi {
    int gsi;
    uint8_t triggering;                 /* 0 edge, 1 level */
    uint8_t polarity;                   /* 0 high, 1 low */
};
XEN_ABI_STRUCT(physdev_setup_gsi);

struct physdev_get_free_pirq {
    int type;                           /* MAP_PIRQ_TYPE_MSI or _GSI */
    uint32_t pirq;                      /* out */
};
XEN_ABI_STRUCT(physdev_get_free_pirq);

/* Configuration space that dom0 found reserved, or not, in its resources. */
struct physdev_pci_mmcfg_reserved {
    uint64_t address;
    uint16_t segment;
    uint8_t start_bus;
    uint8_t end_bus;                    /* included */
    uint32_t flags;                     /* XEN_PCI_MMCFG_RESERVED */
};
XEN_ABI_STRUCT(physdev_pci_mmcfg_reserved);

struct physdev_pci_device_add {
    uint16_t seg;
    uint8_t bus;
    uint8_t devfn;
    uint32_t flags;                     /* XEN_PCI_DEV_* */
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
    uint32_t optarr[XEN_FLEX_ARRAY_DIM];
};
XEN_ABI_STRUCT(physdev_pci_device_add);

struct physdev_pci_device {
    uint16_t seg;
    uint8_t bus;
    uint8_t devfn;
};
XEN_ABI_STRUCT(physdev_pci_device);

struct physdev_dbgp_op {
    uint8_t op;                         /* PHYSDEVOP_DBGP_RESET_* */
    uint8_t bus;                        /* PHYSDEVOP_DBGP_BUS_* */
    union {
        physdev_pci_device_t pci;
    } u;
};
XEN_ABI_STRUCT(physdev_dbgp_op);

#endif /* __ASSEMBLY__ */
#endif
