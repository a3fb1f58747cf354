/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where everything of a new PV domain goes: computed from the kernel's notes and three sizes, and
 * checked, before the domain has any memory.
 */
#include <errno.h>

#include <xen/elfnote.h>

#include "pv.h"

#define PADDING     (512ull << 10)
#define GRANULE     (4ull << 20)
#define L4_SPAN     (1ull << 39)
#define MAX_PAGES   (1ull << 27)        /* 512 GiB: the p2m list fits one entry of the L4 */

/* The hypervisor has these slots of each L4 for itself. */
#define HYPERVISOR_START 0xffff800000000000ull
#define HYPERVISOR_END   0xffff880000000000ull
#define LOWER_HALF_END   0x0000800000000000ull

static bool is_guest_address(uint64_t address)
{
    return address < LOWER_HALF_END || address >= HYPERVISOR_END;
}

/* [start, end) without the hypervisor's part, the hole, or the address space's end inside. */
static bool is_guest_range(uint64_t start, uint64_t end)
{
    if (end <= start || !is_guest_address(start))
        return false;
    return start >= HYPERVISOR_END || end <= LOWER_HALF_END;
}

static int plan_kernel(const struct guest_image_info *info, struct pv_layout *l, char *error)
{
    /*
     * Physical addresses say where things load: virtual ones may be something else altogether
     * (Linux links its per-CPU data at 0).
     */
    l->load_offset = has_note(info, XEN_ELFNOTE_PADDR_OFFSET) ? info->paddr_offset : 0;
    l->virt_base = has_note(info, XEN_ELFNOTE_VIRT_BASE) ? info->virt_base : 0;
    l->entry = has_note(info, XEN_ELFNOTE_ENTRY) ? info->entry : info->elf_entry;
    uint64_t size = info->load_end - l->load_offset;

    if (info->load_start < l->load_offset || l->virt_base % PAGE_SIZE ||
        !is_guest_range(l->virt_base, l->virt_base + size))
        return guest_fail(error, -ENOEXEC, "the kernel wants to be at %#llx..%#llx from %#llx on, "
                          "where it cannot be", (unsigned long long)info->load_start,
                          (unsigned long long)info->load_end, (unsigned long long)l->virt_base);
    l->kernel_pages = pages_of(size);
    if (l->entry - l->virt_base >= l->kernel_pages << PAGE_SHIFT)
        return guest_fail(error, -ENOEXEC, "the kernel's entry point %#llx is outside of it",
                          (unsigned long long)l->entry);
    if (!has_note(info, XEN_ELFNOTE_HYPERCALL_PAGE))
        return 0;
    if (info->hypercall_page - l->virt_base >= l->kernel_pages << PAGE_SHIFT ||
        info->hypercall_page % PAGE_SIZE)
        return guest_fail(error, -ENOEXEC, "the kernel's hypercall page %#llx is outside of it",
                          (unsigned long long)info->hypercall_page);
    return 0;
}

/* Page tables map themselves: their number grows until it covers the range that it makes. */
static int plan_tables(struct pv_layout *l, char *error)
{
    for (l->table_pages = 4;; l->table_pages++) {
        l->stack_pfn = l->l4_pfn + l->table_pages;
        l->range.start = l->virt_base;
        l->range.end = round_up(pv_address(l, l->stack_pfn + 1) + PADDING, GRANULE);
        if (!is_guest_range(l->range.start, l->range.end))
            return guest_fail(error, -ENOEXEC, "the kernel's first mapping does not fit at %#llx",
                              (unsigned long long)l->virt_base);
        if (pv_range_count(&l->range) + 1 <= l->table_pages)
            break;
    }
    l->range.tables_pfn = l->l4_pfn + 1;
    return 0;
}

