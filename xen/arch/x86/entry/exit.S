/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way out to a guest: pending work first, then registers, then iret.
 */
#include <asm/current.h>
#include <asm/regs.h>
#include <public/xen.h>
#include <offsets.h>

    .section .text.entry, "ax", @progbits

/*
 * Reached from: every entry, when its C part is done; arch_switch_to().
 * In: RSP = &cpu_info()->guest_regs.  Interrupts: any; off from here on.
 */
    .globl exit_to_guest
exit_to_guest:
    cli
    mov INFO_percpu_offset(%rsp), %rax
    lea percpu_softirq_pending(%rip), %rcx
    cmpl $0, (%rcx, %rax)
    jne exit_softirq
    mov INFO_current(%rsp), %rbx
    mov VCPU_info(%rbx), %rax
    movzwl VCPUINFO_upcall_pending(%rax), %eax  /* pending in AL, mask in AH */
    test %al, %al
    jz 1f
    test %ah, %ah
    jz exit_event
1:  cmpb $0, VCPU_async(%rbx)
    jne exit_event
exit_restore:
    cmpl $0x100, UREGS_entry_vector(%rsp)       /* came by SYSCALL and may leave by SYSRET? */
    jne restore_and_iret
    mov UREGS_rip(%rsp), %rcx
    mov %rcx, %rax
    shr $47, %rax
    lea 1(%rax), %eax
    and $0x1ffff, %eax
    cmp $1, %eax
    /* SYSRET to a non-canonical address faults in ring 0 on Intel */
    ja restore_and_iret
    cmpw $FLAT_RING3_CS64, UREGS_cs(%rsp)
    jne restore_and_iret
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    add $8, %rsp
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    add $8, %rsp
    pop %rdx
    pop %rsi
    pop %rdi
    mov UREGS_rflags - UREGS_error_code(%rsp), %r11
    mov UREGS_rsp - UREGS_error_code(%rsp), %rsp
    sysretq

/* resume_guest(): noreturn, from C on this CPU's main stack; everything below guest_regs is
 * abandoned. */
    .globl resume_guest
resume_guest:
    or $(STACK_SIZE - 1), %rsp
    add $(1 - INFO_above), %rsp
    jmp exit_to_guest

/* resume_idle(): the same for a CPU without a guest. */
    .globl resume_idle
resume_idle:
    or $(STACK_SIZE - 1), %rsp
    add $(1 - INFO_above), %rsp
    xor %ebp, %ebp
    call idle_loop
    ud2

exit_softirq:
    sti
    call softirq_run
    jmp exit_to_guest

/* interrupts off: nothing changes under the frame we build */
exit_event:
    mov %rsp, %rdi
    call pv_deliver_pending
    jmp exit_to_guest

    .section .note.GNU-stack, "", @progbits
