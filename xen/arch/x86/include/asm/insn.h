/* SPDX-License-Identifier: GPL-2.0-only */
/* One instruction, one function, named like it. */
#ifndef ASM_INSN_H
#define ASM_INSN_H

#include <xen/types.h>

struct cpuid_regs { uint32_t eax, ebx, ecx, edx; };

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r;
    asm volatile("cpuid"
                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                 : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;
    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((uint64_t)hi << 32) | lo;
}

/* Not before earlier loads have completed. */
static inline uint64_t rdtsc_ordered(void)
{
    asm volatile("lfence" ::: "memory");
    return rdtsc();
}

static inline void cli(void) { asm volatile("cli" ::: "memory"); }
static inline void sti(void) { asm volatile("sti" ::: "memory"); }
static inline void monitor(const volatile void *p)
{
    asm volatile("monitor" :: "a"(p), "c"(0), "d"(0) : "memory");
}

/* Interrupts come on only when it waits, as below. */
static inline void sti_mwait(uint32_t hint)
{
    asm volatile("sti; mwait" :: "a"(hint), "c"(0) : "memory");
}

static inline void hlt(void) { asm volatile("hlt" ::: "memory"); }
/* Interrupts come on with no window between the test before and the halt. */
static inline void sti_hlt(void) { asm volatile("sti; hlt" ::: "memory"); }
static inline void wbinvd(void) { asm volatile("wbinvd" ::: "memory"); }
static inline void swapgs(void) { asm volatile("swapgs" ::: "memory"); }
static inline void clts(void) { asm volatile("clts"); }
static inline void mfence(void) { asm volatile("mfence" ::: "memory"); }
static inline void lfence(void) { asm volatile("lfence" ::: "memory"); }

static inline unsigned long read_flags(void)
{
    unsigned long f;
    asm volatile("pushfq; popq %0" : "=r"(f) :: "memory");
    return f;
}

static inline void write_flags(unsigned long f)
{
    asm volatile("pushq %0; popfq" ::"r"(f) : "memory", "cc");
}

static inline unsigned long read_cr0(void)
{
    unsigned long v;
    asm volatile("mov %%cr0, %0" : "=r"(v));
    return v;
}
static inline unsigned long read_cr2(void)
{
    unsigned long v;
    asm volatile("mov %%cr2, %0" : "=r"(v));
    return v;
}
static inline unsigned long read_cr3(void)
{
    unsigned long v;
    asm volatile("mov %%cr3, %0" : "=r"(v));
    return v;
}
static inline unsigned long read_cr4(void)
{
    unsigned long v;
    asm volatile("mov %%cr4, %0" : "=r"(v));
    return v;
}
static inline void write_cr0(unsigned long v)
{
    asm volatile("mov %0, %%cr0" ::"r"(v) : "memory");
}
static inline void write_cr2(unsigned long v)
{
    asm volatile("mov %0, %%cr2" ::"r"(v) : "memory");
}
static inline void write_cr3(unsigned long v)
{
    asm volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}
static inline void write_cr4(unsigned long v)
{
    asm volatile("mov %0, %%cr4" ::"r"(v) : "memory");
}
static inline void invlpg(unsigned long va) { asm volatile("invlpg (%0)" :: "r"(va) : "memory"); }

static inline uint64_t xgetbv(uint32_t reg)
{
    uint32_t lo, hi;
    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(reg));
    return ((uint64_t)hi << 32) | lo;
}

static inline void xsetbv(uint32_t reg, uint64_t v)
{
    asm volatile("xsetbv" :: "c"(reg), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

struct packed table_register { uint16_t limit; uint64_t base; };

static inline void lgdt(const struct table_register *r) { asm volatile("lgdt %0" :: "m"(*r)); }
static inline void lidt(const struct table_register *r) { asm volatile("lidt %0" :: "m"(*r)); }
static inline void lldt(uint16_t sel) { asm volatile("lldt %w0" :: "r"(sel)); }
static inline void ltr(uint16_t sel) { asm volatile("ltr %w0" :: "r"(sel)); }

static inline unsigned long rdfsbase(void)
{
    unsigned long v;
    asm volatile("rdfsbase %0" : "=r"(v));
    return v;
}
static inline unsigned long rdgsbase(void)
{
    unsigned long v;
    asm volatile("rdgsbase %0" : "=r"(v));
    return v;
}
static inline void wrfsbase(unsigned long v) { asm volatile("wrfsbase %0" :: "r"(v)); }
static inline void wrgsbase(unsigned long v) { asm volatile("wrgsbase %0" :: "r"(v)); }

static inline unsigned long read_dr6(void)
{
    unsigned long v;
    asm volatile("mov %%dr6, %0" : "=r"(v));
    return v;
}
static inline unsigned long read_dr7(void)
{
    unsigned long v;
    asm volatile("mov %%dr7, %0" : "=r"(v));
    return v;
}
static inline void write_dr6(unsigned long v) { asm volatile("mov %0, %%dr6" :: "r"(v)); }
static inline void write_dr7(unsigned long v) { asm volatile("mov %0, %%dr7" :: "r"(v)); }

#endif
