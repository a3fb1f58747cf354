/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Placement by notes: a p2m list at an address of the kernel's choice, outside the first mapping,
 * and a module that is named by its frame and not mapped.  Linux asks for both.
 *
 * notes: INIT_P2M MOD_START_PFN
 * module: 70000
 */
#include "../lib/guest.h"
#include "../lib/layout.h"

#define P2M 0x8000000000UL
#define WINDOW ((unsigned char *)0x100000000UL)

/* Seen through another mapping, the page is one of the frames said to hold the p2m. */
static bool is_among_p2m_frames(const void *page)
{
    for (unsigned long i = 0; i < start_info->nr_p2m_frames; i++) {
        unsigned long mfn = pfn_to_mfn(start_info->first_p2m_pfn + i);

        REQUIRE_EQ(map_page(kernel_root(), WINDOW, mfn << PAGE_SHIFT | PTE_RO), 0);
        REQUIRE_EQ(mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)WINDOW, 0), 0);
        if (!memcmp(WINDOW, page, PAGE_SIZE))
            return true;
    }
    return false;
}

static void check_p2m(void)
{
    section("p2m where the note says");
    REQUIRE_EQ(start_info->mfn_list, P2M);

    unsigned long size = start_info->nr_pages * sizeof(unsigned long);

    /* Its own frames: list and the page tables that map it. */
    EXPECT(start_info->nr_p2m_frames >= (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    EXPECT(start_info->first_p2m_pfn + start_info->nr_p2m_frames <= start_info->nr_pages);
    for (unsigned long at = 0; at < size; at += PAGE_SIZE)
        EXPECT(is_among_p2m_frames((void *)(P2M + at)));
    section("p2m is the guest's to write");
    p2m_set(0, pfn_to_mfn(0));
}

static void check_module(void)
{
    section("module by frame");
    EXPECT(start_info->flags & SIF_MOD_START_PFN);
    REQUIRE_EQ(start_info->mod_len, 70000);
    EXPECT(start_info->mod_start + (70000 >> PAGE_SHIFT) < start_info->nr_pages);

    unsigned long wrong = 0;

    for (unsigned long i = 0; i < start_info->mod_len; i += PAGE_SIZE) {
        unsigned long mfn = pfn_to_mfn(start_info->mod_start + i / PAGE_SIZE);

        REQUIRE_EQ(map_page(kernel_root(), WINDOW + i, mfn << PAGE_SHIFT | PTE_RW), 0);
        REQUIRE_EQ(mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)(WINDOW + i), 0), 0);
    }
    for (unsigned long i = 0; i < start_info->mod_len; i++)
        wrong += WINDOW[i] != module_byte(i);
    EXPECT_EQ(wrong, 0);
}

TEST("start_info_p2m")
{
    layout_check();
    check_p2m();
    check_module();
}
