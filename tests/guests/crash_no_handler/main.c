/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trap for which the kernel has no handler ends the domain, with registers and reason on the
 * console, and dom0's end restarts the machine. The hypervisor does not follow.
 *
 * expect: crash
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"

TEST("crash_no_handler")
{
    EXPECT_EQ(set_trap_table(NULL), 0);
    asm volatile("ud2");
}
