/* SPDX-License-Identifier: GPL-2.0-only */
/* Atomic operations and barriers: the common face of asm/atomic.h. */
#ifndef XEN_ATOMIC_H
#define XEN_ATOMIC_H
#include <asm/atomic.h>
#endif
