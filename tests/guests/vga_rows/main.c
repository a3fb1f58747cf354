/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vga=text-80x50: dom0 finds the screen in the mode that the option names, is told so, and sees the
 * same in the adapter's registers.
 *
 * options: vga=text-80x50
 * qemu: -vga std
 */
#include "../lib/guest.h"

static uint8_t crtc(uint8_t index)
{
    uint8_t value;

    asm volatile("outb %0, %1" :: "a"(index), "Nd"((uint16_t)0x3d4));
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"((uint16_t)0x3d5));
    return value;
}

TEST("vga_rows")
{
    const struct dom0_vga_console_info *vga =
        (const void *)((char *)start_info + start_info->console.dom0.info_off);

    section("what dom0 is told");
    EXPECT(start_info->console.dom0.info_size >= 8);
    EXPECT_EQ(vga->video_type, XEN_VGATYPE_TEXT_MODE_3);
    EXPECT_EQ(vga->u.text_mode_3.columns, 80);
    EXPECT_EQ(vga->u.text_mode_3.rows, 50);
    EXPECT_EQ(vga->u.text_mode_3.font_height, 8);

    section("what the adapter does");
    struct physdev_set_iopl iopl = { .iopl = 1 };

    EXPECT_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    EXPECT_EQ((crtc(0x09) & 0x1f) + 1, 8);
    EXPECT_EQ(crtc(0x12) | (crtc(0x07) >> 1 & 1) << 8, 399);
}
