/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SYSCALL: a PV guest's system calls and hypercalls, the hottest paths of all.
 *
 * Each CPU's LSTAR points at a copy of syscall_stub beside its stack, which finds the stack
 * relative to itself.  A system call from guest-user mode is turned into an entry of the guest
 * kernel here, in straight assembly, without a C call: switch page table and GS, push the frame the
 * ABI prescribes, go.  HYPERVISOR_iret, its counterpart, likewise.  Anything unusual takes the
 * general path in C, before anything was changed.
 */
#include <asm/current.h>
#include <asm/page.h>
#include <asm/regs.h>
#include <asm/smap.h>
#include <public/xen.h>
#include <offsets.h>

#define SYSCALL_VECTOR 0x100
#define GUEST(r) UREGS_##r(%rsp)

    .macro EXTABLE from, to
    .pushsection .extable, "a", @progbits
    .long \from - ., \to - .
    .popsection
    .endm

    .section .text.entry, "ax", @progbits

/*
 * Template, copied by cpu setup to page 0 of each CPU's stack area and reached there by SYSCALL
 * with interrupts off.  The displacements are the same for every copy; the jump's is fixed up.
 */
    .globl syscall_stub, syscall_stub_jump, syscall_stub_end
    .balign 16
syscall_stub:
    mov %rsp, syscall_stub + STACK_SIZE - INFO_above + INFO_scratch(%rip)
    lea syscall_stub + STACK_SIZE - INFO_above(%rip), %rsp
syscall_stub_jump:
    .byte 0xe9
    .long 0
    .balign 16
    .globl syscall32_stub, syscall32_stub_jump
syscall32_stub:                                 /* CSTAR: SYSCALL from 32-bit code */
    mov %rsp, syscall_stub + STACK_SIZE - INFO_above + INFO_scratch(%rip)
    lea syscall_stub + STACK_SIZE - INFO_above(%rip), %rsp
syscall32_stub_jump:
    .byte 0xe9
    .long 0
syscall_stub_end:

/*
 * In: RSP = &cpu_info()->guest_regs; RCX = rip, R11 = rflags, the guest's rsp in cpu_info.scratch;
 * everything else is the guest's.  Interrupts are off, and on the fast paths they stay off until
 * the guest runs: what another CPU wants of this one it announces by an interrupt, which comes
 * right after.
 */
    .globl syscall_entry
    .balign 16
syscall_entry:
    mov %rax, GUEST(rax)
    mov %rdx, GUEST(rdx)
    mov %rbx, GUEST(rbx)
    mov INFO_current(%rsp), %rbx
    cmpb $0, VCPU_slow_entry(%rbx)
    jne general
    cmpb $0, VCPU_in_kernel(%rbx)
    jne from_guest_kernel

/* A system call of guest-user mode: enter the guest kernel on its stack. */
    mov VCPU_info(%rbx), %rax
    cmpb $0, VCPUINFO_upcall_mask(%rax)
    jne general
    movb $1, VCPUINFO_upcall_mask(%rax)
    movb $1, VCPU_in_kernel(%rbx)
    mov VCPU_kernel_cr3(%rbx), %rax
    mov VCPU_entry_sp(%rbx), %rdx
    swapgs
    mov %rax, %cr3
    mov INFO_scratch(%rsp), %rax
    ASM_STAC                                    /* until SYSRET */
1:  movq $FLAT_USER_SS64, -8(%rdx)
2:  mov %rax, -16(%rdx)
3:  mov %r11, -24(%rdx)
4:  movq $FLAT_USER_CS64, -32(%rdx)             /* bits 32..39, the saved upcall mask, are 0 */
5:  mov %rcx, -40(%rdx)
6:  mov %r11, -48(%rdx)
7:  mov %rcx, -56(%rdx)
    mov VCPU_syscall_eip(%rbx), %rcx
    lea -56(%rdx), %rax
    and $~(FLAGS_TF | FLAGS_NT | FLAGS_RF | FLAGS_VM | FLAGS_AC), %r11d
    mov %rax, INFO_scratch(%rsp)
    mov GUEST(rdx), %rdx
    mov GUEST(rbx), %rbx
    mov GUEST(rax), %rax
    mov INFO_scratch(%rsp), %rsp
    sysretq
    EXTABLE 1b, bounce_fault
    EXTABLE 2b, bounce_fault
    EXTABLE 3b, bounce_fault
    EXTABLE 4b, bounce_fault
    EXTABLE 5b, bounce_fault
    EXTABLE 6b, bounce_fault
    EXTABLE 7b, bounce_fault

/* The guest kernel's stack cannot be written.  Undo the switch; the general path meets the same
 * fault and judges it. */
bounce_fault:
    ASM_CLAC
    mov VCPU_info(%rbx), %rax
    movb $0, VCPUINFO_upcall_mask(%rax)
    movb $0, VCPU_in_kernel(%rbx)
    mov VCPU_user_cr3(%rbx), %rax
    swapgs
    mov %rax, %cr3
    jmp general

/*
 * HYPERVISOR_iret.  The guest's stack holds struct iret_context: rax r11 rcx flags rip cs rflags
 * rsp ss.  All of it is read before anything changes, so that every surprise can go to the general
 * path.
 */
    .balign 16
