/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text modes of 80 columns: 25 to 60 lines out of 350, 400 or 480 scan lines and of characters 8,
 * 14 or 16 scan lines high.
 *
 * No BIOS is called, only registers of the plain VGA are written: the adapter must be in its text
 * mode already.  The characters of 16 lines are in its memory; those of 14 lack the first and last
 * line; those of 8 come from the video BIOS where its table can be found, and are pressed out of
 * the others where not.
 */
#include <asm/io.h>
#include <lib/math.h>
#include <lib/string.h>
#include <x86/mm.h>

#include "private.h"
#include "vga.h"

#define SEQ_INDEX       0x3c4
#define GFX_INDEX       0x3ce
#define MISC_WRITE      0x3c2
#define MISC_READ       0x3cc

#define GLYPHS          256
#define GLYPH_ROOM      32              /* bytes of each, in plane 2 */
#define PLANES          0xa0000
#define ROM_START       0xc0000
#define ROM_SIZE        0x20000

struct scan {
    uint8_t polarity;                   /* of the synchronisation pulses: bits 7 and 6 of MISC */
    uint8_t total, overflow, sync_start, sync_end, blank_start, blank_end;
    uint16_t lines;
};

static const struct scan scan_350 = { 0x80, 0xbf, 0x1f, 0x83, 0x05, 0x63, 0xba, 350 };
static const struct scan scan_400 = { 0x40, 0xbf, 0x1f, 0x9c, 0x0e, 0x96, 0xb9, 400 };
static const struct scan scan_480 = { 0xc0, 0x0b, 0x3e, 0xea, 0x0c, 0xe7, 0x04, 480 };

static const struct {
    uint8_t rows, height;
    const struct scan *scan;
} modes[] = {
    { 25, 16, &scan_400 }, { 28, 14, &scan_400 }, { 30, 16, &scan_480 }, { 34, 14, &scan_480 },
    { 43, 8, &scan_350 }, { 50, 8, &scan_400 }, { 60, 8, &scan_480 },
};

static void write_pair(uint16_t port, uint8_t index, uint8_t value)
{
    outb(index, port);
    outb(value, (uint16_t)(port + 1));
}

/* ---- Characters ------------------------------------------------------------------------------ */

/* Plane 2 alone shows at PLANES, byte by byte; and back to text. */
static void planes_open(void)
{
    write_pair(SEQ_INDEX, 0, 1);
    write_pair(SEQ_INDEX, 2, 4);
    write_pair(SEQ_INDEX, 4, 7);
    write_pair(SEQ_INDEX, 0, 3);
    write_pair(GFX_INDEX, 4, 2);
    write_pair(GFX_INDEX, 5, 0);
    write_pair(GFX_INDEX, 6, 4);
}

static void planes_close(void)
{
    write_pair(SEQ_INDEX, 0, 1);
    write_pair(SEQ_INDEX, 2, 3);
    write_pair(SEQ_INDEX, 4, 3);
    write_pair(SEQ_INDEX, 0, 3);
    write_pair(GFX_INDEX, 4, 0);
    write_pair(GFX_INDEX, 5, 0x10);
    write_pair(GFX_INDEX, 6, 0x0e);
}

/* The video BIOS has 256 characters of 8x8 somewhere; two faces are the first that are not blank,
 * and have always looked like this. */
static const uint8_t *rom_font(void)
{
    static const uint8_t faces[16] = { 0x7e, 0x81, 0xa5, 0x81, 0xbd, 0x99, 0x81, 0x7e,
                                       0x7e, 0xff, 0xdb, 0xff, 0xc3, 0xe7, 0xff, 0x7e };
    const uint8_t *rom = ioremap(ROM_START, ROM_SIZE);

    for (size_t at = 8; rom && at + GLYPHS * 8 <= ROM_SIZE; at++) {
        const uint8_t *font = rom + at - 8;
        /* A full block is full. */
        if (rom[at] == faces[0] && !memcmp(rom + at, faces, sizeof(faces)) &&
            font[0xdb * 8] == 0xff && font[' ' * 8] == 0) {
            return font;
        }
    }
    return NULL;
}

static void glyph_press(uint8_t to[8], const volatile uint8_t *from)
{
    for (unsigned int i = 0; i < 8; i++)
        to[i] = from[i * 2] | from[i * 2 + 1];
}

static void font_set(unsigned int height)
{
    const uint8_t *small = height == 8 ? rom_font() : NULL;
    volatile uint8_t *plane = ioremap(PLANES, GLYPHS * GLYPH_ROOM);

    if (height == 16 || plane == NULL)
        return;
    planes_open();
    for (unsigned int c = 0; c < GLYPHS; c++) {
        volatile uint8_t *glyph = plane + c * GLYPH_ROOM;
        uint8_t lines[GLYPH_ROOM] = { 0 };
        if (height == 14) {
            for (unsigned int i = 0; i < 14; i++)
                lines[i] = glyph[i + 1];
        } else if (small) {
            memcpy(lines, small + c * 8, 8);
        } else {
            glyph_press(lines, glyph);
        }
        for (unsigned int i = 0; i < GLYPH_ROOM; i++)
            glyph[i] = lines[i];
    }
    planes_close();
}

/* ---- Modes ----------------------------------------------------------------------------------- */

static void timing_set(const struct scan *s, unsigned int shown)
{
    unsigned int end = shown - 1;
    unsigned int high = (end >> 8 & 1) << 1 | (end >> 9 & 1) << 6;

    crtc_write(CRTC_SYNC_END, s->sync_end);         /* bit 7 clear: the others may be written */
    crtc_write(CRTC_TOTAL, s->total);
    crtc_write(CRTC_OVERFLOW, (uint8_t)((s->overflow & ~0x42u) | high));
    crtc_write(CRTC_SYNC_START, s->sync_start);
    crtc_write(CRTC_SHOWN_END, (uint8_t)end);
    crtc_write(CRTC_BLANK_START, s->blank_start);
    crtc_write(CRTC_BLANK_END, s->blank_end);
    crtc_write(CRTC_SYNC_END, s->sync_end | 0x80);
    outb((uint8_t)((inb(MISC_READ) & 0x3f) | s->polarity), MISC_WRITE);
}

bool vga_is_text(void)
{
    outb(6, GFX_INDEX);
    return (inb(GFX_INDEX + 1) & 1) == 0;
}

void vga_mode_read(struct vga_screen *screen)
{
    uint8_t overflow = crtc_read(CRTC_OVERFLOW);
    unsigned int lines = 1 + (crtc_read(CRTC_SHOWN_END) | (overflow >> 1 & 1u) << 8 |
                              (overflow >> 6 & 1u) << 9);

    screen->font_height = (crtc_read(CRTC_MAX_SCAN) & 0x1f) + 1;
    screen->rows = clamp(lines / screen->font_height, 1u, 100u);
}

bool vga_mode_set(unsigned int rows)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
        if (modes[i].rows != rows)
            continue;
        unsigned int height = modes[i].height;
        font_set(height);
        timing_set(modes[i].scan, rows * height);
        crtc_write(CRTC_MAX_SCAN, (uint8_t)((crtc_read(CRTC_MAX_SCAN) & 0x60) | (height - 1)));
        crtc_write(CRTC_CURSOR_START, (uint8_t)(height - 2));
        crtc_write(CRTC_CURSOR_END, (uint8_t)(height - 1));
        return true;
    }
    return false;
}
