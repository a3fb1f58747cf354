/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of a guest kernel. */
#include "guest.h"

const struct start_info *start_info;
struct shared_info *shared_info;

static uint8_t shared_info_page[PAGE_SIZE] __attribute__((aligned(4096)));

noreturn void guest_start(const struct start_info *si);

noreturn void guest_start(const struct start_info *si)
{
    start_info = si;
    printf("TEST %s starts\n", test_name);
    trap_init();
    REQUIRE_EQ(update_va_mapping(shared_info_page, si->shared_info | PTE_RW, UVMF_INVLPG), 0);
    shared_info = (struct shared_info *)shared_info_page;
    mm_init();
    event_init();
    test_main();
    verdict();
}