static int plan_p2m_elsewhere(struct pv_layout *l, uint64_t *next, char *error)
{
    struct pv_range *r = &l->p2m_range;

    r->start = l->p2m_address;
    r->end = l->p2m_address + (l->p2m_pages << PAGE_SHIFT);
    if (l->p2m_address % PAGE_SIZE || !is_guest_range(r->start, r->end) ||
        r->start / L4_SPAN != (r->end - 1) / L4_SPAN ||
        r->start / L4_SPAN == l->range.start / L4_SPAN ||
        r->start / L4_SPAN == (l->range.end - 1) / L4_SPAN)
        return guest_fail(error, -ENOEXEC, "the kernel wants its p2m list at %#llx, where it "
                          "cannot be", (unsigned long long)l->p2m_address);
    l->p2m_pfn = *next;
    r->pfn = l->p2m_pfn;
    r->tables_pfn = l->p2m_pfn + l->p2m_pages;
    *next = r->tables_pfn + pv_range_count(r);
    return 0;
}

static int plan_rest(struct pv_layout *l, char *error)
{
    uint64_t ramdisk_pages = pages_of(l->ramdisk_size);
    uint64_t next = l->kernel_pages;

    l->ramdisk_pfn = next;
    next += l->ramdisk_is_unmapped ? 0 : ramdisk_pages;
    l->p2m_pfn = next;
    next += l->p2m_is_elsewhere ? 0 : l->p2m_pages;
    l->start_info_pfn = next++;
    l->store_pfn = next++;
    l->console_pfn = next++;
    l->l4_pfn = next;
    int rc = plan_tables(l, error);

    if (rc)
        return rc;
    next = (l->range.end - l->range.start) >> PAGE_SHIFT;
    if (l->ramdisk_is_unmapped) {
        l->ramdisk_pfn = next;
        next += ramdisk_pages;
    }
    if (l->p2m_is_elsewhere)
        rc = plan_p2m_elsewhere(l, &next, error);
    if (rc)
        return rc;
    if (!l->p2m_is_elsewhere)
        l->p2m_address = pv_address(l, l->p2m_pfn);
    if (next > l->pages)
        return guest_fail(error, -ENOMEM, "too little memory: this kernel%s at least %llu MiB, "
                          "and %llu MiB are configured",
                          l->ramdisk_size ? " with this ramdisk needs" : " needs",
                          (unsigned long long)(next + 255) >> 8,
                          (unsigned long long)l->pages >> 8);
    return 0;
}

int pv_layout_plan(const struct guest_image_info *info, uint64_t pages, uint64_t ramdisk_size,
                   struct pv_layout *l, char *error)
{
    *l = (struct pv_layout){ .pages = pages, .ramdisk_size = ramdisk_size };
    if (!pages || pages > MAX_PAGES)
        return guest_fail(error, -EINVAL, "%llu MiB of memory: it must be between 1 MiB and "
                          "%llu GiB", (unsigned long long)pages >> 8, MAX_PAGES >> 18);
    if (ramdisk_size > pages << PAGE_SHIFT)
        return guest_fail(error, -ENOMEM, "too little memory: the ramdisk has %llu MiB, and %llu "
                          "MiB are configured", (unsigned long long)(ramdisk_size >> 20) + 1,
                          (unsigned long long)pages >> 8);
    int rc = plan_kernel(info, l, error);

    if (rc)
        return rc;
    if (l->kernel_pages > pages)
        return guest_fail(error, -ENOMEM, "too little memory: the kernel alone needs %llu MiB, and "
                          "%llu MiB are configured", (unsigned long long)(l->kernel_pages >> 8) + 1,
                          (unsigned long long)pages >> 8);
    l->ramdisk_is_unmapped = has_note(info, XEN_ELFNOTE_MOD_START_PFN) && info->mod_start_pfn;
    l->p2m_is_elsewhere = has_note(info, XEN_ELFNOTE_INIT_P2M);
    l->p2m_address = info->init_p2m;
    l->p2m_pages = pages_of(pages * sizeof(uint64_t));
    return plan_rest(l, error);
}
