/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts.
 *
 * A stub per vector, generated below, pushes (error code,) vector and saves all registers as struct
 * cpu_user_regs.  From a guest the frame is cpu_info.guest_regs itself, since TSS.RSP0 points just
 * above it; what interrupts the hypervisor nests below.  GS stays the guest's throughout, AC does
 * not: no exception or interrupt clears it.
 */
#include <asm/current.h>
#include <asm/regs.h>
#include <asm/smap.h>
#include <offsets.h>

    .macro SAVE_ALL
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
    .endm

    .section .text.entry, "ax", @progbits

/*
 * Reached from: an exception stub.  In: error code and vector on the stack above an interrupt
 * frame.  Out: to exit_to_guest (from a guest) or by iret.  Stack: this CPU's main stack.
 * Interrupts off on arrival.
 */
exception_common:
    cld
    ASM_CLAC
    SAVE_ALL
    xor %ebp, %ebp
    mov %rsp, %rdi
    testb $3, UREGS_cs(%rsp)
    jz 1f
    call trap_from_guest
    jmp exit_to_guest
1:  call trap_from_hypervisor
    jmp restore_and_iret

interrupt_common:
    cld
    ASM_CLAC
    SAVE_ALL
    xor %ebp, %ebp
    mov %rsp, %rdi
    testb $3, UREGS_cs(%rsp)
    jz 1f
    call irq_dispatch
    jmp exit_to_guest
1:  call irq_dispatch
    /* Fall through: nothing is delivered while the hypervisor was interrupted. */

    .globl restore_and_iret
restore_and_iret:
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
    add $8, %rsp
    .globl iret_to_guest
/* a fault here belongs to the guest: see trap_from_hypervisor */
iret_to_guest:
    iretq

/*
 * Reached from: stubs of vectors on exception stacks (#DF, NMI, #MC, #DB).  What came from a guest
 * moves to the main stack, so that it is handled like any other exception; what interrupted the
 * hypervisor is handled in place.
 */
ist_common:
    cld
    ASM_CLAC
    SAVE_ALL
    xor %ebp, %ebp
    testb $3, UREGS_cs(%rsp)
    jz 1f
    mov %rsp, %rsi
    mov %rsp, %rdi
    or $(STACK_SIZE - 1), %rdi
    lea 1 - INFO_above(%rdi), %rdi
    mov %rdi, %rbx
    mov $(UREGS_ss / 8 + 1), %ecx
    rep movsq
    mov %rbx, %rsp
    mov %rsp, %rdi
    call trap_from_guest
    jmp exit_to_guest
1:  mov %rsp, %rdi
    call trap_from_hypervisor
    jmp restore_and_iret

/* One row per vector: number, error code pushed by the processor or not, where to. */
    .macro STUB vector, target, error=0
    .pushsection .rodata.vectors, "a", @progbits
    .quad stub_\vector
    .popsection
    .balign 16
stub_\vector:
    .if \error == 0
    push $0
    .endif
    movl $\vector, 4(%rsp)
    jmp \target
    .endm

    .section .rodata.vectors, "a", @progbits
    .balign 8
    .globl vector_stubs
vector_stubs:

    .section .text.entry, "ax", @progbits
    .altmacro
    STUB 0, exception_common
    STUB 1, ist_common
    STUB 2, ist_common
    STUB 3, exception_common
    STUB 4, exception_common
    STUB 5, exception_common
    STUB 6, exception_common
    STUB 7, exception_common
    STUB 8, ist_common, 1
    STUB 9, exception_common
    STUB 10, exception_common, 1
    STUB 11, exception_common, 1
    STUB 12, exception_common, 1
    STUB 13, exception_common, 1
    STUB 14, exception_common, 1
    STUB 15, exception_common
    STUB 16, exception_common
    STUB 17, exception_common, 1
    STUB 18, ist_common
    STUB 19, exception_common
    .set n, 20
    .rept 12
    STUB %n, exception_common
    .set n, n + 1
    .endr
    .rept 224
    STUB %n, interrupt_common
    .set n, n + 1
    .endr

    .section .note.GNU-stack, "", @progbits
