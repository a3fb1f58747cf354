/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table in low memory by which the builder of an HVM domain tells the firmware about the
 * machine.
 */
#ifndef PUBLIC_HVM_HVM_INFO_TABLE_H
#define PUBLIC_HVM_HVM_INFO_TABLE_H

#define HVM_INFO_PFN    0x09F
#define HVM_INFO_OFFSET 0x800
#define HVM_INFO_PADDR  ((HVM_INFO_PFN << 12) + HVM_INFO_OFFSET)

#define HVM_MAX_VCPUS 128

#ifndef __ASSEMBLY__
#include <stdint.h>

struct hvm_info_table {
    char signature[8];              /* "HVM INFO" */
    uint32_t length;
    uint8_t checksum;               /* all bytes add up to 0 */
    uint8_t apic_mode;              /* has an I/O APIC and a MADT */
    uint32_t nr_vcpus;
    uint32_t low_mem_pgend;         /* frames: RAM from 0 to here, */
    uint32_t reserved_mem_pgstart;  /* what is special begins here, below 4 GiB, */
    uint32_t high_mem_pgend;        /* RAM from 4 GiB to here, or 0 */
    uint8_t vcpu_online[(HVM_MAX_VCPUS + 7) / 8];
};

#endif /* __ASSEMBLY__ */
#endif
