/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TRAP_PRIVATE_H
#define TRAP_PRIVATE_H

struct cpu_user_regs;
void nmi_handle(struct cpu_user_regs *regs);

#endif
