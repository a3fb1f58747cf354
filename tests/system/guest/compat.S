/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A 32-bit program without libraries: getppid by INT 0x80, then many times by the kernel's own
 * entry (AT_SYSINFO), which is SYSENTER, SYSCALL or INT 0x80 as the processor has it.  When all
 * answers are the same it says "compat ok" and ends with status 0.
 */
        .code32
        .globl  _start
        .text
_start:
        mov     %esp, %esi              /* argc, argv, 0, environment, 0, auxiliary vector */
        mov     (%esi), %eax
        lea     8(%esi, %eax, 4), %esi
1:      lodsl
        test    %eax, %eax
        jnz     1b
2:      mov     (%esi), %eax
        test    %eax, %eax
        jz      fail
        add     $8, %esi
        cmp     $32, %eax               /* AT_SYSINFO */
        jne     2b
        mov     -4(%esi), %edi
        mov     $64, %eax               /* getppid */
        int     $0x80
        mov     %eax, %esi
        mov     $100000, %ebx
3:      mov     $64, %eax
        call    *%edi
        cmp     %eax, %esi
        jne     fail
        dec     %ebx
        jnz     3b
        mov     $4, %eax                /* write */
        mov     $1, %ebx
        mov     $good, %ecx
        mov     $10, %edx
        call    *%edi
        xor     %ebx, %ebx
        jmp     quit
fail:   mov     $1, %ebx
quit:   mov     $1, %eax
        int     $0x80

        .data
good:   .ascii  "compat ok\n"
        .section .note.GNU-stack, "", @progbits
