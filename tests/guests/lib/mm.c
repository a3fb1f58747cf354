/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory: pool, p2m, page tables.
 *
 * The p2m is the builder's list, or at INIT_P2M; the kernel may write it.  The pool is not locked:
 * only the first vCPU allocates.
 */
#include "guest.h"

#define POOL_PAGES 1024

static uint8_t pool[POOL_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static void *pool_free[POOL_PAGES];
static unsigned int pool_free_count;

void mm_init(void)
{
    for (unsigned int i = POOL_PAGES; i > 0; i--)
        pool_free[pool_free_count++] = pool[i - 1];
}

void *page_alloc(void)
{
    REQUIRE(pool_free_count > 0);

    void *page = pool_free[--pool_free_count];

    memset(page, 0, PAGE_SIZE);
    return page;
}

void page_free(void *page)
{
    pool_free[pool_free_count++] = page;
}

unsigned long pfn_of(const void *va)
{
    return ((uintptr_t)va - VIRT_BASE) >> PAGE_SHIFT;
}

void *pfn_to_va(unsigned long pfn)
{
    return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

unsigned long pfn_to_mfn(unsigned long pfn)
{
    return ((unsigned long *)start_info->mfn_list)[pfn];
}

void p2m_set(unsigned long pfn, unsigned long mfn)
{
    ((unsigned long *)start_info->mfn_list)[pfn] = mfn;
}

unsigned long mfn_to_pfn(unsigned long mfn)
{
    return machine_to_phys_mapping[mfn];
}

unsigned long hypervisor_mfn(void)
{
    /* The machine-to-physical table lies in the hypervisor's memory; the root shows where. */
    struct xen_machphys_mfn_list list = { .max_extents = 1 };
    xen_pfn_t mfn = 0;

    set_xen_guest_handle(list.extent_start, &mfn);
    REQUIRE(memory_op(XENMEM_machphys_mfn_list, &list) == 0);
    return mfn;
}

uint64_t *kernel_root(void)
{
    return (uint64_t *)start_info->pt_base;
}

uint64_t *pt_entry(uint64_t *root, const void *va, unsigned int level)
{
    uint64_t *table = root;

    for (unsigned int l = 4; l > level; l--) {
        uint64_t entry = table[table_index(va, l)];

        if (!(entry & PTE_P))
            return NULL;
        table = table_of(entry);
    }
    return &table[table_index(va, level)];
}

long pt_write_maddr(uint64_t maddr, uint64_t value)
{
    struct mmu_update update = { .ptr = maddr | MMU_NORMAL_PT_UPDATE, .val = value };

    return mmu_update(&update, 1, NULL, DOMID_SELF);
}

long pt_write(const void *entry, uint64_t value)
{
    return pt_write_maddr(maddr_of(entry), value);
}

long page_remap(const void *va, uint64_t flags)
{
    return update_va_mapping(va, pte_of(va, flags), UVMF_INVLPG | UVMF_ALL);
}

long mmuext(unsigned int cmd, unsigned long arg1, unsigned long arg2)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2 };

    return mmuext_op(&op, 1, NULL, DOMID_SELF);
}

long mmuext_mfn(unsigned int cmd, unsigned long mfn)
{
    return mmuext(cmd, mfn, 0);
}

long table_pin(void *table, unsigned int level)
{
    long rc = page_remap(table, PTE_RO);

    if (rc)
        return rc;
    return mmuext_mfn(MMUEXT_PIN_L1_TABLE + level - 1, mfn_of(table));
}

long table_unpin(void *table)
{
    return mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn_of(table));
}

void *table_alloc(void)
{
    void *table = page_alloc();

    REQUIRE_EQ(page_remap(table, PTE_RO), 0);
    return table;
}

void table_free(void *table)
{
    REQUIRE_EQ(page_remap(table, PTE_RW), 0);
    page_free(table);
}

long map_page(uint64_t *root, const void *va, uint64_t entry)
{
    for (unsigned int level = 4; level > 1; level--) {
        uint64_t *e = pt_entry(root, va, level);
        long rc;

        if (*e & PTE_P)
            continue;
        rc = pt_write(e, pte_of(table_alloc(), PTE_TAB));
        if (rc)
            return rc;
    }
    return pt_write(pt_entry(root, va, 1), entry);
}
