/* SPDX-License-Identifier: GPL-2.0-only */
/* Traps: where each entry leads. */
#include "guest.h"

noreturn void user_leave(unsigned long saved_rsp);
void event_upcall(void);

bool (*trap_hook)(struct trap_frame *frame, uint64_t cr2);
bool trap_upcall_leaves_user;
volatile unsigned int nmi_count;
uint64_t failsafe_selectors[4];

static struct trap_info table[257];

struct trap_expected *trap_expected(void)
{
    return &current()->expected;
}

const struct trap_info *trap_table(void)
{
    return table;
}

void trap_init(void)
{
    for (unsigned int vector = 0; vector < 256; vector++) {
        bool by_int = vector == X86_BP || vector == X86_OF || vector >= 0x80;

        table[vector] = (struct trap_info){
            .vector = vector,
            .flags = by_int ? 3 : 0,
            .cs = FLAT_KERNEL_CS,
            .address = (unsigned long)trap_entries + vector * 16,
        };
    }
    REQUIRE_EQ(set_trap_table(table), 0);
}

static noreturn void trap_unexpected(const struct trap_frame *frame, uint64_t cr2)
{
    printf("  unexpected trap %lu, error 0x%lx, cr2 %lx\n", frame->vector, frame->error, cr2);
    printf("  rip %lx cs 0x%lx rflags 0x%lx rsp %lx ss 0x%lx\n", frame->rip, frame->cs,
           frame->rflags, frame->rsp, frame->ss);
    printf("  rax %lx rbx %lx rcx %lx rdx %lx\n", frame->rax, frame->rbx, frame->rcx, frame->rdx);
    printf("  rsi %lx rdi %lx rbp %lx r8  %lx\n", frame->rsi, frame->rdi, frame->rbp, frame->r8);
    FAIL("unexpected trap");
}

static void trap_note(struct trap *trap, const struct trap_frame *frame, uint64_t cr2)
{
    trap->vector = frame->vector;
    trap->error = frame->error;
    trap->cr2 = cr2;
    trap->frame = *frame;
}

/* From start.S, with the frame that the way back will use. */
void trap_enter(struct trap_frame *frame)
{
    struct vcpu *v = current();
    uint64_t cr2 = shared_info && frame->vector == X86_PF ? vcpu_info()->arch.cr2 : 0;

    if (frame->vector == VECTOR_EVENT) {
        event_upcall();
        if (trap_upcall_leaves_user && (frame->cs & 3)) {
            trap_note(&v->user_exit, frame, 0);
            user_leave(v->user_rsp);
        }
    } else if (frame->vector == VECTOR_NMI) {
        nmi_count++;
    } else if (frame->cs & 3) {
        trap_note(&v->user_exit, frame, cr2);
        user_leave(v->user_rsp);
    } else if (trap_hook && trap_hook(frame, cr2)) {
        /* done */
    } else if (frame->vector == VECTOR_FAILSAFE && v->user_rsp) {
        trap_note(&v->user_exit, frame, cr2);
        user_leave(v->user_rsp);
    } else if (v->expected.rip) {
        trap_note(&v->expected.trap, frame, cr2);
        frame->rip = v->expected.rip;
        frame->rsp = v->expected.rsp;
        frame->rflags &= ~(uint64_t)(EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC);
        v->expected.rip = 0;
    } else {
        trap_unexpected(frame, cr2);
    }
    frame->error = 0;
}
