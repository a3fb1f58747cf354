/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID as PV guests get it: the machine's, without what a PV guest cannot use.
 *
 * Lists are of what may be shown, so that features nobody has thought of stay hidden.  A guest
 * that executes a bare CPUID sees the machine's; only the forced one (or a faulting processor)
 * comes here.
 */
#include <lib/math.h>
#include <lib/string.h>
#include <public/arch-x86/cpuid.h>
#include <public/version.h>
#include <x86/cpu.h>
#include <xen/guest_access.h>
#include <xen/time.h>

#include "private.h"

#include <compile.h>

#define MAX_BASIC       0xdu
#define MAX_EXTENDED    0x80000021u
#define BIT(n)          (1u << (n))

/* Leaf 1. */
#define ECX1_FMA        BIT(12)
#define ECX1_XSAVE      BIT(26)
#define ECX1_OSXSAVE    BIT(27)
#define ECX1_AVX        BIT(28)
#define ECX1_F16C       BIT(29)
#define ECX1_HYPERVISOR BIT(31)
/* SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND */
#define ECX1_SHOWN      (BIT(0) | BIT(1) | BIT(9) | ECX1_FMA | BIT(13) | BIT(19) | BIT(20) | \
                         BIT(22) | BIT(23) | BIT(25) | ECX1_XSAVE | ECX1_AVX | ECX1_F16C | BIT(30))
#define EDX1_SEP        BIT(11)
/* FPU DE TSC MSR PAE CX8 APIC SEP CMOV PAT CLFLUSH MMX FXSR SSE SSE2 SS HTT */
#define EDX1_SHOWN      (BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | EDX1_SEP | \
                         BIT(15) | BIT(16) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26) | \
                         BIT(27) | BIT(28))
/* What the machine's manager may know: MCE MTRR MCA ACPI */
#define EDX1_DOM0       (BIT(7) | BIT(12) | BIT(14) | BIT(22))

/* Leaf 7.  AVX2; AVX-512: F DQ IFMA PF ER CD BW VL */
#define EBX7_AVX        BIT(5)
#define EBX7_AVX512     (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | \
                         BIT(31))
/* FSGSBASE BMI1 HLE FDP BMI2 ERMS RTM NO_FPU_SEL RDSEED ADX CLFLUSHOPT CLWB SHA */
#define EBX7_SHOWN      (BIT(0) | BIT(3) | BIT(4) | EBX7_AVX | BIT(6) | BIT(8) | BIT(9) | \
                         BIT(11) | BIT(13) | BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29) | \
                         EBX7_AVX512)
/* VBMI VBMI2 VNNI BITALG VPOPCNTDQ;  VAES VPCLMULQDQ;
 * PREFETCHWT1 GFNI RDPID CLDEMOTE MOVDIRI MOVDIR64B */
#define ECX7_AVX512     (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define ECX7_AVX        (BIT(9) | BIT(10))
#define ECX7_SHOWN      (BIT(0) | BIT(8) | BIT(22) | BIT(25) | BIT(27) | BIT(28) | ECX7_AVX | \
                         ECX7_AVX512)
/* 4VNNIW 4FMAPS VP2INTERSECT FP16;  FSRM MD_CLEAR SERIALIZE */
#define EDX7_AVX512     (BIT(2) | BIT(3) | BIT(8) | BIT(23))
#define EDX7_SHOWN      (BIT(4) | BIT(10) | BIT(14) | EDX7_AVX512)
/* Leaf 7.1.  AVX_VNNI, AVX512_BF16;  fast string operations */
#define EAX71_AVX       BIT(4)
#define EAX71_AVX512    BIT(5)
#define EAX71_SHOWN     (EAX71_AVX | EAX71_AVX512 | BIT(10) | BIT(11) | BIT(12))

/* Leaf 0x80000001.  XOP FMA4;
 * LAHF CMP_LEGACY CR8_LEGACY ABM SSE4A MISALIGNSSE 3DNOWPREFETCH TBM TOPOEXT */
#define ECXE1_AVX       (BIT(11) | BIT(16))
#define ECXE1_SHOWN     (BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(21) | \
                         BIT(22) | ECXE1_AVX)
#define EDXE1_SYSCALL   BIT(11)
#define EDXE1_RDTSCP    BIT(27)
/* As leaf 1 where AMD repeats it;  NX MMXEXT FFXSR RDTSCP LM 3DNOWEXT 3DNOW */
#define EDXE1_SHOWN     (BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | \
                         EDXE1_SYSCALL | BIT(15) | BIT(16) | BIT(20) | BIT(22) | BIT(23) | \
                         BIT(24) | BIT(25) | EDXE1_RDTSCP | BIT(29) | BIT(30) | BIT(31))