from_guest_kernel:
    cmp $__HYPERVISOR_iret, %eax
    jne general
    /* the guest's rsp: its kernel's half above us, nothing else */
    mov INFO_scratch(%rsp), %rdx
    mov $(HYPERVISOR_END >> 32), %eax
    shl $32, %rax
    cmp %rax, %rdx
    jb general
    ASM_STAC
1:  mov 48(%rdx), %rax
    test $FLAGS_IF, %eax
    /* back to code that runs with events masked: rare */
    jz iret_general
    and $~(FLAGS_IOPL | FLAGS_NT | FLAGS_VM | FLAGS_VIF | FLAGS_VIP), %eax
    or $FLAGS_MBS, %eax
    mov %rax, GUEST(rflags)
2:  mov 32(%rdx), %rax
    mov %rax, GUEST(rip)
3:  mov 56(%rdx), %rax
    mov %rax, GUEST(rsp)
4:  movzwl 64(%rdx), %eax
    or $3, %eax
    mov %rax, GUEST(ss)
5:  mov (%rdx), %rax
    mov %rax, GUEST(rax)
6:  mov 8(%rdx), %rax
    mov %rax, GUEST(r11)
7:  movzwl 40(%rdx), %eax
8:  mov 16(%rdx), %rcx
    ASM_CLAC
    mov VCPU_info(%rbx), %r11
    cmpb $0, VCPUINFO_upcall_pending(%r11)
    jne iret_general
    test $3, %al
    jz 9f
    cmpq $0, VCPU_user_cr3(%rbx)
    je iret_general
    mov VCPU_user_cr3(%rbx), %rdx
    movb $0, VCPU_in_kernel(%rbx)
    swapgs
    mov %rdx, %cr3
9:  movb $0, VCPUINFO_upcall_mask(%r11)
    or $3, %eax
    mov %rax, GUEST(cs)
    mov GUEST(r11), %r11
    mov GUEST(rdx), %rdx
    mov GUEST(rbx), %rbx
    mov GUEST(rax), %rax
    add $UREGS_rip, %rsp
    jmp iret_to_guest
    EXTABLE 1b, iret_general
    EXTABLE 2b, iret_general
    EXTABLE 3b, iret_general
    EXTABLE 4b, iret_general
    EXTABLE 5b, iret_general
    EXTABLE 6b, iret_general
    EXTABLE 7b, iret_general
    EXTABLE 8b, iret_general

/* The guest's registers that the attempt above used are dead by the ABI: iret restores them from
 * its frame. */
iret_general:
    ASM_CLAC
    movq $__HYPERVISOR_iret, GUEST(rax)

/* Everything else: a full register frame, and C. */
general:
    call save_rest
    mov %rsp, %rdi
    xor %ebp, %ebp
    cmpb $0, VCPU_in_kernel(%rbx)
    je 1f
    sti
    call hypercall_dispatch
    jmp exit_to_guest
1:  call pv_syscall_from_user
    jmp exit_to_guest

/* In: as syscall_entry, from 32-bit code of guest-user mode. */
    .globl syscall32_entry
syscall32_entry:
    mov %rax, GUEST(rax)
    mov %rdx, GUEST(rdx)
    mov %rbx, GUEST(rbx)
    call save_rest
    movq $FLAT_USER_CS32, GUEST(cs)
    mov %rsp, %rdi
    xor %ebp, %ebp
    call pv_syscall32_from_user
    jmp exit_to_guest

/*
 * In: SYSENTER from guest-user mode: RSP = &cpu_info()->guest_regs, interrupts off, the other flags
 * and registers are the guest's.  Where it came from the processor has forgotten; by convention the
 * guest's own code finds back.
 */
    .globl sysenter_entry
sysenter_entry:
    mov %rax, GUEST(rax)
    mov %rdx, GUEST(rdx)
    mov %rbx, GUEST(rbx)
    pushfq
    pop %rbx
    push $FLAGS_MBS                             /* above all NT, TF and AC are not for us */
    popfq
    movq $0, INFO_scratch(%rsp)                 /* rsp */
    call save_rest
    movq $0, GUEST(rip)
    or $FLAGS_IF, %rbx
    mov %rbx, GUEST(rflags)
    movq $FLAT_USER_CS32, GUEST(cs)
    mov %rsp, %rdi
    xor %ebp, %ebp
    call pv_sysenter_from_user
    jmp exit_to_guest

/* Completes the frame whose RAX, RDX and RBX are there already.  Reached by a call: RSP is 8
 * lower. */
#undef GUEST
#define GUEST(r) 8 + UREGS_##r(%rsp)
save_rest:
    mov %rdi, GUEST(rdi)
    mov %rsi, GUEST(rsi)
    mov %rcx, GUEST(rcx)
    mov %rcx, GUEST(rip)
    mov %r8, GUEST(r8)
    mov %r9, GUEST(r9)
    mov %r10, GUEST(r10)
    mov %r11, GUEST(r11)
    mov %r11, GUEST(rflags)
    mov %rbp, GUEST(rbp)
    mov %r12, GUEST(r12)
    mov %r13, GUEST(r13)
    mov %r14, GUEST(r14)
    mov %r15, GUEST(r15)
    mov 8 + INFO_scratch(%rsp), %rax
    mov %rax, GUEST(rsp)
    movq $FLAT_USER_SS64, GUEST(ss)
    movq $FLAT_USER_CS64, GUEST(cs)
    movl $0, GUEST(error_code)
    movl $SYSCALL_VECTOR, GUEST(entry_vector)
    ret

    .section .note.GNU-stack, "", @progbits
