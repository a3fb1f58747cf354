/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processor's side of xen.h: a vCPU's state as calls pass it, descriptor tables, traps, and the
 * x86 parts of the shared pages.
 */
#ifndef PUBLIC_ARCH_X86_XEN_H
#define PUBLIC_ARCH_X86_XEN_H

#include "../xen-compat.h"
#include "../handle.h"

#ifdef __i386__
#include "xen-x86_32.h"
#else
#include "xen-x86_64.h"
#endif

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/* vCPUs that have their vcpu_info in shared_info; others must register one. */
#define XEN_LEGACY_MAX_VCPUS 32

/* set_gdt(frames, entries): up to here the GDT is the guest's, from here on ours. */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* vcpu_guest_context.flags */
#define _VGCF_i387_valid               0  /* fpu_ctxt holds something */
#define VGCF_i387_valid                (1<<_VGCF_i387_valid)
#define VGCF_I387_VALID                (1<<0)
#define _VGCF_in_kernel                2  /* not in user mode */
#define VGCF_in_kernel                 (1<<_VGCF_in_kernel)
#define VGCF_IN_KERNEL                 (1<<2)
#define _VGCF_failsafe_disables_events 3  /* the failsafe callback runs with upcalls masked */
#define VGCF_failsafe_disables_events  (1<<_VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4  /* so does the syscall callback */
#define VGCF_syscall_disables_events   (1<<_VGCF_syscall_disables_events)
#define _VGCF_online                   5  /* ready to run */
#define VGCF_online                    (1<<_VGCF_online)

/* A character written to this port of an HVM guest appears on the hypervisor's console. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

/* In front of CPUID this makes a PV guest see the virtual leaves even where CPUID does not trap. */
#ifdef __ASSEMBLY__
#define XEN_EMULATE_PREFIX .byte 0x0f,0x0b,0x78,0x65,0x6e ;
#define XEN_CPUID XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID XEN_EMULATE_PREFIX "cpuid"

typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef uint64_t tsc_timestamp_t;
#define PRI_xen_pfn "lx"
#define PRIu_xen_pfn "lu"
#define PRI_xen_ulong "lx"

/* An element of set_trap_table's list, which ends with address 0. */
struct trap_info {
    uint8_t vector;
    uint8_t flags;                          /* 1:0 ring that may raise it by INT, 2 masks upcalls */
    uint16_t cs;
    unsigned long address;
};
XEN_ABI_STRUCT(trap_info);
#define TI_GET_DPL(_ti) ((_ti)->flags & 3)
#define TI_GET_IF(_ti) ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if) ((_ti)->flags |= ((!!(_if)) << 2))

/* All of a PV vCPU's state. For an HVM vCPU only FPU, flags, user_regs and debugreg count. */
struct vcpu_guest_context {
    struct { char x[512]; } fpu_ctxt;       /* as FXSAVE writes it */
    unsigned long flags;                    /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];
    unsigned long ldt_base, ldt_ents;       /* linear address, entries */
    unsigned long gdt_frames[16], gdt_ents; /* machine frames, entries */
    unsigned long kernel_ss, kernel_sp;     /* stack on entry from user mode */
    unsigned long ctrlreg[8];               /* [1] is the root for user mode, [3] for kernel mode */
    unsigned long debugreg[8];
#ifdef __i386__
    unsigned long event_callback_cs, event_callback_eip;
    unsigned long failsafe_callback_cs, failsafe_callback_eip;
#else
    unsigned long event_callback_eip;
    unsigned long failsafe_callback_eip;
#ifdef __XEN__
    union {
        unsigned long syscall_callback_eip;
        struct {                            /* a 32-bit guest has selectors in its place */
            unsigned int event_callback_cs;
            unsigned int failsafe_callback_cs;
        };
    };
#else
    unsigned long syscall_callback_eip;
#endif
#endif
    unsigned long vm_assist;                /* bits VMASST_TYPE_* */
#ifndef __i386__
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
#endif
};
XEN_ABI_STRUCT(vcpu_guest_context);

/* Where a PV guest keeps its p2m, for the tools that save it; written by the guest. */
struct arch_shared_info {
    unsigned long max_pfn;                  /* entries in the p2m */
    xen_pfn_t pfn_to_mfn_frame_list_list;   /* root of the three-level tree; 0 not yet, ~0 never */
    unsigned long nmi_reason;               /* XEN_NMIREASON_*, written by us */
    unsigned long p2m_cr3;                  /* not 0: where p2m_vaddr is a linear p2m */
    unsigned long p2m_vaddr;
    unsigned long p2m_generation;           /* odd while the linear p2m's mapping changes */
#ifdef __i386__
    uint32_t wc_sec_hi;
#endif
};
typedef struct arch_shared_info arch_shared_info_t;

/* CPUID and MSR policies as control calls carry them. */
typedef struct xen_cpuid_leaf {
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu
    uint32_t leaf, subleaf;
    uint32_t a, b, c, d;
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

typedef struct xen_msr_entry {
    uint32_t idx;
    uint32_t flags;                         /* zero */
    uint64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* Devices the hypervisor emulates for an HVM domain, chosen when it is created. */
#define _XEN_X86_EMU_LAPIC    0
#define _XEN_X86_EMU_HPET     1
#define _XEN_X86_EMU_PM       2
#define _XEN_X86_EMU_RTC      3
#define _XEN_X86_EMU_IOAPIC   4
#define _XEN_X86_EMU_PIC      5
#define _XEN_X86_EMU_VGA      6
#define _XEN_X86_EMU_IOMMU    7
#define _XEN_X86_EMU_PIT      8
#define _XEN_X86_EMU_USE_PIRQ 9             /* device interrupts may become event channels */
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_LAPIC     (1U<<_XEN_X86_EMU_LAPIC)
#define XEN_X86_EMU_HPET      (1U<<_XEN_X86_EMU_HPET)
#define XEN_X86_EMU_PM        (1U<<_XEN_X86_EMU_PM)
#define XEN_X86_EMU_RTC       (1U<<_XEN_X86_EMU_RTC)
#define XEN_X86_EMU_IOAPIC    (1U<<_XEN_X86_EMU_IOAPIC)
#define XEN_X86_EMU_PIC       (1U<<_XEN_X86_EMU_PIC)
#define XEN_X86_EMU_VGA       (1U<<_XEN_X86_EMU_VGA)
#define XEN_X86_EMU_IOMMU     (1U<<_XEN_X86_EMU_IOMMU)
#define XEN_X86_EMU_PIT       (1U<<_XEN_X86_EMU_PIT)
#define XEN_X86_EMU_USE_PIRQ  (1U<<_XEN_X86_EMU_USE_PIRQ)
#define XEN_X86_EMU_VPCI      (1U<<_XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL       ((XEN_X86_EMU_VPCI << 1) - 1)

#define XEN_X86_MSR_RELAXED    (1u << 0)    /* an unknown MSR reads as 0 instead of a fault */
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

struct xen_arch_domainconfig {
    uint32_t emulation_flags;               /* XEN_X86_EMU_* */
    uint32_t misc_flags;                    /* XEN_X86_MSR_* */
};
#endif

#endif /* __ASSEMBLY__ */
#endif
