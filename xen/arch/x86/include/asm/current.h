/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who runs on this CPU.
 *
 * Each CPU has one stack of STACK_SIZE bytes, aligned to its size; its top holds struct cpu_info.
 * So the stack pointer alone finds it, on the main stack and on the exception stacks below, with no
 * segment register: GS stays the guest's, and a guest's entry needs no swapgs.
 *
 *   page 0      system-call entry code of this CPU (executable where it is mapped read-only)
 *   page 1..4   IST stacks: #DF, NMI, #MC, #DB
 *   page 5      guard (not present)
 *   page 6..    main stack, growing down from cpu_info
 */
#ifndef ASM_CURRENT_H
#define ASM_CURRENT_H

#define STACK_ORDER 4
#define STACK_SIZE  (4096 << STACK_ORDER)
#define STACK_MAIN_PAGE 6

#ifndef __ASSEMBLY__
#include <public/xen.h>

struct vcpu;

struct cpu_info {
    /* puts guest_regs.es, where the processor starts to push, on 16 bytes */
    unsigned long pad0;
    struct cpu_user_regs guest_regs;    /* saved by the entry code */
    struct vcpu *vcpu;
    unsigned long percpu_offset;
    unsigned int cpu;
    unsigned int pad1;
    /* system-call entry parks registers here before it has a stack */
    unsigned long scratch[3];
};
_Static_assert(sizeof(struct cpu_info) == 256, "multiple of 16");

register unsigned long stack_pointer asm("rsp");

static inline struct cpu_info *cpu_info(void)
{
    return (struct cpu_info *)((stack_pointer | (STACK_SIZE - 1)) + 1) - 1;
}

static inline unsigned int smp_cpu(void) { return cpu_info()->cpu; }
static inline unsigned long this_percpu_offset(void) { return cpu_info()->percpu_offset; }
static inline struct cpu_user_regs *guest_regs(void) { return &cpu_info()->guest_regs; }

#define current (cpu_info()->vcpu)
#endif

#endif
