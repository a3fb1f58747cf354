/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs one instruction on the real processor with a given register file, in 64-, 32- or 16-bit
 * code.
 *
 * The program is linked without PIE, so all symbols lie below 2 GiB and 32-bit code can name
 * them. void native_run_N(void): registers in native_gpr and native_rflags, entry at
 * native_target (16-bit: an offset in the first LDT entry; the second is for data and stack). The
 * code under test ends in a jump to native_exit_N, where a signal handler may point too; that of
 * 16-bit code is itself 32-bit. Not reentrant.
 */
    .set LDT_CODE, 0x07
    .set LDT_DATA, 0x0f

    .data
    .balign 16
    .global native_gpr, native_rflags, native_target, native_rip
native_gpr:     .fill 16, 8, 0          /* in the order of instruction encodings */
native_rflags:  .quad 0
native_target:  .quad 0
native_rip:     .quad 0                 /* written by the landing pads behind the instruction */
host_rsp:       .quad 0
far_to_32:      .long enter_32, 0x23    /* Linux's 32-bit code segment */
far_to_64:      .long back_64, 0x33
far_to_enter_16: .long enter_16, 0x23
far_to_16:      .long 0, LDT_CODE
    .fill 64, 8, 0
stack_32:

    .text
    .global native_run_64, native_run_32, native_run_16
    .global native_exit_64, native_exit_32, native_exit_16

    .macro SAVE_HOST
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    mov     %rsp, host_rsp
    .endm

    .macro RESTORE_HOST_RET
    cld
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    ret
    .endm

native_run_64:
    SAVE_HOST
    pushq   native_rflags
    popfq
    mov     native_gpr + 0x00, %rax
    mov     native_gpr + 0x08, %rcx
    mov     native_gpr + 0x10, %rdx
    mov     native_gpr + 0x18, %rbx
    mov     native_gpr + 0x20, %rsp
    mov     native_gpr + 0x28, %rbp
    mov     native_gpr + 0x30, %rsi
    mov     native_gpr + 0x38, %rdi
    mov     native_gpr + 0x40, %r8
    mov     native_gpr + 0x48, %r9
    mov     native_gpr + 0x50, %r10
    mov     native_gpr + 0x58, %r11
    mov     native_gpr + 0x60, %r12
    mov     native_gpr + 0x68, %r13
    mov     native_gpr + 0x70, %r14
    mov     native_gpr + 0x78, %r15
    jmp     *native_target

native_exit_64:
    mov     %rax, native_gpr + 0x00
    mov     %rcx, native_gpr + 0x08
    mov     %rdx, native_gpr + 0x10
    mov     %rbx, native_gpr + 0x18
    mov     %rsp, native_gpr + 0x20
    mov     %rbp, native_gpr + 0x28
    mov     %rsi, native_gpr + 0x30
    mov     %rdi, native_gpr + 0x38
    mov     %r8,  native_gpr + 0x40
    mov     %r9,  native_gpr + 0x48
    mov     %r10, native_gpr + 0x50
    mov     %r11, native_gpr + 0x58
    mov     %r12, native_gpr + 0x60
    mov     %r13, native_gpr + 0x68
    mov     %r14, native_gpr + 0x70
    mov     %r15, native_gpr + 0x78
    mov     host_rsp, %rsp
    pushfq
    popq    native_rflags
    RESTORE_HOST_RET

native_run_32:
    SAVE_HOST
    mov     $0x2b, %eax                 /* Linux's flat data segment */
    mov     %eax, %ds
    mov     %eax, %es
    ljmp    *far_to_32

    .code32
enter_32:
    mov     $stack_32, %esp
    pushl   native_rflags
    popfl
    mov     native_gpr + 0x00, %eax
    mov     native_gpr + 0x08, %ecx
    mov     native_gpr + 0x10, %edx
    mov     native_gpr + 0x18, %ebx
    mov     native_gpr + 0x20, %esp
    mov     native_gpr + 0x28, %ebp
    mov     native_gpr + 0x30, %esi
    mov     native_gpr + 0x38, %edi
    jmp     *native_target

native_exit_32:
    mov     %eax, native_gpr + 0x00
    mov     %ecx, native_gpr + 0x08
    mov     %edx, native_gpr + 0x10
    mov     %ebx, native_gpr + 0x18
    mov     %esp, native_gpr + 0x20
    mov     %ebp, native_gpr + 0x28
    mov     %esi, native_gpr + 0x30
    mov     %edi, native_gpr + 0x38
    mov     $stack_32, %esp
    pushfl
    popl    native_rflags
    ljmp    *far_to_64

/* Here DS, ES and SS belong to the test; GS is the flat segment by which registers are reached. */
enter_16:
    mov     $stack_32, %esp
    pushl   native_rflags
    popfl
    mov     native_target, %eax
    mov     %eax, far_to_16
    mov     $0x2b, %eax
    mov     %eax, %gs
    mov     $LDT_DATA, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     %gs:native_gpr + 0x20, %esp
    mov     %gs:native_gpr + 0x00, %eax
    mov     %gs:native_gpr + 0x08, %ecx
    mov     %gs:native_gpr + 0x10, %edx
    mov     %gs:native_gpr + 0x18, %ebx
    mov     %gs:native_gpr + 0x28, %ebp
    mov     %gs:native_gpr + 0x30, %esi
    mov     %gs:native_gpr + 0x38, %edi
    ljmp    *%gs:far_to_16

native_exit_16:
    mov     %eax, %gs:native_gpr + 0x00
    mov     %ecx, %gs:native_gpr + 0x08
    mov     %edx, %gs:native_gpr + 0x10
    mov     %ebx, %gs:native_gpr + 0x18
    mov     %esp, %gs:native_gpr + 0x20
    mov     %ebp, %gs:native_gpr + 0x28
    mov     %esi, %gs:native_gpr + 0x30
    mov     %edi, %gs:native_gpr + 0x38
    mov     $0x2b, %eax
    mov     %eax, %ss
    mov     $stack_32, %esp
    pushfl
    popl    %gs:native_rflags
    mov     %eax, %ds
    mov     %eax, %es
    ljmp    *far_to_64

    .code64
native_run_16:
    SAVE_HOST
    mov     $0x2b, %eax
    mov     %eax, %ds
    mov     %eax, %es
    ljmp    *far_to_enter_16

back_64:
    mov     host_rsp, %rsp
    RESTORE_HOST_RET

    .section .note.GNU-stack, "", @progbits
