/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trap with a stack onto which nothing can be written ends the domain: there is no way to tell
 * the kernel of it.
 *
 * expect: crash
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"

TEST("crash_stack")
{
    asm volatile("mov %0, %%rsp; ud2" :: "r"(0x600000000000UL));
}
