/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying to and from the current guest's virtual addresses.
 *
 * The guest's page tables are loaded, so the processor itself checks its permissions; what it must
 * never reach is our part of the address space, and that is the one check made here.  A fault ends
 * the copy through the exception table and the rest is reported as not copied.
 */
#include <asm/extable.h>
#include <asm/insn.h>
#include <asm/layout.h>
#include <x86/cpu.h>
#include <xen/guest_access.h>
#include <xen/types.h>

static inline bool outside_hypervisor(uint64_t va, size_t n)
{
    uint64_t end = va + n;
    return end >= va && (end <= HYPERVISOR_START || va >= HYPERVISOR_END);
}

bool guest_va_ok(uint64_t va, size_t n) { return outside_hypervisor(va, n); }

/* Eight bytes at a time, then the rest; returns what is left when an access faults. */
static inline unsigned long copy_faulting(void *to, const void *from, size_t n)
{
    unsigned long quads = n >> 3, left = n & 7;
    guest_access_begin();
    asm volatile(
        "1: rep movsq\n"
        "   mov %[rest], %[count]\n"
        "2: rep movsb\n"
        "   jmp 4f\n"
        "3: lea (%[rest], %[count], 8), %[count]\n"
        "4:\n"
        EXTABLE("1b", "3b") EXTABLE("2b", "4b")
        : [count] "+&c"(quads), "+&D"(to), "+&S"(from) : [rest] "r"(left) : "memory");
    guest_access_end();
    return quads;
}

unsigned long copy_from_guest_va(void *to, uint64_t va, size_t n)
{
    if (unlikely(!outside_hypervisor(va, n)))
        return n;
    return copy_faulting(to, (const void *)va, n);
}

unsigned long copy_to_guest_va(uint64_t va, const void *from, size_t n)
{
    if (unlikely(!outside_hypervisor(va, n)))
        return n;
    return copy_faulting((void *)va, from, n);
}

unsigned long clear_guest_va(uint64_t va, size_t n)
{
    if (unlikely(!outside_hypervisor(va, n)))
        return n;
    guest_access_begin();
    unsigned long left = n;
    void *to = (void *)va;
    asm volatile("1: rep stosb\n"
                 "2:\n"
                 EXTABLE("1b", "2b")
                 : "+&c"(left), "+&D"(to) : "a"(0) : "memory");
    guest_access_end();
    return left;
}
