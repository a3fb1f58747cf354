/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image: linked at IMAGE_START, loaded at IMAGE_PHYS.  Sections are grouped by permission and
 * each group starts on a page, so that the page tables can give each group just the rights it
 * needs.
 */
#include <asm/layout.h>

ENTRY(boot_entry)

SECTIONS
{
    . = IMAGE_START;
    image_start = .;
    .text : AT(ADDR(.text) - IMAGE_START + IMAGE_PHYS) {
        KEEP(*(.multiboot))
        *(.text.entry)
        *(.text .text.*)
        . = ALIGN(4096);
    }
    text_end = .;
    .rodata : AT(ADDR(.rodata) - IMAGE_START + IMAGE_PHYS) {
        *(.rodata .rodata.*)
        . = ALIGN(8);
        extable_start = .;
        KEEP(*(.extable))
        extable_end = .;
        . = ALIGN(8);
        smap_sites_start = .;
        KEEP(*(.smap_sites))
        smap_sites_end = .;
        . = ALIGN(8);
        options_start = .;
        KEEP(*(.options))
        options_end = .;
        *(.symbols)
        *(.data.rel.ro .data.rel.ro.*)
        *(.got .got.*)
        . = ALIGN(4096);
    }
    rodata_end = .;
    .init : AT(ADDR(.init) - IMAGE_START + IMAGE_PHYS) {
        init_start = .;
        *(.init.text)
        . = ALIGN(4096);
        init_text_end = .;
        *(.init.rodata) *(.init.data)
        . = ALIGN(4096);
        init_end = .;
    }
    .data : AT(ADDR(.data) - IMAGE_START + IMAGE_PHYS) {
        data_start = .;
        *(.data.page_aligned)
        *(.data.read_mostly)
        . = ALIGN(64);
        percpu_start = .;
        *(.data.percpu)
        . = ALIGN(64);
        percpu_end = .;
        *(.data .data.*)
        . = ALIGN(8);
    }
    .bss : AT(ADDR(.bss) - IMAGE_START + IMAGE_PHYS) {
        . = ALIGN(65536);
        *(.bss.stack)
        *(.bss.page_aligned)
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
    }
    image_end = .;

    /DISCARD/ : { *(.comment) *(.note .note.*) *(.eh_frame .eh_frame_hdr) *(.gnu.*) }
}

ASSERT(image_end <= IMAGE_END, "the image outgrew its place in the address map")