#define EDXE1_DOM0      (BIT(7) | BIT(14))
#define EDXE7_ITSC      BIT(8)
/* CLZERO RSTR_FP_ERR_PTRS WBNOINVD */
#define EBXE8_SHOWN     (BIT(0) | BIT(2) | BIT(9))
/* LFENCE_DISPATCH NULL_SELECTOR_CLEARS */
#define EAXE21_SHOWN    (BIT(2) | BIT(6))

/* Leaf 0xd.1: XSAVEOPT XSAVEC XGETBV(1); not XSAVES, which is the kernel's. */
#define EAXD1_SHOWN     (BIT(0) | BIT(1) | BIT(2))

#define XSTATE_AVX      4u
#define XSTATE_AVX512   0xe0u

static bool has_xstate(uint64_t components)
{
    return cpu_features.xsave && (xstate_mask & components) == components;
}

/* Whom an answer depends on. */
struct viewer { bool is_dom0; uint64_t xcr0; };

/* ---- The machine's leaves -------------------------------------------------------------------- */

static void leaf_features(struct viewer by, struct cpuid_regs *r)
{
    r->ecx = (r->ecx & ECX1_SHOWN) | ECX1_HYPERVISOR;
    if (!cpu_features.xsave)
        r->ecx &= ~ECX1_XSAVE;
    else
        r->ecx |= ECX1_OSXSAVE;         /* CR4.OSXSAVE is always on beneath a PV guest */
    if (!has_xstate(XSTATE_AVX))
        r->ecx &= ~(ECX1_AVX | ECX1_FMA | ECX1_F16C);
    r->edx &= EDX1_SHOWN | (by.is_dom0 ? EDX1_DOM0 : 0);
    /* Elsewhere SYSENTER does not exist in long mode. */
    if (!cpu_features.intel)
        r->edx &= ~EDX1_SEP;
}

static void leaf_structured_features(uint32_t subleaf, struct cpuid_regs *r)
{
    bool avx = has_xstate(XSTATE_AVX), avx512 = has_xstate(XSTATE_AVX512);

    if (subleaf == 0) {
        r->eax = min(r->eax, 1u);
        r->ebx &= EBX7_SHOWN & ~(avx ? 0 : EBX7_AVX) & ~(avx512 ? 0 : EBX7_AVX512);
        r->ecx &= ECX7_SHOWN & ~(avx ? 0 : ECX7_AVX) & ~(avx512 ? 0 : ECX7_AVX512);
        r->edx &= EDX7_SHOWN & ~(avx512 ? 0 : EDX7_AVX512);
    } else if (subleaf == 1 && cpuid(7, 0).eax >= 1) {
        *r = (struct cpuid_regs){
            .eax = r->eax & EAX71_SHOWN & ~(avx ? 0 : EAX71_AVX) & ~(avx512 ? 0 : EAX71_AVX512),
        };
    } else {
        *r = (struct cpuid_regs){ 0 };
    }
}

/* Bytes that the standard format of these components takes. */
static uint32_t xsave_size(uint64_t components)
{
    uint32_t size = 576;
    for (unsigned int i = 2; i < 63; i++) {
        if (!(components >> i & 1))
            continue;
        struct cpuid_regs r = cpuid(0xd, i);
        size = max(size, r.ebx + r.eax);
    }
    return size;
}

static void leaf_xstate(struct viewer by, uint32_t subleaf, struct cpuid_regs *r)
{
    if (!cpu_features.xsave) {
        *r = (struct cpuid_regs){ 0 };
    } else if (subleaf == 0) {
        r->eax = (uint32_t)xstate_mask;
        r->edx = (uint32_t)(xstate_mask >> 32);
        r->ebx = xsave_size(by.xcr0);
        r->ecx = xsave_size(xstate_mask);
    } else if (subleaf == 1) {
        /* ebx is the compacted size for XCR0, which is the guest's at this moment; XSS is 0. */
        r->eax &= EAXD1_SHOWN;
        r->ecx = r->edx = 0;
        if (!r->eax)
            r->ebx = 0;
    } else if (subleaf < 63 && (xstate_mask >> subleaf & 1)) {
        r->ecx &= 2;
        r->edx = 0;
    } else {
        *r = (struct cpuid_regs){ 0 };
    }
}

static void basic_leaf(struct viewer by, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    switch (leaf) {
    case 0: r->eax = min(r->eax, MAX_BASIC); return;
    case 1: leaf_features(by, r); return;
    case 7: leaf_structured_features(subleaf, r); return;
    case 0xd: leaf_xstate(by, subleaf, r); return;
    case 2:             /* caches and TLBs */
    case 4:
    case 0xb:           /* topology */
        return;
    default:            /* MWAIT, power and thermal management, performance counters */
        *r = (struct cpuid_regs){ 0 };
    }
}

