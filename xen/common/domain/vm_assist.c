/* SPDX-License-Identifier: GPL-2.0-only */
/* HYPERVISOR_vm_assist: switches a guest may flip in how it is treated. */
#include <xen/arch.h>
#include <xen/bitops.h>
#include <xen/hypercall.h>

#include "private.h"

/* Segment fix-ups (0..2) only exist for 32-bit guests' 4 GiB segments; writable page tables (type
 * 2's successor) are how we always work, so asking for them is granted. */
#define VALID                                                                             \
    ((1UL << VMASST_TYPE_writable_pagetables) | (1UL << VMASST_TYPE_architectural_iopl) | \
     (1UL << VMASST_TYPE_runstate_update_flag) | (1UL << VMASST_TYPE_m2p_strict))

void domain_set_vm_assist(struct domain *d, unsigned long assist)
{
    d->vm_assist = assist & VALID;
}

long do_vm_assist(unsigned int cmd, unsigned int type)
{
    struct domain *d = current->domain;

    if (type >= 64 || !((VALID >> type) & 1))
        return -EINVAL;
    switch (cmd) {
    case VMASST_CMD_enable: atomic_set_bit(type, &d->vm_assist); break;
    case VMASST_CMD_disable: atomic_clear_bit(type, &d->vm_assist); break;
    default: return -ENOSYS;
    }
    arch_vm_assist_changed(d);
    return 0;
}
