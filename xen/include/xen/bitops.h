/* SPDX-License-Identifier: GPL-2.0-only */
/* Bit operations on memory shared with guests or CPUs: the common face of asm/bitops.h. */
#ifndef XEN_BITOPS_H
#define XEN_BITOPS_H
#include <asm/bitops.h>
#endif
