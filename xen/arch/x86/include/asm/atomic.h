/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic operations.  x86 orders loads with loads and stores with stores, so acquire and release
 * cost nothing but the compiler's attention; smp_mb() is the one real fence.
 */
#ifndef ASM_ATOMIC_H
#define ASM_ATOMIC_H

#include <xen/types.h>

#define read_once(x)        (*(const volatile __typeof__(x) *)&(x))
#define write_once(x, v)    (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()           asm volatile("" ::: "memory")
#define smp_mb()            asm volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc")
#define smp_rmb()           barrier()
#define smp_wmb()           barrier()

#define load_acquire(p)         __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_release(p, v)     __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v)        ((void)__atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST))
#define atomic_sub(p, v)        ((void)__atomic_sub_fetch((p), (v), __ATOMIC_SEQ_CST))
#define atomic_add_return(p, v) __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_sub_return(p, v) __atomic_sub_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_add(p, v)  __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_or(p, v)   __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define atomic_or(p, v)         ((void)__atomic_or_fetch((p), (v), __ATOMIC_SEQ_CST))
#define atomic_and(p, v)        ((void)__atomic_and_fetch((p), (v), __ATOMIC_SEQ_CST))
#define atomic_xchg(p, v)       __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

/* True if *p was `old` and became `new`; otherwise *old is what it was. */
#define atomic_cas(p, old, new) \
    __atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Atomic against this CPU's interrupts: the inline twins of arch_irq_*(). */
#if !__STDC_HOSTED__
static inline unsigned long irq_save(void)
{
    unsigned long flags;
    asm volatile("pushfq; popq %0; cli" : "=r"(flags) :: "memory");
    return flags;
}

static inline void irq_restore(unsigned long flags)
{
    asm volatile("pushq %0; popfq" :: "r"(flags) : "memory", "cc");
}

static inline void irq_disable(void) { asm volatile("cli" ::: "memory"); }
static inline void irq_enable(void) { asm volatile("sti" ::: "memory"); }

static inline bool irqs_enabled(void)
{
    unsigned long flags;
    asm volatile("pushfq; popq %0" : "=r"(flags) :: "memory");
    return (flags >> 9) & 1;
}
#else
unsigned long irq_save(void);
void irq_restore(unsigned long flags);
void irq_disable(void);
void irq_enable(void);
bool irqs_enabled(void);
#endif

static inline void cpu_relax(void) { asm volatile("pause" ::: "memory"); }

#endif