static void extended_leaf(struct viewer by, uint32_t leaf, struct cpuid_regs *r)
{
    switch (leaf) {
    case 0x80000000:
        r->eax = min(r->eax, MAX_EXTENDED);
        return;
    case 0x80000001:
        r->ecx &= ECXE1_SHOWN & ~(has_xstate(XSTATE_AVX) ? 0 : ECXE1_AVX);
        r->edx &= EDXE1_SHOWN | (by.is_dom0 ? EDXE1_DOM0 : 0);
        r->edx |= EDXE1_SYSCALL;
        return;
    case 0x80000002 ... 0x80000006:     /* name, caches */
    case 0x80000019:
    case 0x8000001d:                    /* caches, topology */
    case 0x8000001e:
        return;
    case 0x80000007:                    /* a domain that may move must not rely on the TSC's rate */
        *r = (struct cpuid_regs){ .edx = by.is_dom0 ? r->edx & EDXE7_ITSC : 0 };
        return;
    case 0x80000008:
        r->ebx &= EBXE8_SHOWN;
        r->edx = 0;
        return;
    case 0x80000021:
        *r = (struct cpuid_regs){ .eax = r->eax & EAXE21_SHOWN };
        return;
    default:
        *r = (struct cpuid_regs){ 0 };
    }
}

/* ---- Our own leaves -------------------------------------------------------------------------- */

/* The guest's TSC runs as the machine's, or from 0 where it is emulated: without offset. */
static void leaf_time(const struct domain *d, uint32_t subleaf, struct cpuid_regs *r)
{
    bool is_emulated = d->arch.tsc_is_emulated;
    struct tsc_scale scale = is_emulated ? d->arch.tsc_scale : time_scale();

    switch (subleaf) {
    case 0:
        r->eax = (is_emulated ? BIT(0) : 0) | (time_is_stable() ? BIT(1) : 0) |
                 (cpu_features.rdtscp ? BIT(2) : 0);
        r->ebx = d->arch.tsc_mode;
        r->ecx = is_emulated ? d->arch.tsc_khz : time_cpu_khz();
        r->edx = d->arch.tsc_incarnation;
        return;
    case 1:
        r->ecx = scale.mul_frac;
        r->edx = (uint32_t)(int32_t)scale.shift;
        return;
    case 2:
        r->eax = time_cpu_khz();
        return;
    }
}

static void our_leaf(const struct domain *d, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    *r = (struct cpuid_regs){ 0 };
    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        *r = (struct cpuid_regs){
            .eax = XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES), .ebx = XEN_CPUID_SIGNATURE_EBX,
            .ecx = XEN_CPUID_SIGNATURE_ECX, .edx = XEN_CPUID_SIGNATURE_EDX,
        };
        return;
    case 1:
        r->eax = XEN_VERSION << 16 | XEN_SUBVERSION;
        return;
    case 2:
        r->eax = 1;
        r->ebx = XEN_CPUID_FIRST_LEAF;  /* the MSR has the leaf's number */
        r->ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        return;
    case 3:
        leaf_time(d, subleaf, r);
        return;
    case 5:
        r->ebx = PAGE_SHIFT + ilog2_up(max_mfn);
        return;
    }
}

static void machine_leaf(struct viewer by, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    uint32_t range = leaf & 0xffff0000;
    uint32_t limit = range == 0 ? MAX_BASIC : range == 0x80000000 ? MAX_EXTENDED : 0;
    if (leaf > limit || leaf > cpuid(range, 0).eax) {
        *r = (struct cpuid_regs){ 0 };
        return;
    }
    *r = cpuid(leaf, subleaf);
    if (range)
        extended_leaf(by, leaf, r);
    else
        basic_leaf(by, leaf, subleaf, r);
}

void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    if (leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x10000) {
        our_leaf(v->domain, leaf, subleaf, r);
        return;
    }
    machine_leaf((struct viewer){ v->domain->is_privileged, v->arch.xcr0 }, leaf, subleaf, r);
    cpu_policy_apply(v->domain, leaf, subleaf, r);
}

void pv_cpuid_default(uint32_t leaf, uint32_t subleaf, struct cpuid_regs *r)
{
    machine_leaf((struct viewer){ false, 3 }, leaf, subleaf, r);
}

/* UD2, "xen", CPUID. */
bool pv_emulate_forced_cpuid(struct cpu_user_regs *regs)
{
    static const uint8_t wanted[] = { 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2 };
    uint8_t found[sizeof(wanted)];
    struct cpuid_regs r;

    if (copy_from_guest_va(found, regs->rip, sizeof(found)) || memcmp(found, wanted, sizeof(found)))
        return false;
    pv_cpuid(current, (uint32_t)regs->rax, (uint32_t)regs->rcx, &r);
    regs->rax = r.eax;
    regs->rbx = r.ebx;
    regs->rcx = r.ecx;
    regs->rdx = r.edx;
    regs->rip += sizeof(found);
    return true;
}
