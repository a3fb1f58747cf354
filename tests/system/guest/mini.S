/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest guest: says MINI-UP on its console, then does what the first letter of its command
 * line says (poweroff, reboot, crash) or, for any other, waits for ever.
 *
 * It runs on the builder's page tables, with upcalls masked, so nothing ever interrupts it. Its
 * console's page is among the first frames, which the builder maps behind the kernel; the number
 * of the frame comes from the table that every domain can read.
 */
#define __ASSEMBLY__
#include <public/xen.h>
#include <public/event_channel.h>
#include <public/sched.h>

#define CONSOLE_MFN 72          /* offsets in struct start_info */
#define CONSOLE_PORT 80
#define COMMAND_LINE 128
#define OUT 1024                /* offsets in the console's page */
#define OUT_PROD 3084
#define VIRT_BASE 0xffffffff80000000
#define MACHINE_TO_PHYS 0xffff800000000000

.section .text.start, "ax", @progbits

/* From the domain's builder: rsi start_info. */
.globl start
start:
    cld
    lea stack_top(%rip), %rsp
    mov %rsi, %rbx
    mov CONSOLE_MFN(%rbx), %rax
    movabs $MACHINE_TO_PHYS, %rdx
    mov (%rdx,%rax,8), %rdi             /* the frame's number in this domain */
    shl $12, %rdi
    mov $VIRT_BASE, %rdx
    add %rdx, %rdi
    mov %rdi, %r12
    add $OUT, %rdi
    lea greeting(%rip), %rsi
    mov $(greeting_end - greeting), %ecx
    rep movsb
    movl $(greeting_end - greeting), OUT_PROD(%r12)
    mov CONSOLE_PORT(%rbx), %eax
    mov %eax, port(%rip)
    mov $EVTCHNOP_send, %edi
    lea port(%rip), %rsi
    call hypercall_page + 32 * __HYPERVISOR_event_channel_op
    mov $SHUTDOWN_poweroff, %edx
    mov COMMAND_LINE(%rbx), %al
    cmp $'p', %al
    je shut_down
    mov $SHUTDOWN_reboot, %edx
    cmp $'r', %al
    je shut_down
    mov $SHUTDOWN_crash, %edx
    cmp $'c', %al
    je shut_down

/* No port to wait for and no time to stop at. */
wait:
    mov $SCHEDOP_poll, %edi
    lea poll(%rip), %rsi
    call hypercall_page + 32 * __HYPERVISOR_sched_op
    jmp wait

shut_down:
    mov %edx, reason(%rip)
    mov $SCHEDOP_shutdown, %edi
    lea reason(%rip), %rsi
    call hypercall_page + 32 * __HYPERVISOR_sched_op
    ud2

.section .text.page, "ax", @progbits
.balign 4096
.globl hypercall_page
hypercall_page:
    .fill 4096, 1, 0xcc

.data
.balign 8
greeting:
    .ascii "MINI-UP\r\n"
greeting_end:
.balign 8
poll:
    .quad 0, 0, 0
port:
    .long 0
reason:
    .long 0

.bss
.balign 16
    .skip 4096
stack_top:

.section .note.GNU-stack, "", @progbits
