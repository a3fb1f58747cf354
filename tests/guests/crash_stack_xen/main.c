/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trap with a stack pointer into the machine-to-physical table, which the guest may read: the
 * hypervisor, which may write there, must not, and ends the domain.
 *
 * expect: crash
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"

TEST("crash_stack_xen")
{
    asm volatile("mov %0, %%rsp; ud2" :: "r"(HYPERVISOR_VIRT_START + 0x4000));
}
