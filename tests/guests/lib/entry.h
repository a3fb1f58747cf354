/* SPDX-License-Identifier: GPL-2.0-only */
/* What the assembly and the C of a guest kernel agree upon. */
#ifndef GUEST_ENTRY_H
#define GUEST_ENTRY_H

#define VCPU_BLOCK_SIZE  0x8000
#define VCPU_ENTRY_STACK 0x4000         /* top of the stack for entries from user mode */
#define FRAME_SIZE       (22 * 8)

/* Vectors for which the processor has an error code: DF TS NP SS GP PF AC CP. */
#define TRAPS_WITH_ERROR 0x227d00

/* Entries that are no trap get numbers above all vectors. */
#define VECTOR_SYSCALL   256
#define VECTOR_SYSCALL32 257
#define VECTOR_SYSENTER  258
#define VECTOR_EVENT     259
#define VECTOR_NMI       260
#define VECTOR_FAILSAFE  261
#define NO_TRAP          0xffff

#endif
