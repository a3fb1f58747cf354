/* SPDX-License-Identifier: GPL-2.0-only */
/* The HPET's main counter.  Its comparators are dom0's to use, or nobody's. */
#include <asm/io.h>
#include <x86/mm.h>
#include <xen/platform.h>

#include "private.h"

#define HPET_CAPABILITIES   0x000       /* bit 13: 64 bits; upper half: femtoseconds per tick */
#define HPET_CONFIG         0x010       /* bit 0: count; bit 1: stand in for PIT and RTC */
#define HPET_COUNTER        0x0f0

#define FS_PER_S            1000000000000000UL
#define PERIOD_MAX_FS       100000000u  /* the specification's limit */

static volatile uint8_t *registers;

/* The low half is enough for us and cannot be torn. */
static uint64_t hpet_read(void)
{
    return mmio_read32(registers + HPET_COUNTER);
}

static bool hpet_init(void)
{
    if (platform.hpet_address == 0)
        return false;
    registers = ioremap(platform.hpet_address, 1024);
    if (registers == NULL)
        return false;
    uint32_t period = mmio_read32(registers + HPET_CAPABILITIES + 4);
    if (period == 0 || period > PERIOD_MAX_FS)
        return false;
    mmio_write32(registers + HPET_CONFIG, (mmio_read32(registers + HPET_CONFIG) & ~2u) | 1);
    hpet_source.hz = (FS_PER_S + period / 2) / period;
    uint64_t first = hpet_read();
    for (unsigned int i = 0; i < 10000; i++) {
        if (hpet_read() != first)
            return true;
    }
    return false;
}

struct clock_source hpet_source = {
    .name = "hpet", .init = hpet_init, .read = hpet_read, .mask = 0xffffffff,
};
