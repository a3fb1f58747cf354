/* SPDX-License-Identifier: GPL-2.0-only */
/* What every file of a guest kernel uses: plain types and single instructions. */
#ifndef GUEST_TYPES_H
#define GUEST_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __user_data   __attribute__((section(".user_data")))
#define noreturn      __attribute__((noreturn))
#define barrier()     asm volatile("" ::: "memory")

#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

static inline void cpu_relax(void)
{
    asm volatile("pause" ::: "memory");
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) :: "memory");
    return (uint64_t)high << 32 | low;
}

struct cpuid {
    uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
    return r;
}

/* Atomic exchanges; the value that was there is returned. */
static inline uint64_t xchg64(volatile uint64_t *p, uint64_t value)
{
    asm volatile("xchg %0, %1" : "+r"(value), "+m"(*p) :: "memory");
    return value;
}

static inline uint8_t xchg8(volatile uint8_t *p, uint8_t value)
{
    asm volatile("xchg %0, %1" : "+q"(value), "+m"(*p) :: "memory");
    return value;
}

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
bool strstr_in(const char *text, const char *part);

#endif
