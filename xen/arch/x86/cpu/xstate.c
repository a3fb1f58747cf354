/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FPU, SSE, AVX and what comes after: saved when a vcpu leaves a processor, loaded when it arrives.
 * Without XSAVE, by FXSAVE.  The hypervisor itself uses none of it.
 */
#include <asm/insn.h>
#include <asm/regs.h>
#include <asm/extable.h>
#include <lib/string.h>
#include <x86/cpu.h>
#include <xen/domain.h>
#include <xen/heap.h>

uint64_t xstate_mask = 3;
static uint32_t area_size = 512;

#define FCW_DEFAULT     0x037f
#define MXCSR_DEFAULT   0x1f80

/* XSETBV's legality (SDM vol. 1, 13.3), restricted to what the processor has: x87 always; AVX needs
 * SSE; AVX-512's three come together and need AVX; protection keys and AMX are not offered. */
static bool xcr0_is_legal(uint64_t x)
{
    if (!(x & 1) || (x & ~xstate_mask))
        return false;
    if ((x & 4) && !(x & 2))
        return false;
    uint64_t wide = x & 0xe0;
    return !wide || (wide == 0xe0 && (x & 4));
}

void xstate_init(void)
{
    if (!cpu_features.xsave)
        return;
    struct cpuid_regs r = cpuid(0xd, 0);
    xstate_mask = (((uint64_t)r.edx << 32) | r.eax) & 0xe7;
    uint64_t now = xgetbv(0);
    xsetbv(0, xstate_mask);
    area_size = cpuid(0xd, 0).ebx;
    xsetbv(0, now);
}

int xstate_vcpu_create(struct vcpu *v)
{
    /* 64-byte alignment: whole pages. */
    unsigned int order = area_size > PAGE_SIZE ? (area_size > 2 * PAGE_SIZE ? 2 : 1) : 0;
    uint8_t *area = alloc_pages(order, HEAP_ZERO);
    if (!area)
        return -ENOMEM;
    *(uint16_t *)area = FCW_DEFAULT;
    *(uint32_t *)(area + 24) = MXCSR_DEFAULT;
    if (cpu_features.xsave)
        *(uint64_t *)(area + 512) = 3;
    v->arch.xsave = (struct xsave_area *)area;
    v->arch.xcr0 = 3;
    return 0;
}

void xstate_vcpu_free(struct vcpu *v)
{
    if (v->arch.xsave)
        free_pages(v->arch.xsave, area_size > PAGE_SIZE ? (area_size > 2 * PAGE_SIZE ? 2 : 1) : 0);
    v->arch.xsave = NULL;
}

/* The guest may have CR0.TS set: our own access must not fault. */
void xstate_save(struct vcpu *v)
{
    uint32_t lo = (uint32_t)xstate_mask, hi = (uint32_t)(xstate_mask >> 32);

    if (v->arch.pv.cr0_ts)
        clts();
    if (cpu_features.xsave && v->arch.xcr0 != xstate_mask)
        /* a component the guest switched off still has contents to keep */
        xsetbv(0, xstate_mask);
    if (cpu_features.xsaveopt)
        asm volatile("xsaveopt64 (%0)" :: "r"(v->arch.xsave), "a"(lo), "d"(hi) : "memory");
    else if (cpu_features.xsave)
        asm volatile("xsave64 (%0)" :: "r"(v->arch.xsave), "a"(lo), "d"(hi) : "memory");
    else
        asm volatile("fxsave64 (%0)" :: "r"(v->arch.xsave) : "memory");
}

void xstate_load(struct vcpu *v)
{
    clts();
    if (cpu_features.xsave) {
        if (xgetbv(0) != xstate_mask)
            xsetbv(0, xstate_mask);
        asm volatile("xrstor64 (%0)" :: "r"(v->arch.xsave), "a"((uint32_t)xstate_mask),
                     "d"((uint32_t)(xstate_mask >> 32)) : "memory");
        if (v->arch.xcr0 != xstate_mask)
            xsetbv(0, v->arch.xcr0);
    } else {
        asm volatile("fxrstor64 (%0)" :: "r"(v->arch.xsave) : "memory");
    }
    if (v->arch.pv.cr0_ts)
        write_cr0(read_cr0() | CR0_TS);
}

int xstate_set_xcr0(struct vcpu *v, uint64_t value)
{
    if (!cpu_features.xsave || !xcr0_is_legal(value))
        return -EINVAL;
    v->arch.xcr0 = value;
    xsetbv(0, value);
    return 0;
}

/* ---- From and to the outside; v does not run ---- */

/* components that the area holds; others are in their initial state */
#define XSTATE_BV       512
#define XCOMP_BV        520
#define MXCSR_LEGAL     0xffffu         /* what else is set would be a fault of ours */

uint32_t xstate_area_size(void) { return area_size; }

static uint64_t *word_at(void *area, unsigned int offset)
{
    return (uint64_t *)((uint8_t *)area + offset);
}

static void make_mxcsr_legal(void *area) { *(uint32_t *)((uint8_t *)area + 24) &= MXCSR_LEGAL; }

uint64_t xstate_in_use(const struct vcpu *v)
{
    return cpu_features.xsave ? *word_at(v->arch.xsave, XSTATE_BV) : 3;
}

void xstate_get_fpu(const struct vcpu *v, void *fxsave)
{
    memcpy(fxsave, v->arch.xsave, XSTATE_BV);
}

void xstate_set_fpu(struct vcpu *v, const void *fxsave)
{
    memcpy(v->arch.xsave, fxsave, XSTATE_BV);
    make_mxcsr_legal(v->arch.xsave);
    if (cpu_features.xsave)
        *word_at(v->arch.xsave, XSTATE_BV) |= 3;
}

int xstate_replace(struct vcpu *v, uint64_t xcr0, void *area)
{
    /* The standard format, and nothing that XRSTOR would choke on. */
    if (!xcr0_is_legal(xcr0) || (*word_at(area, XSTATE_BV) & ~xstate_mask))
        return -EINVAL;
    for (unsigned int at = XCOMP_BV; at < XSAVE_HEADER_END; at += 8)
        if (*word_at(area, at))
            return -EINVAL;
    make_mxcsr_legal(area);
    memcpy(v->arch.xsave, area, area_size);
    v->arch.xcr0 = xcr0;
    return 0;
}
