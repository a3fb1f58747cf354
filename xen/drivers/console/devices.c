/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of console devices: each looks whether its options name it, and registers. */
#include <xen/console.h>

#include "private.h"

void console_devices_probe(void)
{
    ns16550_probe();
    vga_probe();
}
