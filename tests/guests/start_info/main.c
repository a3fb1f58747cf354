/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel finds at its start.
 *
 * The builder of a domain lays out, from the kernel's base on: kernel, p2m list, start_info, page
 * tables, stack; and describes it in start_info.  A kernel relies on every field before it can do
 * anything else, so an error here appears elsewhere as a dead guest without a word.
 */
#include "../lib/guest.h"
#include "../lib/layout.h"

TEST("start_info")
{
    layout_check();
    section("no module");
    EXPECT_EQ(start_info->mod_start, 0);
    EXPECT_EQ(start_info->mod_len, 0);
    EXPECT(!(start_info->flags & SIF_MOD_START_PFN));
    section("p2m within the first mapping");
    EXPECT(start_info->mfn_list >= (unsigned long)kernel_end);
    EXPECT(start_info->mfn_list < (unsigned long)start_info);
    EXPECT_EQ(start_info->mfn_list & ~PAGE_MASK, 0);
    EXPECT_EQ(start_info->nr_p2m_frames, 0);
}
