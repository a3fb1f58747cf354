/* SPDX-License-Identifier: GPL-2.0-only */
/* Processor state bits: flags, control registers, selectors, exception vectors. */
#ifndef ASM_REGS_H
#define ASM_REGS_H

#define FLAGS_CF    0x00000001
#define FLAGS_MBS   0x00000002
#define FLAGS_TF    0x00000100
#define FLAGS_IF    0x00000200
#define FLAGS_DF    0x00000400
#define FLAGS_IOPL  0x00003000
#define FLAGS_NT    0x00004000
#define FLAGS_RF    0x00010000
#define FLAGS_VM    0x00020000
#define FLAGS_AC    0x00040000
#define FLAGS_VIF   0x00080000
#define FLAGS_VIP   0x00100000
#define FLAGS_ID    0x00200000

#define CR0_PE      0x00000001
#define CR0_MP      0x00000002
#define CR0_EM      0x00000004
#define CR0_TS      0x00000008
#define CR0_ET      0x00000010
#define CR0_NE      0x00000020
#define CR0_WP      0x00010000
#define CR0_AM      0x00040000
#define CR0_NW      0x20000000
#define CR0_CD      0x40000000
#define CR0_PG      0x80000000

#define CR4_VME     0x00000001
#define CR4_PVI     0x00000002
#define CR4_TSD     0x00000004
#define CR4_DE      0x00000008
#define CR4_PSE     0x00000010
#define CR4_PAE     0x00000020
#define CR4_MCE     0x00000040
#define CR4_PGE     0x00000080
#define CR4_PCE     0x00000100
#define CR4_OSFXSR  0x00000200
#define CR4_OSXMMEXCPT 0x00000400
#define CR4_UMIP    0x00000800
#define CR4_FSGSBASE 0x00010000
#define CR4_PCIDE   0x00020000
#define CR4_OSXSAVE 0x00040000
#define CR4_SMEP    0x00100000
#define CR4_SMAP    0x00200000

#define VEC_DE  0
#define VEC_DB  1
#define VEC_NMI 2
#define VEC_BP  3
#define VEC_OF  4
#define VEC_BR  5
#define VEC_UD  6
#define VEC_NM  7
#define VEC_DF  8
#define VEC_TS  10
#define VEC_NP  11
#define VEC_SS  12
#define VEC_GP  13
#define VEC_PF  14
#define VEC_MF  16
#define VEC_AC  17
#define VEC_MC  18
#define VEC_XM  19

#define PF_PRESENT  0x01
#define PF_WRITE    0x02
#define PF_USER     0x04
#define PF_RESERVED 0x08
#define PF_FETCH    0x10

/* Our selectors; the GDT's page 14, which the ABI reserves (FLAT_* in public/arch-x86/xen-x86_64.h
 * are guests'). */
#define SEL_HV_CS   0xe008
#define SEL_HV_DS   0xe010
#define SEL_TSS     0xe040
#define SEL_LDT     0xe050

#endif
