/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions: what the entry code calls, and how to show what the machine was doing. */
#ifndef X86_TRAP_H
#define X86_TRAP_H

#include <public/xen.h>
#include <xen/types.h>

struct vcpu;

void trap_from_guest(struct cpu_user_regs *regs);           /* entry code; IRQs off on arrival */
void trap_from_hypervisor(struct cpu_user_regs *regs);
/* sorts the exception table, registers debug keys */
void trap_init(void);
uint64_t extable_find(uint64_t rip);                        /* where to go on, or 0 */

const char *symbol_find(uint64_t address, uint64_t *offset);    /* NULL: not our code */
void dump_registers(const struct cpu_user_regs *regs);
void dump_stack_trace(const struct cpu_user_regs *regs);
void dump_guest_stack(const struct vcpu *v, const struct cpu_user_regs *regs);

/* Continue the current guest from guest_regs(): the stack below is abandoned. */
noreturn void resume_guest(void);

#endif
