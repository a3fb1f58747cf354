/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the boot loader to C.
 *
 * Reached in 32-bit protected mode, paging off, with the Multiboot magic in EAX and the
 * information's address in EBX.  Leaves for boot_main(magic, info) in long mode, on the boot CPU's
 * stack, at the linked address, with these tables: the first 4 GiB at their own addresses and in
 * the direct map, the image at IMAGE_START.
 */
#include <asm/current.h>
#include <asm/layout.h>
#include <asm/msr.h>
#include <asm/page.h>
#include <asm/regs.h>

#define PHYS(sym) ((sym) - IMAGE_START + IMAGE_PHYS)

    .section .multiboot, "ax", @progbits
    .balign 8
multiboot1_header:
#define MB1_FLAGS 0x3                           /* modules on pages, memory information */
    .long 0x1badb002, MB1_FLAGS, -(0x1badb002 + MB1_FLAGS)

    .balign 8
multiboot2_header:
    .long 0xe85250d6, 0, multiboot2_end - multiboot2_header
    .long -(0xe85250d6 + (multiboot2_end - multiboot2_header))
    /* information we need: command line, modules, memory map */
    .short 1, 0
    .long 20
    .long 1, 3, 6
    .balign 8
    .short 6, 0                                 /* modules on pages */
    .long 8
    .short 0, 0
    .long 8
multiboot2_end:

    .section .init.text, "ax", @progbits
    .code32
    .globl boot_entry
boot_entry:
    cli
    cld
    mov %eax, %ebp                              /* magic */
    mov $PHYS(boot_stack) + STACK_SIZE - 512, %esp
    mov $0x80000000, %eax
    push %ebx
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx                                /* long mode */
    jnc no_long_mode
    bt $20, %edx                                /* no-execute */
    jnc no_long_mode
    pop %edi                                    /* information */

    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov $PHYS(boot_l4), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_SCE | EFER_LME | EFER_NXE, %eax
    wrmsr
    mov $CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE, %eax
    mov %eax, %cr0
    lgdt PHYS(boot_gdt_register)
    ljmp $8, $PHYS(boot_long_mode)

/* nothing else works yet: say it on VGA and the first serial port */
no_long_mode:
    mov $PHYS(no_long_mode_text), %esi
    mov $0xb8000, %edi
    mov $0x3f8, %dx
1:  lodsb
    test %al, %al
    jz 2f
    out %al, %dx
    mov $0x0f, %ah
    stosw
    jmp 1b
2:  hlt
    jmp 2b
no_long_mode_text:
    .asciz "Xenith needs a 64-bit processor with no-execute pages.\r\n"

    .code64
boot_long_mode:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    movabs $boot_high, %rax
    jmp *%rax
boot_high:
    lea boot_stack + STACK_SIZE - 512(%rip), %rsp
    mov %edi, %esi                              /* information */
    mov %ebp, %edi                              /* magic */
    xor %ebp, %ebp
    call boot_main
    ud2

    .section .init.data, "aw", @progbits
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff                    /* 64-bit code */
    .quad 0x00cf93000000ffff                    /* data */
boot_gdt_register:
    .short . - boot_gdt - 1
    .long PHYS(boot_gdt)

/* The tables application processors start with too, so they stay. */
    .section .data.page_aligned, "aw", @progbits
    .balign 4096
    .globl boot_l4
boot_l4:
    .quad PHYS(boot_l3_low) + 0x3
    .fill 260, 8, 0
    .quad PHYS(boot_l3_image) + 0x3             /* 261 */
    .quad PHYS(boot_l3_low) + 0x3               /* 262: direct map */
    .fill 249, 8, 0
boot_l3_low:
    .quad PHYS(boot_l2) + 0x3
    .quad PHYS(boot_l2) + 0x1003
    .quad PHYS(boot_l2) + 0x2003
    .quad PHYS(boot_l2) + 0x3003
    .fill 508, 8, 0
boot_l3_image:
    .fill ((IMAGE_START >> 30) & 511), 8, 0
    .quad PHYS(boot_l2_image) + 0x3
    .fill 511 - ((IMAGE_START >> 30) & 511), 8, 0
boot_l2:
    .set addr, 0
    .rept 2048
    .quad addr + 0xe3                           /* present, writable, accessed, dirty, 2 MiB */
    .set addr, addr + 0x200000
    .endr
boot_l2_image:
    .set addr, IMAGE_PHYS
    .rept 16
    .quad addr + 0xe3
    .set addr, addr + 0x200000
    .endr
    .fill 496, 8, 0

/* The boot CPU's stack, laid out as asm/current.h says. */
    .section .bss.stack, "aw", @nobits
    .balign STACK_SIZE
    .globl boot_stack
boot_stack:
    .skip STACK_SIZE

    .section .note.GNU-stack, "", @progbits
