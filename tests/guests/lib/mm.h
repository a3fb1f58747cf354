/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of a guest kernel.
 *
 * Guest frame N appears at VIRT_BASE + N * 4096, as far as the domain's builder mapped: kernel,
 * module, p2m, start_info, page tables.  Pages for tests come from a pool within the kernel's
 * image, so each has such an address and a p2m entry.
 */
#ifndef GUEST_MM_H
#define GUEST_MM_H

#include <public/xen.h>
#include "types.h"

#define VIRT_BASE 0xffffffff80000000UL

#define PTE_P    0x001UL
#define PTE_W    0x002UL
#define PTE_U    0x004UL
#define PTE_PWT  0x008UL
#define PTE_PCD  0x010UL
#define PTE_A    0x020UL
#define PTE_D    0x040UL
#define PTE_PSE  0x080UL
#define PTE_G    0x100UL
#define PTE_AVL  0xe00UL
#define PTE_NX   (1UL << 63)
#define PTE_MFN  0x000ffffffffff000UL

#define PTE_RO   (PTE_P | PTE_U | PTE_A | PTE_NX)
#define PTE_RW   (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX)
#define PTE_RX   (PTE_P | PTE_U | PTE_A)
#define PTE_RWX  (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define PTE_TAB  (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

void mm_init(void);

/* A page of the pool, cleared, mapped writable; and back. */
void *page_alloc(void);
void page_free(void *page);

unsigned long pfn_of(const void *va);           /* of an address within the builder's mapping */
unsigned long pfn_to_mfn(unsigned long pfn);
unsigned long mfn_to_pfn(unsigned long mfn);
void p2m_set(unsigned long pfn, unsigned long mfn);
void *pfn_to_va(unsigned long pfn);

static inline unsigned long mfn_of(const void *va)
{
    return pfn_to_mfn(pfn_of(va));
}

static inline uint64_t maddr_of(const void *va)
{
    return mfn_of(va) << PAGE_SHIFT | ((uintptr_t)va & ~PAGE_MASK);
}

static inline uint64_t pte_of(const void *va, uint64_t flags)
{
    return mfn_of(va) << PAGE_SHIFT | flags;
}

static inline void *table_of(uint64_t entry)
{
    return pfn_to_va(mfn_to_pfn((entry & PTE_MFN) >> PAGE_SHIFT));
}

/* A machine frame that is no RAM of this domain but the hypervisor's. */
unsigned long hypervisor_mfn(void);

/* The root loaded for kernel mode. */
uint64_t *kernel_root(void);

static inline unsigned int table_index(const void *va, unsigned int level)
{
    return (uintptr_t)va >> (PAGE_SHIFT + 9 * (level - 1)) & 511;
}

/* The entry of this level for an address, in its table's read-only mapping; NULL: none. */
uint64_t *pt_entry(uint64_t *root, const void *va, unsigned int level);

/* An entry as the guest wrote it: the hypervisor may make mappings global. */
static inline uint64_t pt_read(const volatile uint64_t *entry)
{
    return *entry & PTE_P ? *entry & ~PTE_G : *entry;
}

/* One entry by mmu_update. */
long pt_write(const void *entry, uint64_t value);
long pt_write_maddr(uint64_t maddr, uint64_t value);

/* Change how a page of the pool is mapped at its own address. */
long page_remap(const void *va, uint64_t flags);

/* Make a page of the pool read-only and pin it. */
long table_pin(void *table, unsigned int level);
long table_unpin(void *table);
long mmuext_mfn(unsigned int cmd, unsigned long mfn);
long mmuext(unsigned int cmd, unsigned long arg1, unsigned long arg2);

/* A cleared page that is mapped read-only, ready to be linked or pinned. */
void *table_alloc(void);
void table_free(void *table);

/* Map a machine address's page in a root, with tables as needed; returns the hypercall's result. */
long map_page(uint64_t *root, const void *va, uint64_t entry);

#endif
