/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Power off and reset through ACPI's registers.
 *
 * The values that mean "S5" stand in AML, which only dom0 interprets; it passes them down.  Until
 * it does, what a plain package of constants named _S5_ says is believed.
 */
#include <asm/io.h>
#include <lib/string.h>
#include <x86/mm.h>
#include <xen/pci.h>
#include <xen/time.h>

#include "private.h"

#define SLEEP_ENABLE    (1u << 13)
#define SLEEP_TYPE_MAX  7

#define FADT_DSDT       40
#define FADT_X_DSDT     140
#define DSDT_MAX_LENGTH (16u << 20)

#define AML_ZERO        0x00
#define AML_ONE         0x01
#define AML_BYTE        0x0a
#define AML_PACKAGE     0x12

/* When it is memory: mapped early, used when all is lost. */
static volatile uint8_t *reset_register;

/* A small constant at *at; false: something else stands there. */
static init_text bool aml_constant(const uint8_t **at, const uint8_t *end, uint8_t *value)
{
    if (*at < end && (**at == AML_ZERO || **at == AML_ONE)) {
        *value = *(*at)++;
        return true;
    }
    if (end - *at >= 2 && **at == AML_BYTE) {
        *value = (*at)[1];
        *at += 2;
        return *value <= SLEEP_TYPE_MAX;
    }
    return false;
}

/* Behind the name: package, its length in 1 to 4 bytes, number of elements, elements. */
static init_text bool read_s5(const uint8_t *at, const uint8_t *end)
{
    uint8_t a, b;
    if (end - at < 3 || *at++ != AML_PACKAGE)
        return false;
    size_t skip = 1u + (*at >> 6) + 1u;
    if ((size_t)(end - at) < skip || at[skip - 1] < 2)
        return false;
    at += skip;
    if (!aml_constant(&at, end, &a) || !aml_constant(&at, end, &b))
        return false;
    platform.s5_a = a;
    platform.s5_b = b;
    platform.s5_valid = true;
    return true;
}

static init_text const struct acpi_header *map_dsdt(void)
{
    const struct acpi_header *fadt = acpi_table("FACP", 0);
    uint64_t address = 0;
    if (!fadt || fadt->length < FADT_DSDT + 4)
        return NULL;
    memcpy(&address, (const uint8_t *)fadt + FADT_DSDT, 4);
    if (fadt->length >= FADT_X_DSDT + 8 && !address)
        memcpy(&address, (const uint8_t *)fadt + FADT_X_DSDT, 8);
    if (!address || address >> 46)
        return NULL;
    const struct acpi_header *dsdt = acpi_map(address, sizeof(*dsdt));
    if (!dsdt || memcmp(dsdt->signature, "DSDT", 4) || dsdt->length < sizeof(*dsdt) ||
        dsdt->length > DSDT_MAX_LENGTH) {
        return NULL;
    }
    return acpi_map(address, dsdt->length);
}

static init_text void find_s5(void)
{
    const struct acpi_header *dsdt = map_dsdt();
    if (!dsdt)
        return;
    const uint8_t *at = (const uint8_t *)(dsdt + 1), *end = (const uint8_t *)dsdt + dsdt->length;
    for (; end - at >= 4; at++) {
        if (!memcmp(at, "_S5_", 4) && read_s5(at + 4, end))
            return;
    }
}

init_text void acpi_prepare_reset(void)
{
    find_s5();
    if (platform.reset_valid && platform.reset_space == ACPI_SPACE_MEMORY)
        reset_register = ioremap(platform.reset_address, 1);
}

int acpi_enter_sleep(unsigned int state, uint16_t pm1a_value, uint16_t pm1b_value)
{
    if (state != 5)
        return -EOPNOTSUPP;
    if (!platform.pm1a_cnt)
        return -ENODEV;
    outw((uint16_t)(pm1a_value | SLEEP_ENABLE), platform.pm1a_cnt);
    if (platform.pm1b_cnt)
        outw((uint16_t)(pm1b_value | SLEEP_ENABLE), platform.pm1b_cnt);
    udelay(1000000);                    /* the machine may need a moment to die */
    return -EIO;
}

/* PCI configuration space: device, function and offset of bus 0 in 16-bit fields. */
static void reset_by_pci(void)
{
    unsigned int devfn = (unsigned int)((platform.reset_address >> 32 & 0x1f) << 3 |
                                        (platform.reset_address >> 16 & 7));
    pci_write8(pci_address(0, 0, devfn), platform.reset_address & 0xff, platform.reset_value);
}

bool acpi_reset(void)
{
    if (!platform.reset_valid)
        return false;
    switch (platform.reset_space) {
    case ACPI_SPACE_MEMORY:
        if (reset_register)
            mmio_write8(reset_register, platform.reset_value);
        break;
    case ACPI_SPACE_IO:
        outb(platform.reset_value, (uint16_t)platform.reset_address);
        break;
    case ACPI_SPACE_PCI:
        reset_by_pci();
        break;
    }
    udelay(100000);
    return false;
}
