/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic bit operations on memory that guests or other CPUs change too (bit numbers count from the
 * address's bit 0, any length).  For plain bitmaps of our own see lib/bitmap.h.
 */
#ifndef ASM_BITOPS_H
#define ASM_BITOPS_H

#include <xen/types.h>

static inline bool atomic_test_and_set_bit(unsigned long nr, volatile void *addr)
{
    bool old;
    asm volatile("lock; btsq %2, %1"
                 : "=@ccc"(old), "+m"(*(volatile long *)addr)
                 : "r"(nr)
                 : "memory");
    return old;
}

static inline bool atomic_test_and_clear_bit(unsigned long nr, volatile void *addr)
{
    bool old;
    asm volatile("lock; btrq %2, %1"
                 : "=@ccc"(old), "+m"(*(volatile long *)addr)
                 : "r"(nr)
                 : "memory");
    return old;
}

static inline void atomic_set_bit(unsigned long nr, volatile void *addr)
{
    asm volatile("lock; btsq %1, %0" : "+m"(*(volatile long *)addr) : "r"(nr) : "memory", "cc");
}

static inline void atomic_clear_bit(unsigned long nr, volatile void *addr)
{
    asm volatile("lock; btrq %1, %0" : "+m"(*(volatile long *)addr) : "r"(nr) : "memory", "cc");
}

static inline bool test_bit(unsigned long nr, const volatile void *addr)
{
    return (((const volatile uint8_t *)addr)[nr >> 3] >> (nr & 7)) & 1;
}

/*
 * A guest's index that has been found to be below n, for use in a table: also where the processor
 * guesses wrongly that it was, it becomes 0 and not a way to read beyond.
 */
static inline unsigned long index_nospec(unsigned long i, unsigned long n)
{
    unsigned long mask;
    asm volatile("cmp %2, %1; sbb %0, %0" : "=r"(mask) : "r"(i), "r"(n) : "cc");
    return i & mask;
}

/* Lowest set bit; undefined for 0. */
static inline unsigned int first_bit(unsigned long x) { return (unsigned int)__builtin_ctzl(x); }

#endif
