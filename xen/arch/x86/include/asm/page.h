/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages, page-table entries, and the direct map. */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#include <asm/layout.h>

#define PAGE_SHIFT  12
#define PAGE_SIZE   4096
#define PAGE_MASK   (~4095UL)

#define PTE_PRESENT     0x001
#define PTE_WRITE       0x002
#define PTE_USER        0x004
#define PTE_PWT         0x008
#define PTE_PCD         0x010
#define PTE_ACCESSED    0x020
#define PTE_DIRTY       0x040
#define PTE_PSE         0x080       /* L2, L3: a large page */
#define PTE_PAT         0x080       /* L1 */
#define PTE_GLOBAL      0x100
#define PTE_AVAIL       0xe00

#ifndef __ASSEMBLY__
#include <xen/types.h>

#define PTE_NX          (1UL << 63)
#define PTE_ADDR_MASK   0x000ffffffffff000UL
#define PTE_SW_HIGH     (0x7ffUL << 52)     /* bits 52..62: software's */

/* Flags of our own mappings. */
#define HV_RW   (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define HV_RO   (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define HV_RX   (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY)
#define HV_UC   (HV_RW | PTE_PCD | PTE_PWT)

typedef uint64_t pte_t;

static inline mfn_t pte_mfn(pte_t e) { return mfn_of((e & PTE_ADDR_MASK) >> PAGE_SHIFT); }
static inline pte_t pte_make(mfn_t mfn, uint64_t flags) { return (mfn.m << PAGE_SHIFT) | flags; }

static inline unsigned int pt_index(uint64_t va, unsigned int level)   /* level 1..4 */
{
    return (unsigned int)(va >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

static inline bool va_is_canonical(uint64_t va) { return (uint64_t)((int64_t)va >> 47) + 1 <= 1; }

/* RAM through the direct map. */
static inline void *maddr_to_virt(maddr_t a) { return (void *)(DIRECTMAP_START + a.a); }
static inline void *mfn_to_virt(mfn_t m) { return (void *)(DIRECTMAP_START + (m.m << PAGE_SHIFT)); }
static inline maddr_t virt_to_maddr(const void *p)
{
    return maddr_of((uint64_t)p - DIRECTMAP_START);
}
static inline mfn_t virt_to_mfn(const void *p)
{
    return mfn_of(((uint64_t)p - DIRECTMAP_START) >> PAGE_SHIFT);
}
/* The image's own addresses: valid only for static objects. */
static inline maddr_t image_to_maddr(const void *p)
{
    return maddr_of((uint64_t)p - IMAGE_START + IMAGE_PHYS);
}
#endif

#endif
