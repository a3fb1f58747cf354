/* SPDX-License-Identifier: GPL-2.0-only */
/* ACPI's power-management timer: 24 or 32 bits at three times the colour carrier. */
#include <asm/io.h>
#include <x86/mm.h>
#include <xen/platform.h>

#include "private.h"

static const volatile void *registers;

static uint64_t pmtimer_read(void)
{
    return registers ? mmio_read32(registers) : inl(platform.pmtimer_port);
}

static bool pmtimer_init(void)
{
    if (platform.pmtimer_mmio != 0)
        registers = ioremap(platform.pmtimer_mmio, 4);
    else if (platform.pmtimer_port == 0)
        return false;
    pmtimer_source.mask = platform.pmtimer_32bit ? 0xffffffff : 0xffffff;
    uint64_t first = pmtimer_read();
    for (unsigned int i = 0; i < 10000; i++) {
        if (((pmtimer_read() - first) & pmtimer_source.mask) > 2)
            return true;
    }
    return false;
}

struct clock_source pmtimer_source = {
    .name = "acpi", .init = pmtimer_init, .read = pmtimer_read, .hz = 3579545, .mask = 0xffffff,
};
