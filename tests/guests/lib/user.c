/* SPDX-License-Identifier: GPL-2.0-only */
/* User mode: its page table, and going there and back. */
#include "guest.h"

void user_enter(unsigned long *saved_rsp, const struct trap_frame *frame);

static uint64_t *root;

uint64_t *user_root(void)
{
    return root;
}

unsigned long user_address(const void *kernel_address)
{
    const char *p = kernel_address;

    if (p >= user_data_start && p < user_data_end)
        return USER_DATA + (p - user_data_start);
    return USER_CODE + (p - user_start);
}

static void map_range(unsigned long va, char *start, char *end, uint64_t flags)
{
    for (; start < end; start += PAGE_SIZE, va += PAGE_SIZE)
        REQUIRE_EQ(map_page(root, (void *)va, pte_of(start, flags)), 0);
}

void user_init(void)
{
    root = table_alloc();
    REQUIRE_EQ(mmuext_mfn(MMUEXT_PIN_L4_TABLE, mfn_of(root)), 0);
    map_range(USER_CODE, user_start, user_end, PTE_RX);
    map_range(USER_DATA, user_data_start, user_data_end, PTE_RW);

    char *stack = page_alloc();

    map_range(USER_STACK - PAGE_SIZE, stack, stack + PAGE_SIZE, PTE_RW);
    REQUIRE_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, mfn_of(root)), 0);
}

struct trap_frame user_frame(const void *code)
{
    return (struct trap_frame){
        .rip = user_address(code),
        .cs = FLAT_USER_CS64,
        .rflags = EFLAGS_IF,
        .rsp = USER_STACK,
        .ss = FLAT_USER_SS64,
    };
}

struct trap user_run(const struct trap_frame *frame)
{
    struct vcpu *v = current();

    REQUIRE_EQ(stack_switch(FLAT_KERNEL_SS, (unsigned long)v + VCPU_ENTRY_STACK), 0);
    v->user_exit.vector = NO_TRAP;
    user_enter(&v->user_rsp, frame);
    v->user_rsp = 0;
    return v->user_exit;
}
