/* SPDX-License-Identifier: GPL-2.0-only */
/* Offsets of structure members for assembly: compiled to text, from which the build makes
 * offsets.h. */
#include <xen/domain.h>
#include <asm/current.h>

#define DEFINE(name, value) asm volatile("\n.ascii \"@define " #name " %0\"" :: "i"(value))
#define REG(name, field) DEFINE(UREGS_##name, offsetof(struct cpu_user_regs, field))
/* Entry code keeps RSP at guest_regs: the rest of cpu_info is counted from there. */
#define INFO(name, field) \
    DEFINE(INFO_##name,   \
           (long)offsetof(struct cpu_info, field) - (long)offsetof(struct cpu_info, guest_regs))
#define PV(name, field) DEFINE(VCPU_##name, offsetof(struct vcpu, arch.pv.field))

void offsets(void);
void offsets(void)
{
    REG(r15, r15); REG(r14, r14); REG(r13, r13); REG(r12, r12); REG(rbp, rbp); REG(rbx, rbx);
    REG(r11, r11); REG(r10, r10); REG(r9, r9); REG(r8, r8); REG(rax, rax); REG(rcx, rcx);
    REG(rdx, rdx);
    REG(rsi, rsi);
    REG(rdi, rdi);
    REG(error_code, error_code);
    REG(entry_vector, entry_vector);
    REG(rip, rip); REG(cs, cs); REG(rflags, rflags); REG(rsp, rsp); REG(ss, ss); REG(es, es);

    INFO(current, vcpu); INFO(percpu_offset, percpu_offset); INFO(cpu, cpu);
    INFO(scratch, scratch);
    /* From guest_regs to the end of the stack. */
    DEFINE(INFO_above, (long)(sizeof(struct cpu_info) - offsetof(struct cpu_info, guest_regs)));

    DEFINE(VCPU_info, offsetof(struct vcpu, info));
    DEFINE(VCPU_async, offsetof(struct vcpu, arch.async_pending));
    PV(entry_sp, entry_sp);
    PV(kernel_cr3, kernel_cr3);
    PV(user_cr3, user_cr3);
    PV(syscall_eip, syscall_eip);
    PV(in_kernel, in_kernel); PV(syscall_masks_events, syscall_masks_events);
    PV(slow_entry, slow_entry);
    DEFINE(VCPUINFO_upcall_pending, offsetof(struct vcpu_info, evtchn_upcall_pending));
    DEFINE(VCPUINFO_upcall_mask, offsetof(struct vcpu_info, evtchn_upcall_mask));
}
