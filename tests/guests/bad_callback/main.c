/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry points and frames that are no addresses, used all the same: the hypervisor must not fault
 * on the way into the guest.
 *
 * The registration may be refused; if not, the domain may end, or trap.
 *
 * expect: either
 */
#include "../lib/guest.h"

TEST("bad_callback")
{
    long port = event_bind_ipi(0);

    section("an upcall to no address");
    set_callbacks((void *)(1UL << 63), failsafe_entry, syscall_entry);
    event_unmask(port);
    TRAP_OF("movb $0, %0; syscall", :: "m"(vcpu_info()->evtchn_upcall_mask),
            "a"((unsigned long)__HYPERVISOR_xen_version), "D"(0L), "S"(0L)
            : "rcx", "r11", "memory");
    event_send(port);
}
