/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls, as functions of the ABI's names.  Pointers are taken as const void * so that a test
 * can pass anything.
 */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include <public/xen.h>
#include <public/errno.h>
#include "types.h"

extern char hypercall_page[];

static inline long hypercall(unsigned int number, unsigned long a1, unsigned long a2,
                             unsigned long a3, unsigned long a4, unsigned long a5)
{
    register unsigned long r10 asm("r10") = a4;
    register unsigned long r8 asm("r8") = a5;
    long rc;

    asm volatile("call *%[entry]"
                 : "=a"(rc), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : [entry] "0"(hypercall_page + number * 32)
                 : "rcx", "r11", "memory");
    return rc;
}

/* Around the hypercall page: any number. */
static inline long hypercall_raw(unsigned long number, unsigned long a1, unsigned long a2,
                                 unsigned long a3, unsigned long a4, unsigned long a5)
{
    register unsigned long r10 asm("r10") = a4;
    register unsigned long r8 asm("r8") = a5;
    long rc;

    asm volatile("syscall"
                 : "=a"(rc), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : "0"(number)
                 : "rcx", "r11", "memory");
    return rc;
}

#define HYPERCALL_1(name, a) hypercall(__HYPERVISOR_##name, (unsigned long)(a), 0, 0, 0, 0)
#define HYPERCALL_2(name, a, b) \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), 0, 0, 0)
#define HYPERCALL_3(name, a, b, c) \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), 0, 0)
#define HYPERCALL_4(name, a, b, c, d) \
    hypercall(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), \
              (unsigned long)(d), 0)

static inline long set_trap_table(const void *table)
{
    return HYPERCALL_1(set_trap_table, table);
}

static inline long mmu_update(const void *reqs, unsigned int n, const void *done, unsigned int dom)
{
    return HYPERCALL_4(mmu_update, reqs, n, done, dom);
}

static inline long mmuext_op(const void *ops, unsigned int n, const void *done, unsigned int dom)
{
    return HYPERCALL_4(mmuext_op, ops, n, done, dom);
}

static inline long update_va_mapping(const void *va, uint64_t entry, unsigned long flags)
{
    return HYPERCALL_3(update_va_mapping, va, entry, flags);
}

static inline long set_gdt(const void *frames, unsigned int entries)
{
    return HYPERCALL_2(set_gdt, frames, entries);
}

static inline long update_descriptor(uint64_t maddr, uint64_t descriptor)
{
    return HYPERCALL_2(update_descriptor, maddr, descriptor);
}

static inline long stack_switch(unsigned long ss, unsigned long sp)
{
    return HYPERCALL_2(stack_switch, ss, sp);
}

static inline long set_callbacks(const void *event, const void *failsafe, const void *syscall)
{
    return HYPERCALL_3(set_callbacks, event, failsafe, syscall);
}

static inline long fpu_taskswitch(int set)
{
    return HYPERCALL_1(fpu_taskswitch, set);
}

static inline long set_debugreg(int reg, unsigned long value)
{
    return HYPERCALL_2(set_debugreg, reg, value);
}

static inline unsigned long get_debugreg(int reg)
{
    return HYPERCALL_1(get_debugreg, reg);
}

static inline long set_segment_base(unsigned int which, unsigned long base)
{
    return HYPERCALL_2(set_segment_base, which, base);
}

static inline long memory_op(unsigned long cmd, const void *arg)
{
    return HYPERCALL_2(memory_op, cmd, arg);
}

static inline long multicall(const void *calls, unsigned int n)
{
    return HYPERCALL_2(multicall, calls, n);
}

static inline long set_timer_op(uint64_t timeout)
{
    return HYPERCALL_1(set_timer_op, timeout);
}

static inline long xen_version(int cmd, const void *arg)
{
    return HYPERCALL_2(xen_version, cmd, arg);
}

static inline long console_io(int cmd, unsigned long count, const void *buffer)
{
    return HYPERCALL_3(console_io, cmd, count, buffer);
}

static inline long grant_table_op(unsigned int cmd, const void *args, unsigned int n)
{
    return HYPERCALL_3(grant_table_op, cmd, args, n);
}

static inline long vm_assist(unsigned int cmd, unsigned int type)
{
    return HYPERCALL_2(vm_assist, cmd, type);
}

static inline long vcpu_op(int cmd, unsigned int vcpu, const void *arg)
{
    return HYPERCALL_3(vcpu_op, cmd, vcpu, arg);
}

static inline long sched_op(int cmd, const void *arg)
{
    return HYPERCALL_2(sched_op, cmd, arg);
}

static inline long callback_op(int cmd, const void *arg)
{
    return HYPERCALL_2(callback_op, cmd, arg);
}

static inline long nmi_op(unsigned int cmd, const void *arg)
{
    return HYPERCALL_2(nmi_op, cmd, arg);
}

static inline long event_channel_op(int cmd, const void *arg)
{
    return HYPERCALL_2(event_channel_op, cmd, arg);
}

static inline long physdev_op(int cmd, const void *arg)
{
    return HYPERCALL_2(physdev_op, cmd, arg);
}

static inline long platform_op(const void *op)
{
    return HYPERCALL_1(platform_op, op);
}

#endif
