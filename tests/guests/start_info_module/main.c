/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the builder puts the module (initrd) of a kernel that has no wishes: behind the kernel, in
 * the first mapping, unharmed to the last byte; and the rest of its last page is clear.
 *
 * module: 300001
 */
#include "../lib/guest.h"
#include "../lib/layout.h"

TEST("start_info_module")
{
    layout_check();
    section("module");
    EXPECT(!(start_info->flags & (SIF_MULTIBOOT_MOD | SIF_MOD_START_PFN)));
    REQUIRE_EQ(start_info->mod_len, 300001);
    REQUIRE(start_info->mod_start >= (unsigned long)kernel_end);
    EXPECT_EQ(start_info->mod_start & ~PAGE_MASK, 0);
    EXPECT(start_info->mod_start + start_info->mod_len <= start_info->mfn_list);

    const unsigned char *module = (const unsigned char *)start_info->mod_start;
    unsigned long wrong = 0, i = 0;

    for (; i < start_info->mod_len; i++)
        wrong += module[i] != module_byte(i);
    EXPECT_EQ(wrong, 0);
    for (; i & ~PAGE_MASK; i++)
        wrong += module[i] != 0;
    EXPECT_EQ(wrong, 0);

    section("the module's pages are the guest's to write");
    *(volatile unsigned char *)start_info->mod_start = 1;
}
