/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests from the hypervisor to an emulator: one slot per vCPU in a shared page, and a second
 * page where writes that need no answer are queued.
 *
 * A slot goes NONE, READY (by us), INPROCESS (by the emulator), RESP_READY (by it), NONE (by us).
 */
#ifndef PUBLIC_HVM_IOREQ_H
#define PUBLIC_HVM_IOREQ_H

/* ioreq.dir */
#define IOREQ_READ  1
#define IOREQ_WRITE 0

/* ioreq.state */
#define STATE_IOREQ_NONE      0
#define STATE_IOREQ_READY     1
#define STATE_IOREQ_INPROCESS 2
#define STATE_IORESP_READY    3

/* ioreq.type */
#define IOREQ_TYPE_PIO        0
#define IOREQ_TYPE_COPY       1     /* memory */
#define IOREQ_TYPE_PCI_CONFIG 2     /* addr: device in 47:32, register below */
#define IOREQ_TYPE_TIMEOFFSET 7     /* data: new offset of the RTC, seconds */
#define IOREQ_TYPE_INVALIDATE 8     /* forget mappings of guest memory */

#define IOREQ_BUFFER_SLOT_NUM 511

/* Ports of ACPI's fixed hardware; which version applies is HVM_PARAM_ACPI_IOPORTS_LOCATION. */
#define ACPI_PM1A_EVT_BLK_ADDRESS_V0 0x1f40
#define ACPI_PM1A_CNT_BLK_ADDRESS_V0 (ACPI_PM1A_EVT_BLK_ADDRESS_V0 + 0x04)
#define ACPI_PM_TMR_BLK_ADDRESS_V0   (ACPI_PM1A_EVT_BLK_ADDRESS_V0 + 0x08)
#define ACPI_GPE0_BLK_ADDRESS_V0     (ACPI_PM_TMR_BLK_ADDRESS_V0 + 0x20)
#define ACPI_GPE0_BLK_LEN_V0         0x08
#define ACPI_PM1A_EVT_BLK_ADDRESS_V1 0xb000
#define ACPI_PM1A_CNT_BLK_ADDRESS_V1 (ACPI_PM1A_EVT_BLK_ADDRESS_V1 + 0x04)
#define ACPI_PM_TMR_BLK_ADDRESS_V1   (ACPI_PM1A_EVT_BLK_ADDRESS_V1 + 0x08)
#define ACPI_GPE0_BLK_ADDRESS_V1     0xafe0
#define ACPI_GPE0_BLK_LEN_V1         0x04
#define ACPI_PM1A_EVT_BLK_ADDRESS    ACPI_PM1A_EVT_BLK_ADDRESS_V0
#define ACPI_PM1A_CNT_BLK_ADDRESS    ACPI_PM1A_CNT_BLK_ADDRESS_V0
#define ACPI_PM_TMR_BLK_ADDRESS      ACPI_PM_TMR_BLK_ADDRESS_V0
#define ACPI_GPE0_BLK_ADDRESS        ACPI_GPE0_BLK_ADDRESS_V0
#define ACPI_GPE0_BLK_LEN            ACPI_GPE0_BLK_LEN_V0

#ifndef __ASSEMBLY__
#include <stdint.h>

struct ioreq {
    uint64_t addr;                  /* physical address or port */
    uint64_t data;                  /* value, or address of the data */
    uint32_t count;                 /* of a repeated instruction */
    uint32_t size;                  /* bytes */
    uint32_t vp_eport;              /* event channel of this vCPU */
    uint16_t _pad0;
    uint8_t state:4;                /* STATE_IO* */
    uint8_t data_is_ptr:1;
    uint8_t dir:1;                  /* IOREQ_READ, _WRITE */
    uint8_t df:1;                   /* addresses go down */
    uint8_t _pad1:1;
    uint8_t type;                   /* IOREQ_TYPE_* */
};
typedef struct ioreq ioreq_t;

struct shared_iopage {
    struct ioreq vcpu_ioreq[1];
};
typedef struct shared_iopage shared_iopage_t;

struct buf_ioreq {
    uint8_t type;                   /* IOREQ_TYPE_* */
    uint8_t pad:1;
    uint8_t dir:1;
    uint8_t size:2;                 /* 1 << size bytes; 8 take a second slot for the upper half */
    uint32_t addr:20;
    uint32_t data;
};
typedef struct buf_ioreq buf_ioreq_t;

struct buffered_iopage {
#ifdef __XEN__
    union bufioreq_pointers {
        struct {
            uint32_t read_pointer;
            uint32_t write_pointer;
        };
        uint64_t full;              /* both at once, for compare and exchange */
    } ptrs;
#else
    uint32_t read_pointer;
    uint32_t write_pointer;
#endif
    buf_ioreq_t buf_ioreq[IOREQ_BUFFER_SLOT_NUM];
};
typedef struct buffered_iopage buffered_iopage_t;

#endif /* __ASSEMBLY__ */
#endif
