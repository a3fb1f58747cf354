/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traps: an entry for every vector, and expected faults.
 *
 *     struct trap t = TRAP_OF("movq $0, (%0)", :: "r"(p) : "memory");
 *     EXPECT_EQ(t.vector, X86_PF);
 *
 * TRAP_OF runs instructions and tells the trap they raised, if any; what they would have done after
 * it is skipped, so they must leave nothing behind that the compiler does not know of.  A trap
 * that nobody expects fails the test.
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include "entry.h"
#include "types.h"

#define X86_DE 0
#define X86_DB 1
#define X86_BP 3
#define X86_OF 4
#define X86_UD 6
#define X86_NM 7
#define X86_DF 8
#define X86_TS 10
#define X86_NP 11
#define X86_SS 12
#define X86_GP 13
#define X86_PF 14
#define X86_MF 16
#define X86_AC 17
#define X86_XM 19

#define PF_PRESENT 0x01
#define PF_WRITE   0x02
#define PF_USER    0x04
#define PF_RSVD    0x08
#define PF_FETCH   0x10

#define EFLAGS_CF   0x1
#define EFLAGS_ZF   0x40
#define EFLAGS_TF   0x100
#define EFLAGS_IF   0x200
#define EFLAGS_DF   0x400
#define EFLAGS_IOPL 0x3000
#define EFLAGS_NT   0x4000
#define EFLAGS_RF   0x10000
#define EFLAGS_AC   0x40000

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector;
    uint64_t error;                     /* on the way out: the flags of iret_context */
    uint64_t rip, cs, rflags, rsp, ss;  /* cs: bit 32 is the upcall mask that was */
};

struct trap {
    unsigned int vector;                /* NO_TRAP: none */
    unsigned int error;
    uint64_t cr2;                       /* of a page fault */
    struct trap_frame frame;
};

/* Where TRAP_OF goes on, per vCPU. */
struct trap_expected {
    uint64_t rip, rsp;                  /* rip 0: no trap is expected */
    struct trap trap;
};

extern char trap_entries[];             /* 16 bytes per vector */
extern char syscall_entry[], syscall32_entry[], sysenter_entry[];
extern char event_entry[], nmi_entry[], failsafe_entry[];
extern uint64_t failsafe_selectors[4];  /* ds, es, fs, gs */
extern volatile unsigned int nmi_count;

void trap_init(void);

/* The whole table of 256 entries, as trap_init() sets it; vectors above 0x7f may be raised by
 * INT. */
struct trap_info;
const struct trap_info *trap_table(void);

/*
 * Called for each trap from the kernel before any expectation; true: handled, go on with frame as
 * it is now.  NULL ends it.
 */
extern bool (*trap_hook)(struct trap_frame *frame, uint64_t cr2);

/* An upcall that arrives in user mode ends user_run(). */
extern bool trap_upcall_leaves_user;

struct trap_expected *trap_expected(void);

/*
 * In front of the instructions, where to go on is noted at the start of the vCPU's block (struct
 * vcpu).
 */
#define TRAP_OF(instructions, ...) \
    ({ struct trap_expected *expected_ = trap_expected(); \
       expected_->trap.vector = NO_TRAP; \
       asm volatile("push %%r14; push %%r15; mov %%rsp, %%r15; and $-0x8000, %%r15; " \
                    "lea 9f(%%rip), %%r14; mov %%r14, (%%r15); " \
                    "lea 16(%%rsp), %%r14; mov %%r14, 8(%%r15); " \
                    "pop %%r15; pop %%r14; " instructions "\n9:" __VA_ARGS__); \
       barrier(); \
       expected_->rip = 0; \
       expected_->trap; })

#endif
