/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User mode: code from section .user and data from .user_data, mapped by a page table of their own
 * in the low half, entered and left synchronously.
 */
#ifndef GUEST_USER_H
#define GUEST_USER_H

#include "trap.h"

#define USER_CODE  0x400000UL
#define USER_DATA  0x600000UL
#define USER_STACK 0x800000UL           /* the stack's page ends here */

extern char user_start[], user_end[], user_data_start[], user_data_end[];

/* Code for user mode, with a label in the kernel's mapping. */
#define USER_CODE_OF(name, text) \
    extern char name[]; \
    asm(".pushsection .user, \"ax\", @progbits; .balign 16; .globl " #name "; " #name ":; " text \
        "; .popsection")

/* The address in user mode of something in .user or .user_data. */
unsigned long user_address(const void *kernel_address);

/* Make the page table and load it. */
void user_init(void);
uint64_t *user_root(void);

/* Registers to start with: user code at rip, everything else zero but the stack. */
struct trap_frame user_frame(const void *code);

/* Run until a trap, a system call or anything else enters the kernel; tells what and when. */
struct trap user_run(const struct trap_frame *frame);

#endif
