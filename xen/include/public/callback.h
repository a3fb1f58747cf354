/* SPDX-License-Identifier: GPL-2.0-only */
/* callback_op(cmd, arg): where we enter a PV kernel. -EINVAL if a callback cannot be removed. */
#ifndef PUBLIC_CALLBACK_H
#define PUBLIC_CALLBACK_H

#include "xen.h"

#define CALLBACKOP_register   0
#define CALLBACKOP_unregister 1

#define CALLBACKTYPE_event               0
#define CALLBACKTYPE_failsafe            1  /* a segment could not be loaded on return */
#define CALLBACKTYPE_syscall             2  /* by 64-bit user code */
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi                 4
#define CALLBACKTYPE_sysenter            5
#define CALLBACKTYPE_syscall32           7  /* by 32-bit user code */

/* Mask upcalls on entry; event and nmi do so always. */
#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (xen_mk_uint(1) << _CALLBACKF_mask_events)

#ifndef __ASSEMBLY__

struct callback_register {
    uint16_t type;                          /* CALLBACKTYPE_* */
    uint16_t flags;                         /* CALLBACKF_* */
    xen_callback_t address;
};
XEN_ABI_STRUCT(callback_register);

struct callback_unregister {
    uint16_t type;
    uint16_t _unused;
};
XEN_ABI_STRUCT(callback_unregister);

#endif /* __ASSEMBLY__ */
#endif
