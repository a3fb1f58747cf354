/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of the VGA's CRT controller, and the text modes of vga_mode.c. */
#ifndef DRIVERS_CONSOLE_VGA_H
#define DRIVERS_CONSOLE_VGA_H

#include <asm/io.h>
#include <xen/console.h>
#include <xen/types.h>

#define CRTC_INDEX      0x3d4
#define CRTC_DATA       0x3d5

enum crtc_register {
    CRTC_TOTAL = 0x06, CRTC_OVERFLOW = 0x07, CRTC_MAX_SCAN = 0x09, CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b, CRTC_START_HIGH = 0x0c, CRTC_START_LOW = 0x0d, CRTC_CURSOR_HIGH = 0x0e,
    CRTC_CURSOR_LOW = 0x0f, CRTC_SYNC_START = 0x10, CRTC_SYNC_END = 0x11, CRTC_SHOWN_END = 0x12,
    CRTC_BLANK_START = 0x15, CRTC_BLANK_END = 0x16,
};

static inline void crtc_write(uint8_t index, uint8_t v)
{
    outb(index, CRTC_INDEX);
    outb(v, CRTC_DATA);
}

static inline uint8_t crtc_read(uint8_t index)
{
    outb(index, CRTC_INDEX);
    return inb(CRTC_DATA);
}

/* False: the adapter draws points, not characters. */
bool vga_is_text(void);
/* What is shown now. */
void vga_mode_read(struct vga_screen *screen);
/* 80 columns and `rows` lines; false: there is no such mode, and nothing has changed. */
bool vga_mode_set(unsigned int rows);

#endif
