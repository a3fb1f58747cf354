/* SPDX-License-Identifier: GPL-2.0-only */
/* Who runs here, for host tests: what the test says. */
#ifndef ASM_CURRENT_H
#define ASM_CURRENT_H

#include <public/xen.h>

struct vcpu;

#define STACK_ORDER 4
#define STACK_SIZE  (4096 << STACK_ORDER)

extern struct vcpu *fake_current;
#ifdef FAKE_THREADS
#define FAKE_OWN __thread               /* each thread may be a CPU */
#else
#define FAKE_OWN
#endif
extern FAKE_OWN unsigned int fake_cpu;

static inline unsigned int smp_cpu(void) { return fake_cpu; }
static inline unsigned long this_percpu_offset(void) { return 0; }
struct cpu_user_regs *guest_regs(void);

#define current fake_current

#endif
