/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest kernel's assembly: the first instructions, entries from the hypervisor, the way back, and
 * the way into user mode and out of it.
 *
 * Each vCPU owns a block of memory, aligned to its size, that holds in order struct vcpu, a stack
 * for entries from user mode and the stack of the kernel; so the vCPU is found from any stack.
 */
#define __ASSEMBLY__
#include <public/xen.h>
#include "entry.h"

.section .text.start, "ax", @progbits

/* From the domain's builder: rsi start_info, rsp some stack, upcalls masked. */
.globl start
start:
    cld
    lea vcpu_blocks + VCPU_BLOCK_SIZE(%rip), %rsp
    xor %ebp, %ebp
    mov %rsi, %rdi
    call guest_start
    ud2

/* A further vCPU: rdi struct vcpu, rsp the top of its stack. */
.globl vcpu_start_asm
vcpu_start_asm:
    cld
    xor %ebp, %ebp
    call vcpu_main
    ud2

.section .text.page, "ax", @progbits
.balign 4096
.globl hypercall_page
hypercall_page:
    .fill 4096, 1, 0xcc

.text

/*
 * One entry per vector, 16 bytes each.  The hypervisor pushed, downwards: ss, rsp, rflags, cs (with
 * the upcall mask in bit 32), rip, for some vectors an error code, r11, rcx.
 */
.balign 16
.globl trap_entries
trap_entries:
.set vector, 0
.rept 256
    .balign 16
    pop %rcx
    pop %r11
    .if vector < 32
    .if !((TRAPS_WITH_ERROR >> vector) & 1)
    push $0
    .endif
    .else
    push $0
    .endif
    push $vector
    jmp entry
    .set vector, vector + 1
.endr

.macro callback name:req, vector:req
    .globl \name
\name:
    pop %rcx
    pop %r11
    push $0
    push $\vector
    jmp entry
.endm

    callback syscall_entry, VECTOR_SYSCALL
    callback syscall32_entry, VECTOR_SYSCALL32
    callback sysenter_entry, VECTOR_SYSENTER
    callback event_entry, VECTOR_EVENT
    callback nmi_entry, VECTOR_NMI

/* A return to user mode went wrong: below r11 lie ds, es, fs, gs. */
.globl failsafe_entry
failsafe_entry:
    pop %rcx
    pop %r11
    pop failsafe_selectors(%rip)
    pop failsafe_selectors+8(%rip)
    pop failsafe_selectors+16(%rip)
    pop failsafe_selectors+24(%rip)
    push $0
    push $VECTOR_FAILSAFE
    jmp entry

/* The rest of struct trap_frame, then C. */
entry:
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call trap_enter
    mov %rbp, %rsp
resume:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    add $8, %rsp                /* the vector; the error code's place holds the flags of iret */
    jmp hypercall_page + __HYPERVISOR_iret * 32

/* void user_enter(unsigned long *saved_rsp, const struct trap_frame *frame): until user_leave() */
.globl user_enter
user_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    sub $FRAME_SIZE, %rsp
    mov %rsp, %rdi
    mov $FRAME_SIZE / 8, %ecx
    rep movsq
    jmp resume

/* noreturn user_leave(unsigned long saved_rsp): return from user_enter() */
.globl user_leave
user_leave:
    mov %rdi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

.section .note.GNU-stack, "", @progbits
