/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A few words to or from the current guest, inline: the shortest form of xen/guest_access.h, for
 * paths that run at every page fault.  False: the guest cannot reach the address itself.
 */
#ifndef X86_GUEST_WORD_H
#define X86_GUEST_WORD_H

#include <asm/extable.h>
#include <asm/layout.h>
#include <x86/cpu.h>
#include <xen/types.h>

/* Ours lies in the middle of the upper half; a range of n bytes that starts above it must not
 * wrap. */
static inline bool guest_range_ok(uint64_t va, uint64_t n)
{
    return likely(va - HYPERVISOR_END <= -HYPERVISOR_END - n) || va + n <= HYPERVISOR_START;
}

/* The caller has checked the range, and opened the window with guest_access_begin(). */
static inline bool guest_load_word(uint64_t va, uint64_t *word)
{
    uint64_t v;
    asm goto("1: mov (%1), %0\n" EXTABLE("1b", "%l[fault]") : "=r"(v) : "r"(va) : : fault);
    *word = v;
    return true;
fault:
    *word = 0;
    return false;
}

static inline bool guest_store_word(uint64_t va, uint64_t word)
{
    asm goto("1: mov %1, (%0)\n" EXTABLE("1b", "%l[fault]")
             :
             : "r"(va), "r"(word)
             : "memory"
             : fault);
    return true;
fault:
    return false;
}

#endif
