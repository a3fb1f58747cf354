/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is particular to 64-bit guests.
 *
 * A hypercall enters at hypercall page + 32 * number with arguments in rdi, rsi, rdx, r10, r8, r9;
 * the result is in rax. Argument registers are lost.
 */
#ifndef PUBLIC_ARCH_X86_XEN_X86_64_H
#define PUBLIC_ARCH_X86_XEN_X86_64_H

#include "../handle.h"

/* Flat segments in our part of every GDT; a 64-bit kernel runs in ring 3 beside its users. */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64

#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_SS   FLAT_USER_SS64

/*
 * The hole in every address space that is ours: 8 TiB, of which guests may read the first 256 GiB.
 */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000

#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END   xen_mk_ulong(__HYPERVISOR_VIRT_END)
#endif

/* From machine frame to the guest's frame number, 8 bytes each. */
#define MACH2PHYS_VIRT_START xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END   xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END-MACH2PHYS_VIRT_START)>>3)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)
#endif

/* set_segment_base(which, base); USER_SEL loads the selector in base[15:0] for user mode. */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3

/* iret_context.flags: came by SYSCALL, so rcx and r11 are free and it returns by SYSRET. */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall  (1<<_VGCF_in_syscall)
#define VGCF_IN_SYSCALL  VGCF_in_syscall

#ifndef __ASSEMBLY__

/* What the iret call finds on the kernel's stack. cs with ring 3 returns to user mode. */
struct iret_context {
    uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};

/* Registers by all their names: for us and the tools the parts too, for guests rax and eax. */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define XEN_REG_LOHI(n) \
    union { \
        uint64_t r##n##x; \
        uint32_t e##n##x; \
        uint16_t n##x; \
        struct { \
            uint8_t n##l; \
            uint8_t n##h; \
        }; \
    }
#define XEN_REG_LO8(n) \
    union { \
        uint64_t r##n; \
        uint32_t e##n; \
        uint16_t n; \
        uint8_t n##l; \
    }
#define XEN_REG_LO16(n) \
    union { \
        uint64_t r##n; \
        uint32_t e##n; \
        uint16_t n; \
    }
#define XEN_REG_HI(n) \
    union { \
        uint64_t r##n; \
        uint32_t r##n##d; \
        uint16_t r##n##w; \
        uint8_t r##n##b; \
    }
#else
#define XEN_REG_LO16(n) \
    union { \
        uint64_t r##n, e##n; \
        uint32_t _e##n; \
    }
#define XEN_REG_LO8(n) XEN_REG_LO16(n)
#define XEN_REG_LOHI(n) XEN_REG_LO16(n##x)
#define XEN_REG_HI(n) uint64_t r##n
#endif

/* A frame as entries build it: what is pushed last comes first. */
struct cpu_user_regs {
    XEN_REG_HI(15);
    XEN_REG_HI(14);
    XEN_REG_HI(13);
    XEN_REG_HI(12);
    XEN_REG_LO8(bp);
    XEN_REG_LOHI(b);
    XEN_REG_HI(11);
    XEN_REG_HI(10);
    XEN_REG_HI(9);
    XEN_REG_HI(8);
    XEN_REG_LOHI(a);
    XEN_REG_LOHI(c);
    XEN_REG_LOHI(d);
    XEN_REG_LO8(si);
    XEN_REG_LO8(di);
    uint32_t error_code;            /* the hypervisor's alone, as the vector is */
    uint32_t entry_vector;
    XEN_REG_LO16(ip);
    uint16_t cs, _pad0[1];
    uint8_t saved_upcall_mask;      /* evtchn_upcall_mask on entry; IF in rflags is its opposite */
    uint8_t _pad1[3];
    XEN_REG_LO16(flags);
    XEN_REG_LO8(sp);
    uint16_t ss, _pad2[3];
    uint16_t es, _pad3[3];
    uint16_t ds, _pad4[3];
    uint16_t fs, _pad5[3];
    uint16_t gs, _pad6[3];
};
XEN_ABI_STRUCT(cpu_user_regs);

#undef XEN_REG_LOHI
#undef XEN_REG_LO8
#undef XEN_REG_LO16
#undef XEN_REG_HI

#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

struct arch_vcpu_info {
    unsigned long cr2;              /* of the page fault delivered last */
    unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

typedef unsigned long xen_callback_t;

#endif /* __ASSEMBLY__ */
#endif
