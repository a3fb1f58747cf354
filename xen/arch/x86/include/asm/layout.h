/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The address map.  The ABI gives the hypervisor PML4 slots 256..271; everything else belongs to PV
 * guests.
 *
 *   start                 size      slot      what
 *   0xffff800000000000    256 GiB   256       machine-to-phys table, read-only for PV guests (ABI)
 *   0xffff804000000000    256 GiB   256       (hole)
 *   0xffff808000000000    512 GiB   257       machine-to-phys table again, writable, ours
 *   0xffff810000000000    512 GiB   258       (unused)
 *   0xffff818000000000    512 GiB   259       fixmap and device memory (ioremap)
 *   0xffff820000000000    512 GiB   260       per-domain: each vcpu's GDT and LDT
 *   0xffff828000000000    256 GiB   261       frame table (32 bytes a frame: up to 32 TiB)
 *   0xffff82c000000000      1 GiB   261       hypervisor image
 *   0xffff82c040000000      1 GiB   261       per-CPU: stacks, system-call entry code
 *   0xffff82c080000000    (rest)    261       (hole)
 *   0xffff830000000000      5 TiB   262..271  direct map of all RAM
 */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#ifdef __ASSEMBLY__
#define LAYOUT_UL(x) x
#else
#define LAYOUT_UL(x) x##UL
#endif

#define HYPERVISOR_START    LAYOUT_UL(0xffff800000000000)
#define HYPERVISOR_END      LAYOUT_UL(0xffff880000000000)
#define M2P_RO_START        LAYOUT_UL(0xffff800000000000)
#define M2P_RO_END          LAYOUT_UL(0xffff804000000000)
#define M2P_START           LAYOUT_UL(0xffff808000000000)
#define IOREMAP_START       LAYOUT_UL(0xffff818000000000)
#define IOREMAP_END         LAYOUT_UL(0xffff820000000000)
#define PERDOMAIN_START     LAYOUT_UL(0xffff820000000000)
#define PERDOMAIN_END       LAYOUT_UL(0xffff828000000000)
#define FRAME_TABLE_START   LAYOUT_UL(0xffff828000000000)
#define FRAME_TABLE_END     LAYOUT_UL(0xffff82c000000000)
#define IMAGE_START         LAYOUT_UL(0xffff82c000000000)
#define IMAGE_END           LAYOUT_UL(0xffff82c040000000)
#define PERCPU_MAP_START    LAYOUT_UL(0xffff82c040000000)
#define PERCPU_MAP_END      LAYOUT_UL(0xffff82c080000000)
#define DIRECTMAP_START     LAYOUT_UL(0xffff830000000000)
#define DIRECTMAP_END       LAYOUT_UL(0xffff880000000000)

#define SLOT_FIRST          256
#define SLOT_LAST           271
#define SLOT_PERDOMAIN      260

/* Where the image is loaded: a 2 MiB boundary above the BIOS's and boot loaders' low memory. */
#define IMAGE_PHYS          0x200000
/* Where application processors wake up in real mode: one page, reserved from the start. */
#define AP_TRAMPOLINE_PHYS  0x8000

#ifndef __ASSEMBLY__
_Static_assert(M2P_RO_END <= M2P_START && M2P_START < IOREMAP_START, "map order");
_Static_assert(IOREMAP_END == PERDOMAIN_START && PERDOMAIN_END == FRAME_TABLE_START, "map touches");
_Static_assert(FRAME_TABLE_END == IMAGE_START && IMAGE_END == PERCPU_MAP_START, "map touches");
_Static_assert(DIRECTMAP_END == HYPERVISOR_END, "the direct map ends where the ABI's range ends");
#endif

#endif
