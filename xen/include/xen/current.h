/* SPDX-License-Identifier: GPL-2.0-only */
/* Who runs here: the common face of asm/current.h (current, smp_cpu(), guest_regs(),
 * this_percpu_offset()). */
#ifndef XEN_CURRENT_H
#define XEN_CURRENT_H
#include <asm/current.h>
#endif
