/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack_switch to memory of the hypervisor, then a system call from user mode: nothing may be
 * written there.
 *
 * The stack may be refused; if not, its use ends the domain.
 *
 * expect: either
 * slow: yes
 * seconds: 60
 */
#include "../lib/guest.h"

void user_enter(unsigned long *saved_rsp, const struct trap_frame *frame);

USER_CODE_OF(user_syscall, "syscall; ud2");

TEST("bad_kernel_stack")
{
    struct trap_frame frame;

    user_init();
    if (stack_switch(FLAT_KERNEL_SS, HYPERVISOR_VIRT_START + 0x4000))
        return;
    frame = user_frame(user_syscall);
    user_enter(&current()->user_rsp, &frame);
    FAIL("user mode came back over the hypervisor's memory");
}
