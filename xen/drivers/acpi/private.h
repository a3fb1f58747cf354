/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layouts of the tables we read (ACPI 6.4), and what the files of this room call of each other.
 *
 * Firmware is not an enemy but makes mistakes: a reader never looks beyond the length that
 * tables.c has checked, and entries of a length that cannot be are skipped.
 */
#ifndef ACPI_PRIVATE_H
#define ACPI_PRIVATE_H

#include <xen/platform.h>
#include <xen/types.h>

struct packed acpi_header {
    char signature[4];
    uint32_t length;                    /* of the whole table; tables.c has mapped that much */
    uint8_t revision;
    uint8_t checksum;                   /* makes the sum of all bytes 0 */
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    uint32_t creator_id;
    uint32_t creator_revision;
};
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");

/* An address of a register. */
struct packed acpi_address {
    uint8_t space;                      /* ACPI_SPACE_* */
    uint8_t bit_width, bit_offset, access_size;
    uint64_t address;
};

#define ACPI_SPACE_MEMORY   0
#define ACPI_SPACE_IO       1
#define ACPI_SPACE_PCI      2

/* Each variable-length list in MADT and SRAT is made of these. */
struct packed acpi_entry {
    uint8_t type;
    uint8_t length;
};

/*
 * The entry at *offset of a table, *offset moved behind it; NULL at the end or where the list is
 * damaged.  The entry lies within the table as a whole.
 */
const struct acpi_entry *acpi_entry_next(const struct acpi_header *table, size_t *offset);

enum acpi_use {
    ACPI_OFF,                           /* acpi=off: no table is looked at */
    ACPI_CPUS_ONLY,                     /* acpi=ht */
    ACPI_NO_IRQ,                        /* acpi=noirq: no I/O APIC, no overrides */
    ACPI_FULL,
};

void acpi_read_madt(enum acpi_use use);
void acpi_read_srat(void);
void acpi_read_fadt(void);
void acpi_read_hpet(void);
void acpi_read_mcfg(void);
uint32_t acpi_boot_apic_id(void);       /* of the processor this runs on */
void acpi_prepare_reset(void);

#endif
