/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of start_info, of the frames it names and of the mapping they are in. */
#include "guest.h"
#include "layout.h"

static void check_fields(void)
{
    section("magic, flags, command line");
    EXPECT_EQ((unsigned long)start_info & ~PAGE_MASK, 0);
    EXPECT(!strncmp(start_info->magic, "xen-", 4));
    EXPECT(strlen(start_info->magic) < sizeof(start_info->magic));
    EXPECT(strstr_in(start_info->magic, "x86_64"));
    EXPECT(start_info->flags & SIF_PRIVILEGED);
    EXPECT(start_info->flags & SIF_INITDOMAIN);
    EXPECT(told("guest="));

    section("what dom0 has and has not");
    EXPECT_EQ(start_info->store_mfn, 0);
    EXPECT_EQ(start_info->store_evtchn, 0);
    if (start_info->console.dom0.info_size) {
        EXPECT(start_info->console.dom0.info_off >= sizeof(struct start_info));
        EXPECT(start_info->console.dom0.info_off + start_info->console.dom0.info_size <= PAGE_SIZE);
    }
    EXPECT(start_info->shared_info);
    EXPECT_EQ(start_info->shared_info & ~PAGE_MASK, 0);
}

static void check_order(void)
{
    section("order in the first mapping");
    EXPECT((unsigned long)start_info >= (unsigned long)kernel_end);
    EXPECT(start_info->pt_base > (unsigned long)start_info);
    EXPECT_EQ(start_info->pt_base & ~PAGE_MASK, 0);
    EXPECT(start_info->nr_pt_frames >= 4);

    unsigned long stack = start_info->pt_base + (start_info->nr_pt_frames << PAGE_SHIFT);
    unsigned long end = VIRT_BASE;

    while (pt_entry(kernel_root(), (void *)end, 1) &&
           (*pt_entry(kernel_root(), (void *)end, 1) & PTE_P))
        end += PAGE_SIZE;
    EXPECT(end >= stack + PAGE_SIZE + 0x80000);
    EXPECT_EQ(end & 0x3fffff, 0);
}

static bool is_page_table(unsigned long va)
{
    return va >= start_info->pt_base &&
           va < start_info->pt_base + (start_info->nr_pt_frames << PAGE_SHIFT);
}

static void check_mapping(void)
{
    unsigned long pfn = 0, wrong = 0, writable_tables = 0;

    section("guest frames at their addresses, tables read-only");
    for (;; pfn++) {
        uint64_t *entry = pt_entry(kernel_root(), pfn_to_va(pfn), 1);

        if (!entry || !(*entry & PTE_P))
            break;
        /* One page of the kernel's shows shared_info since main.c mapped it. */
        if (pfn_to_va(pfn) == (void *)shared_info)
            continue;
        if ((*entry & PTE_MFN) >> PAGE_SHIFT != pfn_to_mfn(pfn))
            wrong++;
        if (is_page_table((unsigned long)pfn_to_va(pfn)) && (*entry & PTE_W))
            writable_tables++;
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(writable_tables, 0);
    EXPECT(pfn <= start_info->nr_pages);

    section("the root is the loaded one, the others are used");
    for (unsigned long i = 0; i < start_info->nr_pt_frames; i++)
        EXPECT(pfn_to_mfn(pfn_of((char *)start_info->pt_base) + i) != 0);
}

static void check_p2m(void)
{
    unsigned long wrong = 0, same = 0;

    section("p2m and m2p agree");
    for (unsigned long pfn = 0; pfn < start_info->nr_pages; pfn++) {
        unsigned long mfn = pfn_to_mfn(pfn);

        if (mfn_to_pfn(mfn) != pfn)
            wrong++;
        if (pfn && mfn == pfn_to_mfn(pfn - 1))
            same++;
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(same, 0);
}

void layout_check(void)
{
    check_fields();
    section("size");
    EXPECT(start_info->nr_pages > 0x6000);
    EXPECT(start_info->nr_pages <= 0x8000);
    check_order();
    check_mapping();
    check_p2m();
}
