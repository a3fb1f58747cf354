/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small arithmetic and structure helpers. Everything evaluates its arguments once.
 */
#ifndef LIB_MATH_H
#define LIB_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A name nobody else has, so that these macros can be nested without shadowing. */
#define LIB_PASTE_(a, b) a##b
#define LIB_PASTE(a, b) LIB_PASTE_(a, b)
#define LIB_UNIQUE(name) LIB_PASTE(name, __COUNTER__)

/* The structure that holds 'pointer' as its 'member'. */
#define container_of(pointer, type, member)                             \
    container_of_named(pointer, type, member, LIB_UNIQUE(member_))
#define container_of_named(pointer, type, member, p) __extension__({    \
    const __typeof__(((type *)0)->member) *p = (pointer);               \
    (type *)(void *)((char *)(uintptr_t)p - offsetof(type, member)); })

/* Both arguments must have one type: comparing the addresses makes the compiler say when not. */
#define min(a, b) pick_named(a, b, <, LIB_UNIQUE(a_), LIB_UNIQUE(b_))
#define max(a, b) pick_named(a, b, >, LIB_UNIQUE(a_), LIB_UNIQUE(b_))
#define pick_named(a, b, order, x, y) __extension__({                 \
    __typeof__(a) x = (a);                                              \
    __typeof__(b) y = (b);                                              \
    (void)(&x == &y);                                                   \
    x order y ? x : y; })

/* For mixed types: both are converted to 'type' first. */
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))

#define clamp(value, low, high) min(max(value, low), high)

static inline bool is_pow2(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* 'unit' may be any non-zero number; round_up's result must fit 64 bits. */
static inline uint64_t round_down(uint64_t n, uint64_t unit)
{
    return n - n % unit;
}

static inline uint64_t div_round_up(uint64_t n, uint64_t unit)
{
    return n / unit + (n % unit != 0);
}

static inline uint64_t round_up(uint64_t n, uint64_t unit)
{
    return div_round_up(n, unit) * unit;
}

static inline bool is_aligned(uint64_t n, uint64_t unit)
{
    return n % unit == 0;
}

/* Position of the highest set bit; n must not be 0. */
static inline unsigned int ilog2(uint64_t n)
{
    return 63u - (unsigned int)__builtin_clzll(n);
}

/* Least power of two, as an exponent, that is >= n; n of 0 gives 0. */
static inline unsigned int ilog2_up(uint64_t n)
{
    return n <= 1 ? 0 : ilog2(n - 1) + 1;
}

/*
 * Number of set bits, without the instruction that old processors lack or the call that libgcc
 * would need.
 */
static inline unsigned int count_bits(uint64_t n)
{
    n -= (n >> 1) & 0x5555555555555555;
    n = (n & 0x3333333333333333) + ((n >> 2) & 0x3333333333333333);
    n = (n + (n >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (unsigned int)((n * 0x0101010101010101) >> 56);
}

/* (a * b) >> shift with a 128-bit product; the result is cut to 64 bits. shift < 128. */
static inline uint64_t mul_u64_u64_shr(uint64_t a, uint64_t b, unsigned int shift)
{
    return (uint64_t)(((unsigned __int128)a * b) >> shift);
}

static inline uint64_t mul_u64_u32_shr(uint64_t a, uint32_t mul, unsigned int shift)
{
    return mul_u64_u64_shr(a, mul, shift);
}

/*
 * a * b / c with a 128-bit product; a quotient that does not fit 64 bits is UINT64_MAX. c must
 * not be 0. One instruction: the compiler's own 128-bit division would call libgcc.
 */
static inline uint64_t muldiv64(uint64_t a, uint64_t b, uint64_t c)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    uint64_t high = (uint64_t)(product >> 64);
    uint64_t low = (uint64_t)product;

    if (high >= c)
        return UINT64_MAX;
    asm("divq %2" : "+a"(low), "+d"(high) : "rm"(c) : "cc");
    return low;
}

#endif
