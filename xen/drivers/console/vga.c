/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VGA text screen, until dom0 takes it (or for good with vga=...,keep).
 *
 * The adapter has room for several screens; scrolling moves the start address down and copies
 * only when the end is reached.  All under the console lock.
 */
#include <asm/io.h>
#include <lib/math.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <x86/mm.h>
#include <xen/console.h>
#include <xen/options.h>
#include <xen/printk.h>

#include "private.h"
#include "vga.h"

#define VGA_MEMORY      0xb8000
#define VGA_MEMORY_SIZE 0x8000
#define COLUMNS         80
#define MEMORY_LINES    (VGA_MEMORY_SIZE / 2 / COLUMNS)
#define BLANK           0x0720u         /* grey on black */

static volatile uint16_t *screen;
static struct vga_screen shown = { .rows = 25, .font_height = 16 };
static unsigned int rows = 25;
static unsigned int top;                /* first line shown, counted in the adapter's memory */
static unsigned int row, column;        /* of the next character, in the window */
static bool keep;

static unsigned int wanted_rows;        /* 0: as the machine came up */
static const char *wanted_in_vain;      /* what only the BIOS could do */

/* text-80xR */
static bool parse_rows(const char *item, size_t len, uint64_t *n)
{
    return len > 8 && !strncmp(item, "text-80x", 8) && !parse_uint(item + 8, len - 8, n);
}

static int parse_vga(const char *value)
{
    const char *cursor = value, *item;
    size_t len;
    int rc = 0;

    while (parse_list(&cursor, &item, &len)) {
        uint64_t n;
        if (parse_is(item, len, "keep"))
            keep = true;
        else if (parse_is(item, len, "current"))
            wanted_rows = 0;
        else if (parse_rows(item, len, &n) && n <= 255)
            wanted_rows = (unsigned int)n;
        else if (parse_is(item, len, "ask"))
            wanted_in_vain = "ask: there is no menu of modes";
        else if (!strncmp(item, "gfx-", 4) || !strncmp(item, "mode-", 5))
            wanted_in_vain = "graphics and numbered modes need the BIOS, which is not called";
        else
            rc = -EINVAL;
    }
    return rc;
}
OPTION_CUSTOM(vga, "vga", parse_vga);

static void crtc_write_pair(uint8_t high, unsigned int v)
{
    crtc_write(high, (uint8_t)(v >> 8));
    crtc_write((uint8_t)(high + 1), (uint8_t)v);
}

static volatile uint16_t *line_at(unsigned int line)
{
    return screen + line * COLUMNS;
}

static void clear_lines(unsigned int first, unsigned int n)
{
    volatile uint32_t *p = (volatile uint32_t *)line_at(first);
    for (unsigned int i = 0; i < n * COLUMNS / 2; i++)
        p[i] = BLANK << 16 | BLANK;
}

/* The shown lines go to the top of the memory. */
static void rewind_memory(void)
{
    volatile uint32_t *to = (volatile uint32_t *)screen;
    const volatile uint32_t *from = (volatile uint32_t *)line_at(top);
    for (unsigned int i = 0; top != 0 && i < rows * COLUMNS / 2; i++)
        to[i] = from[i];
    top = 0;
}

static void scroll(void)
{
    if (top + rows + 1 > MEMORY_LINES)
        rewind_memory();
    top++;
    clear_lines(top + rows - 1, 1);
}

static void put(char c)
{
    switch (c) {
    case '\n':
        column = COLUMNS;
        break;
    case '\r':
        column = 0;
        return;
    case '\b':
        column -= column > 0;
        return;
    case '\t':
        column = min((column + 8) & ~7u, (unsigned int)COLUMNS);
        break;
    default:
        line_at(top + row)[column++] = (uint16_t)(0x0700 | (uint8_t)c);
        break;
    }
    if (column == COLUMNS) {
        column = 0;
        if (++row == rows) {
            row = rows - 1;
            scroll();
        }
    }
}

static void show(void)
{
    crtc_write_pair(CRTC_START_HIGH, top * COLUMNS);
    crtc_write_pair(CRTC_CURSOR_HIGH, (top + row) * COLUMNS + column);
}

static void vga_write(struct console_device *dev, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put(text[i]);
    show();
}

/* dom0's driver expects the screen at the start of the memory. */
static void vga_end_boot(struct console_device *dev)
{
    if (keep)
        return;
    log_always("Xen is relinquishing VGA console.");
    dev->enabled = false;
    rewind_memory();
    show();
}

/* Text mode answers at b8000, and the CRTC keeps what is written to it. */
static bool is_there(void)
{
    uint8_t old = crtc_read(CRTC_CURSOR_LOW);
    crtc_write(CRTC_CURSOR_LOW, 0x5a);
    bool there = crtc_read(CRTC_CURSOR_LOW) == 0x5a;
    crtc_write(CRTC_CURSOR_LOW, old);
    return there && (crtc_read(CRTC_MAX_SCAN) & 0x1f) >= 7;
}

static struct console_device vga = {
    .name = "vga", .write = vga_write, .end_boot = vga_end_boot,
};

void console_screen(struct vga_screen *screen_out)
{
    *screen_out = shown;
}

static void choose_mode(void)
{
    if (wanted_in_vain) {
        log_warn("vga: %s; the mode stays as it is\n", wanted_in_vain);
    }
    if (wanted_rows && !vga_mode_set(wanted_rows)) {
        log_warn("vga: no mode has %u lines (25, 28, 30, 34, 43, 50, 60 do); it stays as it is\n",
                 wanted_rows);
    }
    vga_mode_read(&shown);
    rows = shown.rows;
}

void vga_probe(void)
{
    if (!is_there()) {
        if (wanted_rows || wanted_in_vain || keep)
            log_warn("vga: there is no such adapter\n");
        return;
    }
    if (!vga_is_text()) {
        log_warn("vga: the boot loader left the screen in a graphics mode; it is not used\n");
        return;
    }
    screen = ioremap(VGA_MEMORY, VGA_MEMORY_SIZE);
    if (screen == NULL)
        return;
    choose_mode();
    clear_lines(0, rows);
    show();
    console_register(&vga);
}
