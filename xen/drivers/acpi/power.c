/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Power off and reset through ACPI's registers.
 *
 * The values that mean "S5" stand in AML, which only dom0 interprets; it passes them down.
 */
#include <asm/io.h>
#include <x86/mm.h>
#include <xen/pci.h>
#include <xen/time.h>

#include "private.h"

#define SLEEP_ENABLE    (1u << 13)

/* When it is memory: mapped early, used when all is lost. */
static volatile uint8_t *reset_register;

init_text void acpi_prepare_reset(void)
{
    if (platform.reset_valid && platform.reset_space == ACPI_SPACE_MEMORY) {
        reset_register = ioremap(platform.reset_address, 1);
    }
}

int acpi_enter_sleep(unsigned int state, uint16_t pm1a_value, uint16_t pm1b_value)
{
    if (state != 5) {
        return -EOPNOTSUPP;
    }
    if (!platform.pm1a_cnt) {
        return -ENODEV;
    }
    outw((uint16_t)(pm1a_value | SLEEP_ENABLE), platform.pm1a_cnt);
    if (platform.pm1b_cnt) {
        outw((uint16_t)(pm1b_value | SLEEP_ENABLE), platform.pm1b_cnt);
    }
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
    if (!platform.reset_valid) {
        return false;
    }
    switch (platform.reset_space) {
    case ACPI_SPACE_MEMORY:
        if (reset_register) {
            mmio_write8(reset_register, platform.reset_value);
        }
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
