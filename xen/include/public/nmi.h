/* SPDX-License-Identifier: GPL-2.0-only */
/* nmi_op(cmd, arg): dom0's vCPU 0 hears of the machine's NMIs; anybody else gets -EINVAL. */
#ifndef PUBLIC_NMI_H
#define PUBLIC_NMI_H

#include "xen.h"

#define XENNMI_register_callback   0
#define XENNMI_unregister_callback 1        /* no argument */

/* arch_shared_info.nmi_reason */
#define _XEN_NMIREASON_io_error  0          /* port 0x61 bit 6 */
#define XEN_NMIREASON_io_error   (xen_mk_ulong(1) << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr  1          /* port 0x61 bit 7 */
#define XEN_NMIREASON_pci_serr   (xen_mk_ulong(1) << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown   2
#define XEN_NMIREASON_unknown    (xen_mk_ulong(1) << _XEN_NMIREASON_unknown)

#ifndef __ASSEMBLY__

struct xennmi_callback {
    unsigned long handler_address;
    unsigned long pad;
};
XEN_ABI_STRUCT(xennmi_callback);

#endif /* __ASSEMBLY__ */
#endif
