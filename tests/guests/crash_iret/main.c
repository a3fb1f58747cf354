/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The iret call with a stack that cannot be read ends the domain.
 *
 * expect: crash
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"

TEST("crash_iret")
{
    asm volatile("mov %0, %%rsp; mov %1, %%eax; syscall; ud2"
                 :: "r"(HYPERVISOR_VIRT_START), "i"(__HYPERVISOR_iret));
}
