/* SPDX-License-Identifier: GPL-2.0-only */
/* The address map for host tests: where a process can have the frame table and the direct map. */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#define FRAME_TABLE_START   0x200000000000UL
#define FRAME_TABLE_END     0x240000000000UL
#define DIRECTMAP_START     0x300000000000UL
#define DIRECTMAP_END       0x350000000000UL
#define IMAGE_START         0x400000000000UL
#define IMAGE_PHYS          0x200000
#define PERDOMAIN_START     0x500000000000UL
#define M2P_START           0x580000000000UL

#endif
