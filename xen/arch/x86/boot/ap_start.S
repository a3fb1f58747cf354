/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An application processor's first instructions, copied to AP_TRAMPOLINE_PHYS.
 *
 * Reached in real mode by a start-up IPI.  Leaves for cpu_start_secondary() in long mode, on the
 * stack whose end the starter left in ap_stack_top.  One processor starts at a time.
 */
#include <asm/layout.h>
#include <asm/msr.h>
#include <asm/regs.h>

#define LOW(sym) ((sym) - ap_trampoline_start + AP_TRAMPOLINE_PHYS)

    .section .rodata.ap, "a", @progbits
    .balign 16
    .globl ap_trampoline_start, ap_trampoline_end
    .code16
ap_trampoline_start:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    lgdtl LOW(ap_gdt_register)
    mov $CR0_PE | CR0_ET, %eax
    mov %eax, %cr0
    ljmpl $8, $LOW(ap_protected)

    .code32
ap_protected:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %ss
    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov $boot_l4 - IMAGE_START + IMAGE_PHYS, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_SCE | EFER_LME | EFER_NXE, %eax
    wrmsr
    mov $CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE, %eax
    mov %eax, %cr0
    ljmp $24, $LOW(ap_long)

    .code64
ap_long:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    movabs $ap_high, %rax
    jmp *%rax

    .balign 8
ap_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff                    /* 32-bit code */
    .quad 0x00cf93000000ffff                    /* data */
    .quad 0x00af9b000000ffff                    /* 64-bit code */
ap_gdt_register:
    .short . - ap_gdt - 1
    .long LOW(ap_gdt)
ap_trampoline_end:

    .text
ap_high:
    /* Our own tables first: the stack is not in the boot loader's. */
    mov idle_cr3(%rip), %rax
    mov %rax, %cr3
    mov ap_stack_top(%rip), %rsp
    xor %ebp, %ebp
    call cpu_start_secondary
    ud2

    .section .note.GNU-stack, "", @progbits
