/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8254's channel 2, counting down from 65535 over and over: it turns in 55 ms, so it serves
 * to measure others and hardly as a clock of its own.
 */
#include <asm/io.h>

#include "private.h"

#define PIT_CHANNEL2    0x42
#define PIT_COMMAND     0x43
#define PIT_GATE        0x61            /* bit 0: channel 2 counts; bit 1: the speaker hears it */

static bool pit_init(void)
{
    outb((uint8_t)((inb(PIT_GATE) & ~0x02) | 0x01), PIT_GATE);
    outb(0xb4, PIT_COMMAND);            /* channel 2, both bytes, mode 2: start again at 0 */
    outb(0, PIT_CHANNEL2);
    outb(0, PIT_CHANNEL2);
    return true;
}

static uint64_t pit_read(void)
{
    outb(0x80, PIT_COMMAND);            /* hold channel 2's count for us */
    unsigned int count = inb(PIT_CHANNEL2);
    count |= (unsigned int)inb(PIT_CHANNEL2) << 8;
    return 0x10000 - count;
}

struct clock_source pit_source = {
    .name = "pit", .init = pit_init, .read = pit_read, .hz = 1193182, .mask = 0xffff,
};
