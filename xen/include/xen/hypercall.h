/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest can ask.  Handlers take up to six register-sized arguments and return a value or
 * -Exxx.
 *
 * Long work returns a continuation: hypercall_continue() arranges that the guest issues the same
 * hypercall again with the given arguments, so progress lives in arguments the guest could have
 * forged anyway: handlers check them afresh.
 */
#ifndef XEN_HYPERCALL_H
#define XEN_HYPERCALL_H

#include <public/xen.h>
#include <xen/types.h>

typedef long (*hypercall_fn)(unsigned long, unsigned long, unsigned long, unsigned long,
                             unsigned long, unsigned long);

/* Called by the entry code: guest registers hold number and arguments, and receive the result. */
void hypercall_dispatch(struct cpu_user_regs *regs);
/* True when the running hypercall should stop at the next opportunity: an event or a softirq
 * waits. */
bool hypercall_preempt_check(void);
/* Return hypercall_continue(...) from a handler.  nr = __HYPERVISOR_x; n = number of arguments that
 * follow. */
long hypercall_continue(unsigned int nr, unsigned int n, ...);

long do_event_channel_op(int cmd, uint64_t arg);
long do_event_channel_op_compat(uint64_t uop);
long do_grant_table_op(unsigned int cmd, uint64_t uop, unsigned int count);
long do_sched_op(int cmd, uint64_t arg);
long do_sched_op_compat(int cmd, unsigned long arg);
long do_vcpu_op(int cmd, unsigned int vcpuid, uint64_t arg);
long do_set_timer_op(int64_t timeout);
long do_memory_op(unsigned long cmd, uint64_t arg);
long do_multicall(uint64_t call_list, unsigned int nr_calls);
long do_xen_version(int cmd, uint64_t arg);
long do_console_io(unsigned int cmd, unsigned int count, uint64_t buffer);
long do_vm_assist(unsigned int cmd, unsigned int type);
long do_physdev_op(int cmd, uint64_t arg);
long do_physdev_op_compat(uint64_t uop);
long do_platform_op(uint64_t op);
long do_domctl(uint64_t op);
long do_sysctl(uint64_t op);
long do_callback_op(int cmd, uint64_t arg);
long do_nmi_op(unsigned int cmd, uint64_t arg);
long do_hvm_op(unsigned long op, uint64_t arg);
long do_mca(uint64_t arg);
long do_xenpmu_op(unsigned int cmd, uint64_t arg);
long do_set_trap_table(uint64_t traps);
long do_mmu_update(uint64_t ureqs, unsigned int count, uint64_t pdone, unsigned int foreigndom);
long do_mmuext_op(uint64_t uops, unsigned int count, uint64_t pdone, unsigned int foreigndom);
long do_update_va_mapping(uint64_t va, uint64_t val, unsigned long flags);
long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, unsigned long flags,
                                      unsigned int domid);
long do_update_descriptor(uint64_t gaddr, uint64_t desc);
long do_set_gdt(uint64_t frame_list, unsigned int entries);
long do_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall);
long do_stack_switch(unsigned long ss, unsigned long esp);
long do_fpu_taskswitch(int set);
long do_set_segment_base(unsigned int which, unsigned long base);
long do_set_debugreg(int reg, unsigned long value);
unsigned long do_get_debugreg(int reg);
long do_iret(void);

#endif
